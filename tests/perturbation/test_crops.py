"""Crops: the same pixels, boxes and maps, there and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatcam.perturbation.crops import Crop

PICTURE = np.random.default_rng(0).integers(0, 256, (96, 160, 3), np.uint8)
WHOLE = np.float32([0, 0, 160, 96])
SIZE = 64, 64


def box_of(*sides: float) -> np.ndarray:
    return np.float32(sides)


def test_a_small_object_is_seen_as_it_is() -> None:
    crop = Crop.around(box_of(70, 40, 80, 50), (160, 96), SIZE)
    assert crop.scale == 1
    left, top = int(crop.left), int(crop.top)
    assert (crop.of(PICTURE) == PICTURE[top : top + 64, left : left + 64]).all()


def test_a_crop_stays_in_a_picture_that_is_larger() -> None:
    crop = Crop.around(box_of(150, 0, 160, 10), (160, 96), SIZE)
    assert (crop.left, crop.top) == (96, 0)


def test_beyond_a_picture_that_is_smaller_it_is_grey() -> None:
    crop = Crop.around(box_of(10, 10, 20, 20), (160, 40), SIZE)
    assert (crop.of(PICTURE[:40])[:12] == 114).all()
    assert (crop.of(PICTURE[:40])[12:52] == PICTURE[:40, int(crop.left) : int(crop.left) + 64]).all()


def test_a_large_object_is_seen_smaller_with_its_surroundings() -> None:
    crop = Crop.around(box_of(30, 0, 130, 96), (160, 96), SIZE)
    assert crop.scale == pytest.approx(64 / 150)
    x1, y1, x2, y2 = crop.box(box_of(30, 0, 130, 96))
    assert 0 < x1 < x2 < 64
    assert 0 <= y1 < y2 <= 64


def test_a_smaller_crop_shows_things_where_its_boxes_are() -> None:
    picture = np.zeros((96, 160, 3), np.uint8)
    picture[20:60, 50:110] = 255
    crop = Crop.around(box_of(30, 0, 130, 96), (160, 96), SIZE)
    rows, columns = crop.window(box_of(50, 20, 110, 60), WHOLE)
    white = crop.of(picture)[..., 0] > 127
    inside = np.zeros_like(white)
    inside[rows, columns] = True
    assert (white ^ inside).sum() <= rows.stop - rows.start + columns.stop - columns.start


def test_the_whole_picture_is_a_crop_too() -> None:
    crop = Crop.whole((160, 96))
    assert (crop.of(PICTURE) == PICTURE).all()
    assert crop.window(box_of(-5, 10, 300, 20), WHOLE) == (slice(10, 20), slice(0, 160))


def test_a_window_leaves_out_the_letterboxs_border() -> None:
    seen = box_of(0, 16, 160, 80)
    assert Crop.whole((160, 96)).window(box_of(10, 0, 20, 96), seen)[0] == slice(16, 80)


@given(
    x=st.integers(0, 120),
    y=st.integers(0, 60),
    wide=st.integers(8, 160),
    tall=st.integers(8, 96),
)
def test_a_smooth_map_of_a_window_comes_back(x: int, y: int, wide: int, tall: int) -> None:
    """A slope over the letterbox is sampled in the crop and put back into cells: the same slope but at the ends."""
    box = box_of(x, y, min(x + wide, 160), min(y + tall, 96))
    crop = Crop.around(box, (160, 96), SIZE)
    window = crop.window(box, WHOLE)
    cells = np.float32(np.add.outer(np.arange(24) * 2, np.arange(40)))
    there = crop.resampled(cells, (160, 96), window)
    back = crop.placed(there, window, (160, 96), (24, 40))
    rows = slice(int(np.ceil(box[1] / 4)) + 1, int(box[3] / 4) - 1)
    columns = slice(int(np.ceil(box[0] / 4)) + 1, int(box[2] / 4) - 1)
    assert np.abs(back[rows, columns] - cells[rows, columns]).max(initial=0) < 1e-2


def test_outside_the_window_a_placed_map_is_zero() -> None:
    box = box_of(40, 24, 80, 56)
    crop = Crop.around(box, (160, 96), SIZE)
    rows, columns = crop.window(box, WHOLE)
    ones = np.ones((rows.stop - rows.start, columns.stop - columns.start), np.float32)
    placed = crop.placed(ones, (rows, columns), (160, 96), (24, 40))
    assert placed[6:14, 10:20] == pytest.approx(1)
    assert placed.sum() == pytest.approx(80)
