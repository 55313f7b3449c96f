from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatcam.geometry import Uint8Array
from heatcam.overlay.banner import draw_banner

AMBER = (30, 180, 255)
SIZES = [(320, 240), (640, 480), (1280, 720), (3840, 2160)]


def banner(size: tuple[int, int], text: str = "camera 0 stalled for 3 s", detail: str = "") -> Uint8Array:
    picture = np.full((size[1], size[0], 3), 200, np.uint8)
    draw_banner(picture, text, detail)
    return picture


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("detail", ["", "reconnecting, attempt 2 in 1.4 s"])
def test_the_banner_is_wide_amber_and_in_the_middle_third(size: tuple[int, int], detail: str) -> None:
    picture = banner(size, detail=detail)
    rows = np.flatnonzero((picture == AMBER).all(-1).mean(1) > 0.3)
    assert size[1] / 3 <= rows[0] < size[1] / 2 < rows[-1] <= size[1] * 2 / 3
    assert (picture[rows[0], [0, -1]] == AMBER).all()
    assert (picture[rows[0] : rows[-1]] < 60).all(-1).sum() > 100, "dark letters"


def test_the_rest_of_the_picture_is_dimmed() -> None:
    picture = banner((640, 480))
    assert (picture[:100] == 80).all()
    assert (picture[-100:] == 80).all()


def test_a_long_text_is_shortened_before_the_edge() -> None:
    picture = banner((320, 240), "the address rtsp://camera.example does not answer any more " * 3)
    dark = (picture[100:140] < 60).all(-1).any(0)
    rows = (picture == AMBER).all(-1).any(1)
    assert not (picture[rows][3:-3, :4] < 60).all(-1).any()
    assert not (picture[rows][3:-3, -4:] < 60).all(-1).any()
    assert dark.any()


@settings(max_examples=40)
@given(st.integers(1, 1500), st.integers(1, 1500), st.text(max_size=80), st.text(max_size=80))
def test_any_text_is_drawn_on_any_picture(width: int, height: int, text: str, detail: str) -> None:
    assert banner((width, height), text, detail).shape == (height, width, 3)
