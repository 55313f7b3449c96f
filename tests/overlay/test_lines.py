from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatcam.overlay.labels import class_colour, draw_boxes
from heatcam.overlay.lines import dashes_along, draw_box
from tests.overlay.scenes import explanation


@given(st.integers(0, 500), st.integers(0, 4000), st.integers(2, 8))
def test_dashes_begin_and_end_a_side_and_leave_gaps(start: int, length: int, line: int) -> None:
    dashes = dashes_along(start, start + length, line)
    assert dashes[0][0] == start
    assert dashes[-1][1] == start + length
    assert all(first <= last for first, last in dashes)
    assert all(b[0] - a[1] > line + 2 for a, b in itertools.pairwise(dashes))


@pytest.mark.parametrize("size", [(320, 240), (1280, 720), (3840, 2160)])
def test_a_dashed_box_shows_its_colour_and_the_picture_between(size: tuple[int, int]) -> None:
    box = (size[0] // 8, size[1] // 8, size[0] // 2, size[1] // 2)
    pictures = [np.full((size[1], size[0], 3), 128, np.uint8) for _ in range(2)]
    for picture, dashed in zip(pictures, (False, True), strict=True):
        draw_box(picture, box, class_colour(0), dashed=dashed)
    whole, broken = ((p[box[1], box[0] : box[2]] == class_colour(0)).all(-1).mean() for p in pictures)
    gaps = (pictures[1][box[1], box[0] : box[2]] == 128).all(-1).mean()
    assert whole > 0.95
    assert 0.3 < broken < 0.8
    assert gaps > 0.15


def test_only_objects_of_low_evidence_are_dashed_and_say_so() -> None:
    found = explanation((640, 480), [(50, 100, 250, 300), (350, 100, 550, 300)], None).detections
    plain, marked = (np.full((480, 640, 3), 128, np.uint8) for _ in range(2))
    draw_boxes(plain, found)
    draw_boxes(marked, found, (), (False, True))
    np.testing.assert_array_equal(marked[:, :320], plain[:, :320])
    assert (marked[200, 345:355] != plain[200, 345:355]).any() or (marked[100:300, 350] == 128).any()
    assert (marked[70:95, 350:640] != plain[70:95, 350:640]).any(), "the label is longer"
