"""Two models over one frame: pairs, objects of one alone, and the other's map at the same place."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from heatcam.comparison.compared import comparison_of, scales_of_both
from heatcam.comparison.comparing import Comparing, run_at_once
from heatcam.comparison.numbering import ObjectNumbering
from heatcam.comparison.rows import comparison_rows
from heatcam.comparison.summary import numbers_of, summary_of
from heatcam.errors import MapError
from heatcam.frames import AnchorGrid, Explanation, Frame
from heatcam.geometry import Letterbox
from heatcam.measures import describe, energy_in_box
from heatcam.options import ExplainOptions
from heatcam.saliency.factory import build_explainer
from heatcam.sources.demo.source import DemoSource
from tests.comparison.scenes import FRAME, SIZE_WH, FakeAsker, explanation, hot_at, map_of

LEFT, RIGHT = (0, 0, 20, 20), (40, 0, 60, 20)


def compare(a: FakeAsker, b: FakeAsker):
    return comparison_of(Comparing(a, b).explain(FRAME))


def test_a_model_agrees_with_itself_in_everything() -> None:
    own = explanation([LEFT, RIGHT], ["cat", "dog"], [hot_at(1, 1), hot_at(1, 6)])
    found = compare(FakeAsker(own), FakeAsker(own))
    assert len(found.pairs) == 2
    assert found.only_a == found.only_b == ()
    for each in found.pairs:
        assert each.iou == pytest.approx(1)
        assert each.confidence_difference == 0
        assert each.numbers.map_correlation == pytest.approx(1)
        assert each.numbers.top10_overlap == 1
        assert each.numbers.energy_in_box_difference == 0


def test_differences_are_a_minus_b() -> None:
    a = explanation([LEFT], ["cat"], [hot_at(1, 1)], confidences=[0.9])
    b = explanation([(0, 0, 20, 10)], ["cat"], [hot_at(6, 6)], confidences=[0.6], model="b")
    (pair,) = compare(FakeAsker(a), FakeAsker(b)).pairs
    assert pair.iou == pytest.approx(0.5)
    assert pair.confidence_difference == pytest.approx(0.3)
    ours, theirs = energy_in_box(hot_at(1, 1), LEFT), energy_in_box(hot_at(6, 6), (0, 0, 20, 10))
    assert pair.numbers.energy_in_box_difference == pytest.approx(ours - theirs)


def test_the_model_that_did_not_find_an_object_is_asked_at_its_anchor_for_its_class() -> None:
    a = FakeAsker(explanation([LEFT, RIGHT], ["cat", "dog"]))
    b = FakeAsker(explanation([LEFT], ["cat"], model="b"), classes=("dog", "cat"))
    found = compare(a, b)
    (alone,) = found.only_a
    assert b.asked == [([9], [0])]  # the second object's anchor; dogs are number 0 there
    assert a.asked == []
    assert alone.map_b is not None
    assert (alone.b, alone.iou, alone.confidence_difference, alone.reason) == (None, None, None, "")
    assert alone.numbers.energy_in_box_difference is not None


def test_with_another_input_size_it_is_asked_at_the_same_place_of_the_picture() -> None:
    a = FakeAsker(explanation([LEFT], ["cat"]))
    b = FakeAsker(explanation([], [], model="b"), grid=AnchorGrid(Letterbox.fit(SIZE_WH, 128), (8, 16, 32)))
    compare(a, b)
    # A's anchor 0: the first cell of 8 image pixels; B has such cells on its second level, after 16 x 16 of the first.
    assert b.asked == [([256], [0])]


@pytest.mark.parametrize(
    ("asker", "reason"),
    [
        ({"classes": ("cow",)}, "b knows no class 'cat'"),
        ({"grid": None}, "b has no anchors to be asked at"),
        ({"fails_at": (0,)}, "b: no evidence there"),
    ],
)
def test_why_a_map_cannot_be_had_is_said(asker: dict[str, object], reason: str) -> None:
    b = FakeAsker(explanation([], [], model="b"), **asker)
    (alone,) = compare(FakeAsker(explanation([LEFT], ["cat"])), b).only_a
    assert alone.map_b is None
    assert reason in alone.reason


def test_a_place_that_fails_does_not_take_the_others_with_it() -> None:
    b = FakeAsker(explanation([], [], model="b"), fails_at=(9,))
    first, second = compare(FakeAsker(explanation([LEFT, RIGHT], ["cat", "dog"])), b).only_a
    assert first.map_b is not None
    assert second.map_b is None


def test_a_failed_map_is_told_with_its_side() -> None:
    a = explanation([LEFT], ["cat"])
    b = Explanation(FRAME, a.detections, None, (), "out of memory", model="b")
    found = Comparing(FakeAsker(a), FakeAsker(b)).explain(FRAME)
    assert found.map_error == "B: out of memory"
    (pair,) = comparison_of(found).pairs
    assert (pair.map_b, pair.reason) == (None, "out of memory")


class Meeting(FakeAsker):
    """Explains only while another one does, in a thread of its own."""

    def __init__(self, gives: Explanation, meet: threading.Barrier) -> None:
        super().__init__(gives, beside=True)
        self._meet = meet
        self.threads: list[threading.Thread] = []

    def explain(self, image: Frame, **options: object) -> Explanation:
        self.threads.append(threading.current_thread())
        self._meet.wait()
        return super().explain(image, **options)


def test_both_explain_at_the_same_time_where_each_leaves_the_other_its_threads() -> None:
    meet = threading.Barrier(2, timeout=10)
    own, other = explanation([LEFT, RIGHT], ["cat", "dog"]), explanation([LEFT], ["cat"], model="b")
    a, b = Meeting(own, meet), Meeting(other, meet)
    found = compare(a, b)
    assert a.threads == [threading.current_thread()]
    assert not b.threads[0].is_alive()
    in_turn = compare(FakeAsker(own), FakeAsker(other))
    assert [(each.a, each.b) for each in found.objects] == [(each.a, each.b) for each in in_turn.objects]
    assert b.asked == [([9], [1])]


@pytest.mark.parametrize("beside", [(True, False), (False, True), (False, False)])
def test_in_turn_where_one_of_them_may_not_and_with_itself(beside: tuple[bool, bool]) -> None:
    own = explanation([LEFT], ["cat"])
    a, b = (FakeAsker(own, beside=may) for may in beside)
    assert not run_at_once(a, b)
    alone = FakeAsker(own, beside=True)
    assert not run_at_once(alone, alone)
    assert run_at_once(alone, FakeAsker(own, beside=True))


def test_real_models_at_the_same_time_say_what_they_say_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = (
        build_explainer("markers", "cpu", ExplainOptions(backend="torch", method=method, pictures=1))
        for method in ("live", "gradcam")
    )
    with DemoSource() as source:
        frames = list(islice(source, 3))
    assert run_at_once(a, b)
    assert not run_at_once(a, a.with_thresholds(replace(a.thresholds, iou=0.3))), "they share an engine"
    together = [Comparing(a, b).explain(frame) for frame in frames]
    monkeypatch.setattr(type(a), "may_run_beside", lambda *_: False)
    for ours, theirs in zip(together, (Comparing(a, b).explain(frame) for frame in frames), strict=True):
        rows = [comparison_rows(comparison_of(each), {}) for each in (ours, theirs)]
        assert rows[0] == rows[1]
        assert rows[0]["pairs"]
        for one, other in zip(comparison_of(ours).objects, comparison_of(theirs).objects, strict=True):
            assert np.array_equal(one.map_a.values, other.map_a.values)
            assert np.array_equal(one.map_b.values, other.map_b.values)


def test_an_error_of_b_comes_out_as_in_turn() -> None:
    class Failing(FakeAsker):
        def explain(self, image: Frame, **_: object) -> Explanation:
            raise MapError("B is broken", "mend it")

    own = explanation([LEFT], ["cat"])
    for beside in (True, False):
        with pytest.raises(MapError, match="B is broken"):
            compare(FakeAsker(own, beside=beside), Failing(own, beside=beside))


def test_an_ordinary_explanation_has_no_comparison() -> None:
    with pytest.raises(TypeError):
        comparison_of(explanation([LEFT], ["cat"]))


def test_each_model_has_its_own_full_heat_or_the_larger_one_is_both() -> None:
    values = hot_at(1, 1, 2.0).values
    a = explanation([LEFT], ["cat"], [map_of(values, full_heat=4.0)])
    b = explanation([LEFT], ["cat"], [map_of(values, full_heat=None)], model="b")
    found = compare(FakeAsker(a), FakeAsker(b))
    assert scales_of_both(found) == (4.0, 2.0)  # B's is not known: its strongest cell
    assert scales_of_both(found, same=True) == (4.0, 4.0)


def test_rows_have_what_describe_says_and_are_json() -> None:
    a, b = explanation([LEFT, RIGHT], ["cat", "dog"]), explanation([LEFT], ["cat"], model="b")
    rows = comparison_rows(compare(FakeAsker(a), FakeAsker(b)), {"path": "grey.png"})
    json.dumps(rows)
    (pair,), (alone,) = rows["pairs"], rows["only_a"]
    assert rows["only_b"] == []
    assert pair["a"] == describe(a)["detections"][0]
    assert pair["b"] == describe(b)["detections"][0]
    assert {"iou", "map_correlation", "top10_overlap", "energy_in_box_difference"} <= set(pair)
    assert alone["path"] == "grey.png"
    assert alone["b"] is None
    assert alone["other_energy_in_box"] is not None


def test_the_summary_means_over_pictures_and_has_an_interval_of_independent_ones() -> None:
    a = explanation([LEFT], ["cat"], confidences=[0.9])
    pictures = []
    for confidence in (0.5, 0.7):
        b = explanation([LEFT], ["cat"], confidences=[confidence], model="b")
        pictures.append(numbers_of(compare(FakeAsker(a), FakeAsker(b))))
    nothing = explanation([], [])
    pictures.append(numbers_of(compare(FakeAsker(nothing), FakeAsker(nothing))))
    found = summary_of(pictures, independent=True)
    row = found["confidence_difference"]
    assert (found["pictures"], found["pairs"], row["n"]) == (3, 2, 2)
    assert row["mean"] == pytest.approx(0.3)
    assert row["ci95"] == pytest.approx([0.2, 0.4])
    assert summary_of(pictures, independent=False)["confidence_difference"]["ci95"] is None
    assert summary_of([], independent=True)["iou"] == {"mean": None, "n": 0, "ci95": None}


def test_an_object_keeps_its_number_in_a_video_and_not_among_pictures() -> None:
    both = explanation([LEFT, RIGHT], ["cat", "dog"])
    last = explanation([RIGHT], ["dog"])
    first, second = (compare(FakeAsker(e), FakeAsker(e)) for e in (both, last))
    follows, counts = ObjectNumbering(follows=True), ObjectNumbering(follows=False)
    assert [follows.of(first), follows.of(second)] == [[1, 2], [2]]
    assert [counts.of(first), counts.of(second)] == [[1, 2], [1]]
    assert np.all(first.objects[0].around_xyxy == LEFT)
