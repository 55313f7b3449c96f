"""Crops: the same part of the picture and of its map, in a size that fits."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from heatcam.audit.crops import grown_box, parts_of, small_map
from heatcam.frames import SaliencyMap
from heatcam.geometry import Letterbox

SIZE = 640, 480
NO_EMBEDDING = np.zeros(0, np.float32)


def decoded(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def a_map(values: np.ndarray, size=SIZE) -> SaliencyMap:
    return SaliencyMap(values.astype(np.float32), Letterbox.fit(size, 640), "live", "15:C2f")


def test_a_box_is_grown_by_a_quarter_a_side_and_stays_in_the_picture() -> None:
    assert grown_box((100, 100, 200, 140), SIZE).tolist() == [75, 90, 225, 150]
    assert grown_box((0, 0, 640, 480), SIZE).tolist() == [0, 0, 640, 480]


@given(st.lists(st.floats(-50, 700), min_size=4, max_size=4), st.integers(1, 700), st.integers(1, 500))
def test_a_grown_box_holds_a_pixel_of_the_picture_whatever_the_box(box, wide: int, tall: int) -> None:
    x1, y1, x2, y2 = grown_box(box, (wide, tall)).tolist()
    assert 0 <= x1 <= x2 - 0.99 and x2 <= wide
    assert 0 <= y1 <= y2 - 0.99 and y2 <= tall


def test_picture_and_map_are_of_the_same_place() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    image[100:140, 140:180] = 255
    values = np.zeros((60, 80))  # 8 px a cell; the letterbox of 640 has no border here
    values[13:17, 18:22] = 2.0
    values[50, 70] = -8.0
    own = a_map(values)
    parts = parts_of(image, (120, 100, 200, 140), own, own, NO_EMBEDDING)
    crop, thumb = decoded(parts.crop_jpeg), decoded(parts.thumb_jpeg)
    assert (crop.shape, thumb.shape) == ((60, 120, 3), (96, 96, 3))
    assert crop[30, 60].min() > 200 and crop[30, 10].max() < 50
    assert (parts.own[12, 12], parts.own[12, 1]) == (255, 0)
    assert parts.signed[12, 12] == round(127 * 2 / 8), "the peak of both signs is elsewhere in the picture"
    across = np.flatnonzero(parts.own[12] > 127)
    assert (across.min(), across.max()) == (9, 14), "32 of 120 px, in the middle"


def test_a_small_map_is_the_mean_over_its_parts() -> None:
    values = np.random.default_rng(0).random((60, 80))
    whole = small_map(a_map(values), np.array([0, 0, 640, 480], np.float32))
    assert abs(whole.mean() - values.mean() / values.max()) < 0.01


def test_without_a_map_or_evidence_maps_are_zeros() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    parts = parts_of(image, (1, 1, 2, 2), None, None, NO_EMBEDDING)
    assert not parts.own.any() and not parts.signed.any()
    parts = parts_of(
        image, (1, 1, 2, 2), a_map(np.full((60, 80), -1.0)), a_map(np.zeros((60, 80))), NO_EMBEDDING
    )
    assert not parts.own.any() and not parts.signed.any()


def test_large_crops_are_shrunk_and_thin_ones_are_whole_in_the_thumbnail() -> None:
    image = np.full((2000, 3000, 3), 200, np.uint8)
    parts = parts_of(image, (0, 0, 3000, 2000), None, None, NO_EMBEDDING)
    assert decoded(parts.crop_jpeg).shape == (213, 320, 3)
    thin = decoded(parts_of(image, (0, 0, 3000, 2), None, None, NO_EMBEDDING).thumb_jpeg)
    assert thin.shape == (96, 96, 3)
    assert thin[47, 48].min() > 100 and thin[10, 48].max() < 60
