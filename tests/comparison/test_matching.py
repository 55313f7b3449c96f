"""Which objects are the same: by overlap and by the name of their class."""

from __future__ import annotations

from heatcam.comparison.matching import matched
from tests.comparison.scenes import explanation

LEFT, RIGHT = (0, 0, 20, 20), (40, 0, 60, 20)


def test_objects_that_overlap_and_have_one_class_are_one() -> None:
    a = explanation([LEFT, RIGHT], ["cat", "dog"]).detections
    b = explanation([(41, 0, 61, 20), (0, 1, 20, 21)], ["dog", "cat"]).detections
    found = matched(a, b)
    assert found.pairs == ((0, 1), (1, 0))
    assert found.only_a == found.only_b == ()


def test_classes_are_told_by_their_names_and_not_by_their_numbers() -> None:
    a = explanation([LEFT], ["cat"], ids=[15]).detections
    assert matched(a, explanation([LEFT], [" Cat"], ids=[0]).detections).pairs == ((0, 0),)
    assert matched(a, explanation([LEFT], ["dog"], ids=[15]).detections).pairs == ()


def test_what_one_of_them_found_alone_is_told() -> None:
    a = explanation([LEFT, RIGHT], ["cat", "dog"]).detections
    b = explanation([RIGHT, (0, 40, 20, 60)], ["dog", "cat"]).detections
    found = matched(a, b)
    assert (found.pairs, found.only_a, found.only_b) == (((1, 0),), (0,), (1,))


def test_two_empty_pictures_have_nothing_in_common() -> None:
    nothing = explanation([], []).detections
    found = matched(nothing, nothing)
    assert (found.pairs, found.only_a, found.only_b) == ((), (), ())
