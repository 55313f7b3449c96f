from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatcam.enums import Colormap
from heatcam.geometry import Uint8Array
from heatcam.overlay.blend import colour_table
from heatcam.overlay.colour_bar import colour_bar_box, draw_colour_bar
from heatcam.overlay.legend import Legend
from tests.overlay.scenes import lies_in

SIDES = st.integers(16, 5000)
WORDS = Legend("evidence, scaled in each box", "per box")
SOURCE = Legend("evidence for truck, scaled in each box", "for truck", source="yolov8n · live map")
NUMBERS = Legend("evidence, one scale for all pictures", "fixed", "0", "0.37", "logits/cell")


def grey(width: int, height: int) -> Uint8Array:
    return np.full((height, width, 3), 128, np.uint8)


@settings(max_examples=200)
@given(SIDES, SIDES, st.sampled_from([WORDS, NUMBERS, SOURCE]))
def test_the_colour_bar_lies_in_the_picture(width: int, height: int, legend: Legend) -> None:
    assert lies_in(colour_bar_box((width, height), legend), (width, height))


@pytest.mark.parametrize("size", [(320, 240), (640, 480), (1280, 720), (3840, 2160)])
@pytest.mark.parametrize("legend", [WORDS, NUMBERS])
@pytest.mark.parametrize("colormap", list(Colormap))
def test_the_colour_bar_runs_from_low_to_high(
    size: tuple[int, int], legend: Legend, colormap: Colormap
) -> None:
    picture = grey(*size)
    draw_colour_bar(picture, colormap, legend)
    left, top, right, bottom = colour_bar_box(size, legend)
    colours = colour_table(colormap)[[0, 255]].astype(int)
    inside = picture[top:bottom, left:right].reshape(-1, 3).astype(int)
    for colour in colours:
        assert np.abs(inside - colour).max(1).min() <= 24  # the bar is coarser than the table
    picture[top:bottom, left:right] = 128
    assert (picture == 128).all(), "drawn outside its rectangle"


@pytest.mark.parametrize("size", [(320, 240), (640, 480), (3840, 2160)])
def test_long_names_do_not_leave_the_bars_rectangle(size: tuple[int, int]) -> None:
    legend = Legend("evidence for " + 40 * "truck ", "for " + 40 * "truck ", source=40 * "yolov8n ")
    picture = grey(*size)
    draw_colour_bar(picture, Colormap.TURBO, legend)
    left, top, right, bottom = colour_bar_box(size, legend)
    assert lies_in((left, top, right, bottom), size)
    assert (picture[top:bottom, left:right] != 128).any()
    picture[top:bottom, left:right] = 128
    assert (picture == 128).all()


@pytest.mark.parametrize("size_wh", [(40, 16), (60, 300), (300, 40)])
def test_a_picture_too_small_for_the_colour_bar_goes_without(size_wh: tuple[int, int]) -> None:
    picture = grey(*size_wh)
    draw_colour_bar(picture, Colormap.TURBO, WORDS)
    assert (picture == 128).all()


@pytest.mark.parametrize("size", [(320, 240), (1280, 720)])
def test_the_number_at_the_hot_end_is_drawn(size: tuple[int, int]) -> None:
    bars = []
    for legend in (NUMBERS, Legend(NUMBERS.caption, NUMBERS.short, "0", "0.99", "logits/cell")):
        bars.append(grey(*size))
        draw_colour_bar(bars[-1], Colormap.TURBO, legend)
    assert (bars[0] != bars[1]).any()
