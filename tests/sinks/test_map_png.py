"""Maps as 16-bit PNG, and the way back to logits."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from heatcam.errors import UsageError
from heatcam.sinks.map_png import map_path, scale_of, write_map_png
from tests.sinks.test_raw_maps import with_map


def test_the_numbers_come_back_with_what_the_file_says(tmp_path):
    saliency = with_map().saliency
    scale = write_map_png(tmp_path / "a.png", saliency)
    pixels = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)
    assert (pixels.dtype, pixels.shape) == (np.uint16, (240, 320))
    with Image.open(tmp_path / "a.png") as picture:
        text = picture.text
    assert (int(text["zero"]), float(text["scale"]), text["unit"]) == (
        scale.zero,
        scale.scale,
        "logits per cell",
    )
    assert text["Description"].startswith(f"(pixel - {scale.zero}) * ")
    values = (pixels.astype(float) - scale.zero) * scale.scale
    assert np.abs(values - saliency.in_image()).max() <= scale.scale
    assert values.min() < 0 < values.max()


@given(low=st.floats(-1e6, 1e6), high=st.floats(-1e6, 1e6))
def test_zero_has_a_pixel_of_its_own_and_no_value_is_cut(low, high):
    low, high = sorted((low, high))
    scale = scale_of(with_map().saliency, low, high)
    for value in (low, 0.0, high):
        assert -0.5 <= value / scale.scale + scale.zero <= 65_535.5


def test_a_map_without_evidence_is_all_zero(tmp_path):
    saliency = with_map().saliency
    scale = write_map_png(tmp_path / "a.png", replace(saliency, values=np.zeros_like(saliency.values)))
    assert (cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED) == scale.zero).all()


def test_it_lies_beside_its_picture_and_replaces_nothing_unasked(tmp_path):
    path = map_path(tmp_path / "out.jpg")
    assert path.name == "out.jpg.map.png"
    path.write_bytes(b"mine")
    with pytest.raises(UsageError, match="exists already"):
        write_map_png(path, with_map().saliency)
