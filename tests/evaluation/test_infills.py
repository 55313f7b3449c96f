"""What is shown in place of pixels that are taken away."""

from __future__ import annotations

import numpy as np
import pytest

from heatcam.evaluation.infills import INFILLS, mean_coloured


@pytest.mark.parametrize("name", INFILLS)
def test_every_infill_is_a_picture_of_the_same_shape_and_always_the_same(name: str) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    first, again = (INFILLS[name].backdrop(picture) for _ in range(2))
    assert (first.shape, first.dtype) == (picture.shape, np.uint8)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, picture)


def test_a_blurred_picture_keeps_its_mean_and_loses_its_lines() -> None:
    lines = np.zeros((200, 200, 3), np.uint8)
    lines[:, ::2] = 200
    gone = INFILLS["blur"].backdrop(lines)
    assert abs(float(gone.mean()) - 100) < 2
    assert gone[60:140, 60:140].std() < 5  # (of 100 before)


def test_an_empty_picture_has_the_mean_colour() -> None:
    halves = np.zeros((4, 6, 3), np.uint8)
    halves[:2] = (10, 20, 30)
    empty = mean_coloured(halves)
    assert empty.shape == halves.shape
    assert empty.dtype == np.uint8
    assert np.unique(empty.reshape(-1, 3), axis=0).tolist() == [[5, 10, 15]]


def test_shuffled_pixels_are_the_same_pixels_elsewhere() -> None:
    picture = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    moved = INFILLS["noise"].backdrop(picture)
    assert sorted(map(tuple, moved.reshape(-1, 3))) == sorted(map(tuple, picture.reshape(-1, 3)))
    assert (moved != picture).any(2).mean() > 0.8
