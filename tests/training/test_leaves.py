"""Thickets of cut-out crowns, and the bars of a letterbox: what the model had not seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import zxingcpp

from heatcam.geometry import PAD_GREY
from training.leaves import thicket
from training.scenes import USUAL, render_scene

SIDE = 160


@pytest.fixture
def crowns() -> list[np.ndarray]:
    """Two round crowns, uint8 BGRA, of speckled leaves."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:90, :120]
    inside = np.hypot((rows - 45) / 45, (columns - 60) / 60) < 1
    made = []
    for green in (90, 150):
        crown = np.zeros((90, 120, 4), np.uint8)
        crown[..., :3] = rng.integers(0, green, (90, 120, 1))
        crown[..., 1] += 40
        crown[..., 3] = 255 * inside
        made.append(crown)
    return made


def test_a_thicket_fills_the_picture_holds_no_code_and_is_the_same_again(crowns: list[np.ndarray]) -> None:
    for seed in range(6):
        one, again = (thicket(np.random.default_rng(seed), crowns, SIDE) for _ in range(2))
        assert np.array_equal(one, again)
        assert one.shape == (SIDE, SIDE, 3)
        assert one.dtype == np.uint8
        assert one.std() > 3
        assert zxingcpp.read_barcodes(one, zxingcpp.BarcodeFormat.AllMatrix) == []


def test_no_marker_lies_across_a_letterboxs_bar() -> None:
    photograph = np.random.default_rng(1).integers(0, 256, (200, 300, 3), np.uint8)
    always = replace(USUAL, letterboxed=1.0)
    marked = 0
    for seed in range(20):
        scene = render_scene(np.random.default_rng(seed), [photograph], SIDE, (), always)
        grey = (scene.image_bgr == PAD_GREY).all(axis=2)
        lying, standing = grey.all(axis=1), grey.all(axis=0)
        assert lying[[0, -1]].all() or standing[[0, -1]].all(), "two bars"
        for label in scene.labels:
            marked += 1
            x1, y1, x2, y2 = (int(v) for v in label.box_xyxy)
            assert not grey[y1 : y2 + 1, x1 : x2 + 1].all(axis=1).any()
            assert not grey[y1 : y2 + 1, x1 : x2 + 1].all(axis=0).any()
    assert marked > 10
