"""Text in any script: shaped and ordered where a font is there, boxes where none is, never question marks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatcam.overlay import fonts, text, text_runs
from heatcam.overlay.fonts import can_shape, font_file
from heatcam.overlay.text import fitted, line_height, text_width, write
from heatcam.overlay.text_runs import TextRun, clusters_end, runs_of

SIZE = 40
needs_raqm = pytest.mark.skipif(not can_shape(), reason="needs a Pillow with Raqm, as its wheels have it")


@pytest.fixture(autouse=True)
def _nothing_remembered():
    """Widths and runs are kept by text: other fonts need them anew."""
    yield
    for cached in (text_width, text._shaped, runs_of, font_file):
        cached.cache_clear()


def ink(text: str, size: int = SIZE) -> np.ndarray:
    """What a text looks like: uint8, cut to its columns."""
    picture = np.zeros((line_height(size), text_width(text, size) + 40, 3), np.uint8)
    write(picture, text, 10, 0, size, (255, 255, 255))
    columns = np.flatnonzero(picture.max((0, 2)))
    return picture[:, columns[0] : columns[-1] + 1].max(2)


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two pieces of ink are alike but for smoothing at their edges."""
    wide = min(a.shape[1], b.shape[1])
    return abs(a.shape[1] - b.shape[1]) <= 2 and bool(
        np.mean(abs(a[:, :wide].astype(int) - b[:, :wide])) < 20
    )


@needs_raqm
def test_hebrew_runs_from_right_to_left() -> None:
    both, first = ink("אל"), ink("א")
    assert same(both[:, -first.shape[1] :], first)
    assert not same(both[:, : first.shape[1]], first)


@needs_raqm
def test_words_from_right_to_left_keep_their_order_and_the_number_stands_behind() -> None:
    label = runs_of("כלב שחור 0.88", True)
    assert [run.text for run in label] == ["כלב שחור", " 0.88"]
    words, first = ink("אא ל"), ink("אא")
    assert same(words[:, -first.shape[1] :], first)


@needs_raqm
def test_arabic_letters_are_joined() -> None:
    alone = sum(text_width(letter, SIZE) for letter in "كلب")
    assert text_width("كلب", SIZE) < 0.85 * alone


@pytest.mark.parametrize("text", ["dog", "chien été", "собака", "σκύλος", "犬", "개"])
def test_what_opencv_draws_is_left_to_it(text: str) -> None:
    assert runs_of(text, True) == (TextRun(text),)


def test_a_character_that_no_font_has_is_a_box_and_no_question_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "font_file", lambda _: None)
    (run,) = runs_of("ไทย", True)
    assert run.missing
    boxes = ink("ไทย")
    assert not np.array_equal(boxes[:, : boxes.shape[1] // 3], ink("???")[:, : boxes.shape[1] // 3])
    edges = np.flatnonzero(boxes.max(1))
    assert (boxes[edges[0]] > 0).mean() > 0.7  # the boxes' upper sides
    assert (boxes[(edges[0] + edges[-1]) // 2] > 0).mean() < 0.4  # and nothing within


def test_without_shaping_what_opencv_has_is_still_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "can_shape", lambda: False)
    assert runs_of("כלב", True) == (TextRun("כלב"),)
    assert runs_of("ไ", True)[0].missing


def test_a_letter_and_its_signs_are_one_and_so_is_a_joined_emoji() -> None:
    assert clusters_end("नि") == [2]
    assert clusters_end("👩‍🚀x") == [3, 4]
    assert clusters_end("👍🏽") == [2]
    assert clusters_end("dog") == [1, 2, 3]


@settings(max_examples=60)
@given(st.text("नि कุ dogكلب👍🏽", max_size=20), st.integers(0, 300))
def test_shortened_text_fits_and_is_cut_between_letters(text: str, room: int) -> None:
    short = fitted(text, 20, room)
    assert text_width(short, 20) <= room or short == ""
    if short and short != text:
        kept = short.rstrip("….")
        assert any(text[:end].rstrip().startswith(kept) for end in [0, *clusters_end(text)])


@settings(max_examples=60)
@given(st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cf")), min_size=1, max_size=12))
def test_any_text_can_be_measured_and_written(text: str) -> None:
    picture = np.zeros((30, 100, 3), np.uint8)
    write(picture, text, -5, -3, 20, (255, 255, 255))
    assert text_width(text, 20) >= 0


@pytest.mark.parametrize("text", ["ไทย", "हिन्दी", "👍"])
def test_other_scripts_are_drawn_where_the_system_has_a_font(text: str) -> None:
    if not can_shape() or font_file(text[0]) is None:
        pytest.skip(f"needs a font for {text}: apt-get install fonts-noto-core fonts-noto-color-emoji")
    (run,) = runs_of(text, True)
    assert run.font is not None
    assert ink(text).max() > 100


def test_emoji_keep_their_colours() -> None:
    if not can_shape() or (font_file("🐕") or (None, 0))[1] == 0:
        pytest.skip("needs a font of colour emoji: apt-get install fonts-noto-color-emoji")
    picture = np.zeros((60, 60, 3), np.uint8)
    write(picture, "🐕", 0, 0, SIZE, (255, 255, 255))
    assert np.ptp(picture.astype(int), axis=2).max() > 40


def test_hersheys_font_of_opencv_4_gets_help_with_all_that_is_not_ascii(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(text_runs, "_opencv_draws", lambda _: pytest.fail("asked the font of OpenCV 5"))
    assert runs_of("dog é", False)[0] == TextRun("dog ")
    assert runs_of("dog é", False)[1].font is not None
