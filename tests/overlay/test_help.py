from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatcam.geometry import Uint8Array
from heatcam.overlay import help as helping
from heatcam.overlay.help import SMALLEST_PX, draw_help
from heatcam.overlay.text import text_width
from heatcam.sinks.keys import DEFAULT_KEYS

SIZES = [(320, 240), (640, 480), (1280, 720), (3840, 2160)]
LINES = [(key, f"what the key {key} does, in a few words") for key in "abcdefghijklmnopqrstuvwxyz"]
LINES += [("left / right", "seek")]
GROUPS = [("letters", LINES[:9]), ("more letters", LINES[9:20]), ("the rest", LINES[20:])]

Written = list[tuple[str, int, int, int]]


def grey(width: int, height: int) -> Uint8Array:
    return np.full((height, width, 3), 128, np.uint8)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Written:
    """Each text that is written: itself, left, top and font size."""
    texts: Written = []

    def write(_picture: Uint8Array, text: str, left: int, top: int, size: int, _colour: object) -> None:
        if text:
            texts.append((text, left, top, size))

    monkeypatch.setattr(helping, "write", write)
    return texts


@pytest.mark.parametrize("size", SIZES)
def test_every_key_of_twenty_seven_is_shown_inside_the_picture(
    size: tuple[int, int], written: Written
) -> None:
    draw_help(grey(*size), GROUPS)
    said = {text for text, *_ in written}
    assert said >= {key for key, _ in LINES} | {"keys"}
    if size[0] > 320:
        assert said >= {name for name, _ in GROUPS}
    for text, left, top, font in written:
        assert left >= 0
        assert left + text_width(text, font) <= size[0]
        assert top >= 0
        assert top + font <= size[1]


@pytest.mark.parametrize("size", SIZES[1:])
def test_from_640_pixels_on_every_meaning_is_whole(size: tuple[int, int], written: Written) -> None:
    draw_help(grey(*size), GROUPS)
    assert {text for text, *_ in written} >= {meaning for _, meaning in LINES}


def test_texts_do_not_lie_on_one_another(written: Written) -> None:
    draw_help(grey(320, 240), GROUPS)
    for a, (text, left, top, font) in enumerate(written):
        for other, its_left, its_top, _ in written[a + 1 :]:
            beside = left + text_width(text, font) <= its_left or its_left + text_width(other, font) <= left
            assert beside or abs(top - its_top) >= font, (text, other)


def test_few_lines_take_one_column_and_many_take_two(written: Written) -> None:
    draw_help(grey(1280, 720), [("", LINES[:4])])
    assert len({left for text, left, *_ in written if len(text) == 1}) == 1
    written.clear()
    draw_help(grey(1280, 720), GROUPS)
    assert len({left for text, left, *_ in written if len(text) == 1}) == 2


def test_the_letters_are_as_large_as_the_picture_allows(written: Written) -> None:
    fonts = []
    for size in SIZES:
        written.clear()
        draw_help(grey(*size), GROUPS)
        fonts.append(written[0][3])
    assert fonts == sorted(set(fonts))
    assert fonts[0] >= SMALLEST_PX


def test_what_does_not_fit_ends_with_dots(written: Written) -> None:
    draw_help(grey(200, 120), GROUPS)
    said = [text for text, *_ in written]
    keys = [key for key, _ in LINES]
    assert said[-1] == "..."
    shown = [text for text in said if text in keys]
    assert shown == keys[: len(shown)]
    assert 5 <= len(shown) < len(keys)


@pytest.mark.parametrize("size", SIZES)
def test_the_card_is_dark_and_in_the_middle_and_the_rest_is_not_touched(size: tuple[int, int]) -> None:
    picture = grey(*size)
    draw_help(picture, GROUPS)
    changed = (picture != 128).any(-1)
    rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
    assert abs(rows[0] - (size[1] - 1 - rows[-1])) <= 2
    assert abs(columns[0] - (size[0] - 1 - columns[-1])) <= 2
    card = picture[rows[0] : rows[-1], columns[0] : columns[-1]]
    assert (card < 60).all(-1).mean() > 0.5
    assert (card > 240).all(-1).any()


@settings(max_examples=40)
@given(
    st.integers(1, 1500),
    st.integers(1, 1500),
    st.lists(st.tuples(st.text(max_size=12), st.text(max_size=60)), max_size=40),
    st.text(max_size=30),
)
def test_any_help_is_drawn_on_any_picture(
    width: int, height: int, lines: list[tuple[str, str]], title: str
) -> None:
    picture = grey(width, height)
    draw_help(picture, [("one", lines), ("", lines[:3])], title)
    assert picture.shape == (height, width, 3)


def test_the_windows_own_keys_fit_one_page_at_720p_with_every_word_and_no_group_is_torn(
    written: Written,
) -> None:
    draw_help(grey(1280, 720), DEFAULT_KEYS.groups())
    assert min(font for *_, font in written) >= 14
    at = {text: (left, top) for text, left, top, _ in written}
    for name, lines in DEFAULT_KEYS.groups():
        column = {at[key][0] for key, _ in lines}
        assert len(column) == 1, name
        tops = [at[name][1], *(at[key][1] for key, _ in lines)]
        assert tops == sorted(tops)
        assert all(meaning in at for _, meaning in lines)
