"""Anchors of two networks over one picture: which is nearest to which."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatcam.frames import AnchorGrid, place_of_anchor
from heatcam.geometry import Letterbox


@given(st.integers(40, 700), st.integers(40, 700), st.sampled_from([320, 640]), st.integers(0, 10**6))
def test_an_anchor_is_nearest_to_itself(width: int, height: int, imgsz: int, number: int) -> None:
    letterbox = Letterbox.fit((width, height), imgsz)
    grid = AnchorGrid(letterbox, (8, 16, 32))
    wide, tall = letterbox.model_wh
    count = sum((wide // stride) * (tall // stride) for stride in grid.strides)
    assert grid.nearest(grid, number % count) == number % count


@given(st.integers(40, 700), st.integers(40, 700), st.integers(0, 10**6))
def test_the_nearest_anchor_of_another_input_size_lies_where_the_first_one_does(
    width: int, height: int, number: int
) -> None:
    one = AnchorGrid(Letterbox.fit((width, height), 640), (8, 16, 32))
    other = AnchorGrid(Letterbox.fit((width, height), 320), (4, 8, 16))
    wide, tall = one.letterbox.model_wh
    anchor = number % sum((wide // stride) * (tall // stride) for stride in one.strides)
    found = other.nearest(one, anchor)
    places = []
    for grid, own in ((one, anchor), (other, found)):
        level, row, column = place_of_anchor(grid.letterbox.model_wh, grid.strides, own)
        stride = grid.strides[level]
        point = grid.letterbox.points_to_image([(column + 0.5) * stride, (row + 0.5) * stride])
        places.append((level, point, stride / grid.letterbox.scale_xy[0]))
    (level, point, cell), (level_too, point_too, _) = places
    assert level == level_too
    inside = (point >= 0).all() and (point <= (width, height)).all()
    assert not inside or np.abs(point - point_too).max() <= 1.05 * cell


def test_there_are_no_more_anchors_than_cells() -> None:
    assert place_of_anchor((64, 32), (8, 16), 32) == (1, 0, 0)
    with pytest.raises(ValueError, match="no anchor 40"):
        place_of_anchor((64, 32), (8, 16), 40)
