"""Marks of a place that is asked about, and the picture of the evidence there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from heatcam.enums import Colormap, Renorm
from heatcam.geometry import Uint8Array
from heatcam.overlay import OverlayOptions
from heatcam.overlay.asked import draw_evidence, evidence_bar_box
from heatcam.overlay.asked_marks import AskedMarks
from heatcam.overlay.diverging import end_colours
from heatcam.overlay.drawing import draw
from heatcam.overlay.place_marks import (
    PLACE,
    SUPPRESSOR,
    draw_place_marks,
    labels_of,
    moved_marks,
    place_marks,
)
from heatcam.probing import PlaceAnswer, ask_places, evidence_of
from tests.live.asking import FakeModel, scene_frame
from tests.live.streams import seen
from tests.probing.scenes import BOX, CAT, DOG, SIZE_WH, candidates, place

LOOK = OverlayOptions(Colormap.TURBO, 0.7, Renorm.BOX, True, True, 0)


def answer(*placed: tuple[tuple[float, float, float, float], dict[int, float]]) -> PlaceAnswer:
    return ask_places([place()], candidates(placed))[0]


def test_the_place_is_outlined_and_its_candidate_dashed() -> None:
    candidate, here = place_marks(BOX, answer((BOX, {DOG: -3.0})), is_low=True)
    assert (candidate.label, candidate.dashed) == ("dog 0.047 low", True)
    assert (here.label, here.dashed, here.colour) == ("asked here", False, PLACE)
    found = place_marks(BOX, answer((BOX, {DOG: 3.0})))
    assert [mark.label for mark in found] == ["", "asked here"], "the kept box has a label"
    assert [mark.label for mark in place_marks(BOX, None)] == ["asked here"]


def test_a_box_that_suppresses_is_told_from_one_that_would() -> None:
    boxes = (BOX, {DOG: 1.0}), ((113.0, 112.0, 209.0, 208.0), {DOG: 3.0})
    there = candidates(boxes, iou=0.5)
    asked = replace(place(), box_xyxy=BOX)
    elsewhere = replace(place(), box_xyxy=(113.0, 112.0, 209.0, 208.0))
    stopped = ask_places([elsewhere, asked], there)[1]
    assert stopped.verdict.value == "suppressed"
    by = place_marks(BOX, stopped)[2]
    assert by.label.startswith("suppresses it: 0.95, IoU 0.9")
    assert by.colour == SUPPRESSOR
    below = ask_places([elsewhere, asked], candidates((boxes[1], (BOX, {DOG: -2.0})), iou=0.5))[1]
    assert below.verdict.value == "below-threshold"
    assert place_marks(BOX, below)[2].label.startswith("would suppress it: ")


@pytest.mark.parametrize("size_wh", [(320, 320), (160, 160), (960, 960)])
def test_labels_touch_neither_each_other_nor_what_is_taken(size_wh: tuple[int, int]) -> None:
    marks = moved_marks(
        place_marks(BOX, answer((BOX, {DOG: -3.0}))), (size_wh[0] / SIZE_WH[0], size_wh[1] / SIZE_WH[1])
    )
    taken = [(0, 0, size_wh[0], size_wh[1] // 8)]
    rectangles = [*taken, *labels_of(marks, size_wh, taken)]
    covered = np.zeros(size_wh[::-1], int)
    for x1, y1, x2, y2 in rectangles:
        assert 0 <= x1 < x2 <= size_wh[0]
        assert 0 <= y1 < y2 <= size_wh[1]
        covered[y1:y2, x1:x2] += 1
    assert covered.max() == 1


def test_labels_of_boxes_stand_off_those_of_the_place() -> None:
    explanation = seen(scene_frame(), (BOX,))
    marks = place_marks(BOX, answer((BOX, {CAT: -3.0, DOG: -3.5})))
    with_marks = draw(explanation, LOOK, marks=AskedMarks(tuple(marks)))
    labels = labels_of(marks, SIZE_WH)
    alone: Uint8Array = explanation.frame.image_bgr.copy()
    draw_place_marks(alone, marks, labels)
    for x1, y1, x2, y2 in labels:
        assert (with_marks[y1:y2, x1:x2] == alone[y1:y2, x1:x2]).all(), "nothing is drawn over it"
    assert (draw(explanation, LOOK) != with_marks).any()


def test_the_evidence_is_red_where_it_speaks_for_the_class_and_blue_where_against() -> None:
    explanation, model = seen(scene_frame()), FakeModel()
    asked = answer((BOX, {DOG: -2.0}))
    own = evidence_of([asked], model, explanation.frame.image_bgr)[0].own
    assert own is not None
    before = explanation.frame.image_bgr.copy()
    picture = draw_evidence(explanation, own, replace(LOOK, boxes=False, hud=False))
    blue, red = (np.array(colour) for colour in end_colours())
    left, right = picture[160, 40].astype(int), picture[160, 280].astype(int)
    assert np.abs(left - red).sum() < np.abs(left - blue).sum()
    assert np.abs(right - blue).sum() < np.abs(right - red).sum()
    assert (explanation.frame.image_bgr == before).all()
    with_bar = draw_evidence(explanation, own, replace(LOOK, boxes=False))
    x1, y1, x2, y2 = evidence_bar_box(own, SIZE_WH)
    changed = (with_bar != picture).any(2)
    assert changed[y1:y2, x1:x2].any()
    changed[y1:y2, x1:x2] = False
    assert not changed.any()
