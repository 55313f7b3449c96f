"""The panel of an answer: inside the picture, below the top line, off the cards, with its numbers whole."""

from __future__ import annotations

import numpy as np
import pytest

from heatcam.geometry import Uint8Array
from heatcam.overlay import text_panel
from heatcam.overlay.panels import covered_px
from heatcam.overlay.text import line_height, text_width
from heatcam.overlay.text_panel import PanelLine, doubted, draw_text_panel, quiet
from heatcam.overlay.topline import draw_tool, top_line_box

SIZES = [(320, 240), (240, 320), (640, 480), (1280, 720), (3840, 2160)]
LINES = [
    PanelLine("below-threshold", importance=9),
    PanelLine("a line that says much more than has room beside anything else in this panel, so it breaks", "0.123"),
    doubted("cut by the letterbox", 5),
    PanelLine("2. " + "a-name-without-any-space-" * 9, "0.0031", is_chosen=True, importance=6),
    *(quiet(f"line {n}", 1) for n in range(40)),
]  # fmt: skip


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int, int]]:
    """Each text that is written: itself, left, top and font size."""
    texts: list[tuple[str, int, int, int]] = []

    def write(_picture: Uint8Array, text: str, left: int, top: int, size: int, _colour: object) -> None:
        if text:
            texts.append((text, left, top, size))

    monkeypatch.setattr(text_panel, "write", write)
    return texts


@pytest.mark.parametrize("size", SIZES)
def test_all_text_lies_inside_of_the_panel_and_that_below_the_top_line(
    size: tuple[int, int], written: list[tuple[str, int, int, int]]
) -> None:
    picture = np.full((size[1], size[0], 3), 120, np.uint8)
    card = draw_text_panel(picture, LINES)
    assert card is not None
    assert card[1] >= top_line_box(size)[3]
    assert 0 <= card[0] < card[2] <= size[0]
    assert card[3] <= size[1]
    for text, left, top, font in written:
        assert card[0] <= left
        assert left + text_width(text, font) <= card[2], text
        assert card[1] <= top
        assert top + line_height(font) <= card[3], text
    values = {text for text, *_ in written}
    assert {"below-threshold", "0.0031"} <= values, "what matters most is there at every size, whole"
    outside = np.ones(size[::-1], bool)
    outside[card[1] : card[3], card[0] : card[2]] = False
    assert (picture[outside] == 120).all()


def test_what_matters_least_is_left_out_first(written: list[tuple[str, int, int, int]]) -> None:
    draw_text_panel(np.zeros((240, 320, 3), np.uint8), LINES)
    texts = [text for text, *_ in written]
    assert "cut by the letterbox" in texts
    assert len([text for text in texts if text.startswith("line ")]) < 3


def test_it_stands_off_the_cards_first_then_off_the_place_then_off_the_picture() -> None:
    picture = np.zeros((720, 1280, 3), np.uint8)
    short = [PanelLine("not-seen")]
    usual = draw_text_panel(picture, short)
    assert usual is not None
    left_half, right_half = (0, 0, 640, 720), (640, 0, 1280, 720)
    beside = draw_text_panel(picture, short, keep_clear=[left_half])
    assert beside is not None and not covered_px(beside, [left_half])
    kept = draw_text_panel(picture, short, keep_clear=[left_half], cards=[right_half])
    assert kept is not None and not covered_px(kept, [right_half])
    framed = draw_text_panel(picture, short, frames=[(0, 0, 1280, 360)])
    assert framed is not None and framed[1] > 360
    corners = [(0, 0, 400, 80), (0, 660, 400, 720), (880, 0, 1280, 80), (880, 660, 1280, 720)]
    between = draw_text_panel(picture, short, cards=corners)
    assert between is not None and not covered_px(between, corners), (
        "beside a card where all corners are taken"
    )


def test_a_picture_without_room_has_none() -> None:
    picture = np.full((40, 60, 3), 9, np.uint8)
    assert draw_text_panel(picture, LINES) is None
    assert draw_text_panel(np.zeros((720, 1280, 3), np.uint8), []) is None
    assert (picture == 9).all()


@pytest.mark.parametrize("size", SIZES)
def test_the_tool_in_hand_is_said_in_the_words_that_fit(size: tuple[int, int]) -> None:
    picture = np.full((size[1], size[0], 3), 120, np.uint8)
    draw_tool(picture, ("ASK: drag around a place, w or Esc ends it", "ASK"))
    top = top_line_box(size)[3]
    assert (picture[:top] != 120).any()
    assert (picture[top:] == 120).all()
    before = picture.copy()
    draw_tool(picture, ())
    assert (picture == before).all()
