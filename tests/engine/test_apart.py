"""Gradients of several objects from one pass, told apart by where they are."""

from __future__ import annotations

import pytest
import torch

from heatcam.engine import apart
from heatcam.engine.apart import Reach, groups_apart, split
from heatcam.engine.gradients import GradientEngine
from tests.nets import FAMILIES, engine_of, fresh_network, picture

WIDE, TALL = 640, 640


def anchors_of(engine: GradientEngine) -> list[int]:
    """Anchors of the finest level: far from each other, beside one another, in corners; and one of each other level."""
    before, found = 0, []
    for level, stride in enumerate(engine.cut.strides):
        tall, wide = TALL // stride, WIDE // stride
        middle = tall // 2 * wide + wide // 2
        found += [before + n for n in ((middle + 5,) if level else (0, middle, middle + 1, tall * wide - 1))]
        before += tall * wide
    return found


def passes_of(engine: GradientEngine, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    counted: list[int] = []
    down = engine.passes.vjp
    monkeypatch.setattr(engine.passes, "vjp", lambda *given: counted.append(1) or down(*given))
    return counted


@pytest.mark.parametrize("family", FAMILIES[:3])
def test_each_object_has_the_gradient_that_it_has_alone_from_fewer_passes(family: str, monkeypatch) -> None:
    engine = engine_of(fresh_network(family))
    anchors = anchors_of(engine)
    forward = engine.forward_at(picture(TALL, WIDE), anchors, [n % 2 for n in range(len(anchors))])
    exact = dict(engine.object_gradients(forward))
    counted = passes_of(engine, monkeypatch)
    ours = dict(engine.gradients_together(forward))
    first = len(counted)
    counted.clear()
    assert sorted(dict(engine.gradients_together(forward))) == sorted(exact) == list(range(len(anchors)))
    assert len(counted) < len(anchors), "the reach is known by now"
    assert first <= len(counted) + 3, "and was measured once a level"
    for number, those in exact.items():
        for own, other in zip(ours[number], those, strict=True):
            assert float((own - other).abs().max()) <= 1e-6 * float(other.abs().max())


def test_what_is_not_apart_after_all_is_taken_one_by_one(monkeypatch) -> None:
    engine = engine_of(fresh_network("tiny"))
    forward = engine.forward_at(picture(TALL, WIDE), anchors_of(engine)[:4], [0] * 4)
    exact = dict(engine.object_gradients(forward))
    monkeypatch.setattr(
        apart.Reaches, "_measured", lambda self, inputs, _: [(Reach(1, 0, 0),) * 2] * len(inputs.taps)
    )
    monkeypatch.setattr(
        Reach, "span", lambda _, cells, count, taps: (cells[0] * taps // count, cells[0] * taps // count + 1)
    )
    for number, those in engine.gradients_together(forward):
        for own, other in zip(those, exact[number], strict=True):
            assert float((own - other).abs().max()) <= 1e-6 * float(other.abs().max())


def test_a_reach_at_an_edge_of_the_picture_is_all_of_it() -> None:
    assert Reach(1, None, None).span((3, 4), 20, 40) == (0, 40)
    assert Reach(1, 2, 3).span((3, 4), 20, 40) == (4, 11)
    assert Reach(2, 1, 1).span((3, 4), 20, 10) == (0, 3), "of a coarser tap, the cell's whole block"


def test_rectangles_with_a_cell_between_them_share_a_pass() -> None:
    at = lambda first, last: [((first, last), (0, 5))]  # noqa: E731
    assert groups_apart([at(0, 3), at(3, 6), at(4, 8), at(9, 10)]) == [[0, 2, 3], [1]]


def test_a_sum_is_split_only_where_all_of_it_is_in_the_rectangles() -> None:
    total = torch.zeros(2, 4, 6)
    total[:, 0, 0], total[:, 3, 5] = 1, 2
    one, other = [((0, 2), (0, 2))], [((3, 4), (4, 6))]
    first, second = split((total,), [one, other]) or ((), ())
    assert (float(first[0].sum()), float(second[0].sum())) == (2, 4)
    total[0, 2, 3] = 0.1
    assert split((total,), [one, other]) is None
