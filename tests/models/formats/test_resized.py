"""Pictures resized whole: Pillow's own pixels, and a way back for boxes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from heatcam.models.formats.resized import Resized

SIDES = st.integers(1, 90)


@pytest.mark.parametrize(
    "resample", [Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.NEAREST]
)
def test_pixels_are_those_of_pillow(resample: Image.Resampling) -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    made = Resized.to((60, 40), (33, 21), int(resample)).image_to_model(image)
    assert np.array_equal(made, np.asarray(Image.fromarray(image).resize((33, 21), resample)))


def test_a_picture_that_has_the_size_already_is_left_as_it_is() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    assert np.array_equal(Resized.to((60, 40), (60, 40), 2).image_to_model(image), image)


@given(SIDES, SIDES, SIDES, SIDES)
def test_the_whole_input_is_the_whole_picture_and_boxes_come_back(
    wide: int, tall: int, width: int, height: int
) -> None:
    geometry = Resized.to((wide, tall), (width, height), 2)
    assert geometry.seen_xyxy.tolist() == pytest.approx([0, 0, wide, tall], rel=1e-5)
    box = [[0.1 * wide, 0.2 * tall, 0.7 * wide, 0.9 * tall]]
    assert geometry.boxes_to_image(geometry.boxes_to_model(box))[0].tolist() == pytest.approx(
        box[0], rel=1e-4
    )
