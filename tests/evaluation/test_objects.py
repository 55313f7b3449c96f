"""Which detections are judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from heatcam.evaluation.objects import Photograph, chosen_objects
from heatcam.evaluation.protocols import PROTOCOLS
from heatcam.frames import Detections
from heatcam.geometry import Letterbox

LETTERBOX = Letterbox.fit((200, 100), 64)  # at 0.32 model pixels a pixel: 64 x 32 model pixels
BOXES = np.array([[0, 0, 100, 100], [0, 0, 20, 10], [50, 0, 150, 50], [0, 50, 40, 100]], np.float32)
FOUND = Detections(
    BOXES,
    np.array([0.9, 0.8, 0.7, 0.6], np.float32),
    np.array([1, 1, 2, 1]),
    np.array([11, 12, 13, 14]),
    ("cat", "cat", "dog", "cat"),
)


def chosen(most: int = 9, *, keep_small: bool = False) -> Photograph:
    return chosen_objects(Path("a.png"), FOUND, LETTERBOX, PROTOCOLS["growing"], most, keep_small=keep_small)


def test_objects_below_the_first_step_are_left_out_and_counted() -> None:
    photograph = chosen()  # the second covers one per cent of the picture, the first step is 1.2
    assert [c.anchor for c in photograph.candidates] == [11, 13, 14]
    assert photograph.too_small == 1


def test_the_step_is_the_protocols() -> None:
    between = replace(
        FOUND, boxes_xyxy=FOUND.boxes_xyxy * np.float32(1.2)
    )  # the second now covers 1.4 per cent
    for name, left_out in (("growing", 0), ("d-rise", 1)):
        photograph = chosen_objects(Path("a.png"), between, LETTERBOX, PROTOCOLS[name], 9, keep_small=False)
        assert photograph.too_small == left_out


def test_small_ones_stay_when_they_are_asked_for() -> None:
    photograph = chosen(keep_small=True)
    assert [c.anchor for c in photograph.candidates] == [11, 12, 13, 14]
    assert photograph.too_small == 0


def test_the_strongest_are_judged_and_small_ones_do_not_take_a_place() -> None:
    assert [c.anchor for c in chosen(most=2).candidates] == [11, 13]


def test_the_others_of_a_class_are_all_of_them_whether_judged_or_not() -> None:
    first, dog = chosen(most=2).candidates
    assert first.others_xyxy.tolist() == BOXES[[1, 3]].tolist()
    assert dog.others_xyxy.shape == (0, 4)
    assert (dog.class_name, dog.class_id, round(dog.confidence, 2)) == ("dog", 2, 0.7)


def test_a_picture_without_detections_has_nothing_to_judge() -> None:
    nothing = Detections(
        np.zeros((0, 4), np.float32),
        np.zeros(0, np.float32),
        np.zeros(0, np.int64),
        np.zeros(0, np.int64),
        (),
    )
    photograph = chosen_objects(Path("a.png"), nothing, LETTERBOX, PROTOCOLS["growing"], 4, keep_small=False)
    assert photograph == Photograph(Path("a.png"), (), 0)
