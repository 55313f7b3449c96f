"""The subject on a plain background: found where there is one, and not claimed where there is none."""

import cv2
import numpy as np
import pytest

from heatcam.measures import find_subject


def on_background(background, wh=(320, 240)):
    """A disc with a hole the colour of the background, and the same disc as a mask."""
    picture = np.full((wh[1], wh[0], 3), background, np.uint8)
    cv2.circle(picture, (150, 120), 70, (90, 160, 40), cv2.FILLED)
    cv2.circle(picture, (150, 120), 20, background, cv2.FILLED)
    truth = np.zeros(picture.shape[:2], np.uint8)
    cv2.circle(truth, (150, 120), 70, 1, cv2.FILLED)
    return picture, truth.astype(bool)


@pytest.mark.parametrize("background", [(0, 0, 0), (255, 255, 255), (40, 60, 70)])
@pytest.mark.parametrize("noise", [0, 6])
def test_a_subject_is_found_with_its_holes(background, noise):
    picture, truth = on_background(background)
    random = np.random.default_rng(0).normal(0, noise, picture.shape)
    found = find_subject((picture + random).clip(0, 255).astype(np.uint8))
    assert found is not None
    assert (found & truth).sum() / (found | truth).sum() > 0.95


def test_a_large_scan_is_found_as_well_as_a_small_one():
    picture, truth = on_background((10, 10, 10))
    large = cv2.resize(picture, None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST)
    found = find_subject(large)
    assert found.shape == large.shape[:2]
    assert np.mean(found[4::8, 4::8] == truth) > 0.98


def test_no_subject_is_claimed_on_a_busy_or_an_empty_picture():
    busy = np.random.default_rng(1).integers(0, 256, (240, 320, 3), np.uint8)
    assert find_subject(busy) is None
    assert find_subject(np.full((240, 320, 3), 200, np.uint8)) is None
