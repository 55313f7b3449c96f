from __future__ import annotations

import numpy as np
import pytest

from heatcam.geometry import Uint8Array
from heatcam.measures.history import EvidenceHistory
from heatcam.overlay import graphs
from heatcam.overlay.colour_bar import colour_bar_box
from heatcam.overlay.graphs import draw_graphs
from heatcam.overlay.labels import class_colour, track_colour
from heatcam.overlay.legend import Legend
from tests.measures.test_history import LEFT, RIGHT, saliency, seen
from tests.overlay.scenes import overlap

SIZES = [(320, 240), (640, 480), (1280, 720), (3840, 2160)]


def history(count: int, frames: int = 40, *, tracked: bool = True) -> EvidenceHistory:
    """So many objects, the first rising from no energy in its box to all of it."""
    kept = EvidenceHistory()
    for n in range(frames):
        own = (saliency(n + 0.01, frames - n), *(saliency(1, 1) for _ in range(count - 1)))
        boxes, tracks = [LEFT, *[RIGHT] * (count - 1)], list(range(1, count + 1))
        kept.add(
            seen(boxes[:count], saliency(1, 3), own[:count], tracks if tracked else None, list(range(count)))
        )
    return kept


def drawn(size: tuple[int, int], kept: EvidenceHistory) -> Uint8Array:
    picture = np.full((size[1], size[0], 3), 128, np.uint8)
    draw_graphs(picture, kept)
    return picture


def card_of(picture: Uint8Array) -> tuple[int, int, int, int]:
    rows, columns = (np.flatnonzero((picture != 128).any(-1).any(axis)) for axis in (1, 0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [1, 3, 60])
def test_the_card_lies_at_the_bottom_left_beside_the_colour_bar(size: tuple[int, int], count: int) -> None:
    left, top, right, bottom = card = card_of(drawn(size, history(count, frames=3)))
    assert left < size[0] / 40
    assert bottom > size[1] * 39 / 40
    assert right < size[0] / 2
    assert top > size[1] / 3
    assert not overlap(card, colour_bar_box(size, Legend("evidence, scaled in each box", "per box")))


@pytest.mark.parametrize("size", SIZES)
def test_a_row_has_the_colour_that_the_box_has(size: tuple[int, int]) -> None:
    numbered, nameless = drawn(size, history(2)), drawn(size, history(2, tracked=False))
    for n, colour in enumerate((track_colour(1), track_colour(2))):
        assert (numbered == colour).all(-1).sum() > 20, n
    for colour in (class_colour(0), class_colour(1)):
        assert (nameless == colour).all(-1).sum() > 20


def test_the_line_rises_with_the_energy_and_ends_at_the_right() -> None:
    picture = drawn((1280, 720), history(1, frames=120))
    ys, xs = np.nonzero((picture == track_colour(1)).all(-1))
    line = xs > 150  # right of colour and name
    early, late = ys[line & (xs < 200)].mean(), ys[line & (xs > xs.max() - 40)].mean()
    assert early > late + 8


def test_the_newest_number_and_the_name_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []
    monkeypatch.setattr(graphs, "write", lambda _picture, text, *_: texts.append(text))
    drawn((1280, 720), history(2))
    assert {"#1 class 0", "#2 class 1", "98 %", "50 %"} <= set(texts)


def test_what_has_no_room_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []
    monkeypatch.setattr(graphs, "write", lambda _picture, text, *_: texts.append(text))
    drawn((1280, 720), history(60, frames=2))
    (title,) = [text for text in texts if text.endswith("of 60")]
    assert int(title.split(",")[1].split()[0]) == sum(text.startswith("#") for text in texts)


def test_gaps_stay_gaps() -> None:
    kept = EvidenceHistory()
    for n in range(120):
        is_there = n < 40 or n >= 80
        kept.add(seen([LEFT] * is_there, saliency(3, 1), tracks=[1] * is_there))
    picture = drawn((1280, 720), kept)
    xs = np.unique(np.nonzero((picture == track_colour(1)).all(-1))[1])
    assert np.diff(xs).max() > 50


def test_a_single_frame_is_a_dot() -> None:
    one, none = EvidenceHistory(), EvidenceHistory()
    one.add(seen([LEFT], saliency(3, 1), tracks=[1]))
    none.add(seen([LEFT], None, tracks=[1]))
    dots = [(drawn((1280, 720), kept) == track_colour(1)).all(-1).sum() for kept in (one, none)]
    assert dots[0] > dots[1]


def test_an_empty_history_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []
    monkeypatch.setattr(graphs, "write", lambda _picture, text, *_: texts.append(text))
    assert (drawn((640, 480), EvidenceHistory()) != 128).any()
    assert "energy in box: no objects" in texts


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (60, 300), (300, 40), (100, 100)])
def test_a_picture_without_room_goes_without(size: tuple[int, int]) -> None:
    assert (drawn(size, history(3, frames=2)) == 128).all()
