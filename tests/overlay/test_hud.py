from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatcam.choices import Colormap
from heatcam.geometry import Uint8Array
from heatcam.overlay.blend import colour_table
from heatcam.overlay.hud import colour_bar_box, draw_colour_bar, draw_top_line, top_line_box
from heatcam.overlay.legend import Legend
from heatcam.overlay.options import Status
from tests.overlay.scenes import lies_in

SIDES = st.integers(16, 5000)
WORDS = Legend("evidence, scaled in each box", "per box")
NUMBERS = Legend("evidence, one scale for all pictures", "fixed", "0", "0.37", "logits/cell")
LONG = "no heat map: " + "the layer is not there, " * 40


def grey(width: int, height: int) -> Uint8Array:
    return np.full((height, width, 3), 128, np.uint8)


@settings(max_examples=200, deadline=None)
@given(SIDES, SIDES, st.sampled_from([WORDS, NUMBERS]))
def test_top_line_and_colour_bar_lie_in_the_picture(width: int, height: int, legend: Legend) -> None:
    assert lies_in(top_line_box((width, height)), (width, height))
    assert lies_in(colour_bar_box((width, height), legend), (width, height))


@pytest.mark.parametrize("size", [(16, 16), (60, 40), (320, 240), (1280, 720), (200, 900), (1500, 64)])
@pytest.mark.parametrize("message", ["", "saved", LONG, "не та видеокарта", "漢字", "two\nlines"])
def test_the_top_line_changes_nothing_below_itself(size: tuple[int, int], message: str) -> None:
    picture = grey(*size)
    draw_top_line(picture, Status("HEATMAP", 23.4, 31.0, message), 5)
    bottom = top_line_box(size)[3]
    assert (picture[bottom:] == 128).all()
    assert (picture[:bottom] != 128).any()


def test_a_long_message_ends_before_the_edge() -> None:
    picture = grey(640, 480)
    draw_top_line(picture, Status("HEATMAP", 23.4, 31.0, LONG), 5)
    bottom = top_line_box((640, 480))[3]
    assert (picture[:bottom, -4:] == picture[0, -1]).all(), "text reaches the right edge"
    assert (picture[:bottom, -60:] != picture[0, -1]).any(), "the message is cut too early"


def test_modes_are_told_apart_by_colour() -> None:
    lines = []
    for mode in ("HEATMAP", "NORMAL"):
        lines.append(grey(640, 480))
        draw_top_line(lines[-1], Status(mode, 0.0, 31.0), 0)
    heatmap, normal = (line[:20, :60].reshape(-1, 3).astype(int).max(0) for line in lines)
    assert heatmap[2] > heatmap[0] + 100, "orange: red over blue"
    assert normal[1] > normal[0]


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
