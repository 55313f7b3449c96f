"""Diverging colours: zero in the middle, both sides alike, readable without red and green."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from heatcam.overlay.diverging import diverging_table, end_colours

#: How linear RGB looks without green cones: Machado, Oliveira and Fernandes 2009, severity 1.
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)


def lab_of(bgr: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(bgr.astype(np.float32)[None] / 255, cv2.COLOR_BGR2LAB)[0]


def seen_without_green(bgr: np.ndarray) -> np.ndarray:
    linear = (bgr[:, ::-1] / 255.0) ** 2.2
    return 255 * (linear @ DEUTERANOPIA.T).clip(0, 1)[:, ::-1] ** (1 / 2.2)


def test_zero_is_the_lightest_and_has_no_hue() -> None:
    lightness, a, b = lab_of(diverging_table()).T
    assert lightness.argmax() == 255
    assert abs(a[255]) < 1
    assert abs(b[255]) < 1


def test_lightness_falls_to_both_ends_alike() -> None:
    lightness = lab_of(diverging_table())[:, 0]
    assert (np.diff(lightness[:256]) > -0.5).all()
    assert (np.diff(lightness[255:]) < 0.5).all()
    assert lightness[::-1] == pytest.approx(lightness, abs=10)


def test_equal_steps_look_equally_large() -> None:
    for side in (slice(0, 256), slice(255, 511)):
        lab = lab_of(diverging_table()[side])
        steps = np.linalg.norm(lab[16::16] - lab[:-16:16], axis=1)
        assert steps == pytest.approx(steps.mean(), rel=0.25)


@pytest.mark.parametrize("level", [64, 128, 255])
def test_more_in_a_is_told_from_more_in_b_without_green_cones(level: int) -> None:
    """By more than twenty just noticeable differences (2.3 in CIELAB)."""
    pair = seen_without_green(diverging_table()[[255 - level, 255 + level]])
    below, above = lab_of(pair)
    assert np.linalg.norm(below - above) > (46 if level > 64 else 20)


def test_the_ends_are_blue_and_red() -> None:
    (blue, _, red), (blue_too, _, red_too) = end_colours()
    assert blue > 2 * red
    assert red_too > 2 * blue_too
