from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatcam.overlay.labels import class_colour
from heatcam.overlay.text import (
    DARK,
    LIGHT,
    Colour,
    fitted,
    font_px,
    line_height,
    shade,
    text_colour_on,
    text_width,
    write,
)

NAMES = ("person 0.87", "собака 0.50", "犬 0.31", "Ägypten gjpqy 0.99")


def luminance(bgr: Colour) -> float:
    """Relative luminance as WCAG 2 defines it."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (value / 255 for value in bgr)
    ]
    return 0.0722 * linear[0] + 0.7152 * linear[1] + 0.2126 * linear[2]


def contrast(a: Colour, b: Colour) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_text_on_every_class_colour_has_the_contrast_that_accessibility_asks_for() -> None:
    worst = min(contrast(text_colour_on(class_colour(n)), class_colour(n)) for n in range(80))
    assert worst >= 4.5


def test_text_is_dark_on_light_and_light_on_dark() -> None:
    assert text_colour_on((255, 255, 255)) == DARK
    assert text_colour_on((10, 10, 10)) == LIGHT


@settings(max_examples=100)
@given(st.text(max_size=60), st.integers(11, 60), st.integers(0, 900))
def test_shortened_text_is_never_wider_than_its_room(text: str, size: int, room: int) -> None:
    shown = fitted(text, size, room)
    assert not shown or text_width(shown, size) <= room


def test_text_that_fits_is_left_alone_and_text_that_does_not_ends_with_an_ellipsis() -> None:
    assert fitted("bus 0.88", 18, 500) == "bus 0.88"
    assert fitted("a class with a very long name", 18, 120).endswith(("…", "..."))
    assert fitted("bus", 18, 3) == ""


@pytest.mark.parametrize("size", [11, 18, 50])
@pytest.mark.parametrize("text", NAMES)
def test_written_text_stays_in_its_line_and_in_its_width(text: str, size: int) -> None:
    picture = np.zeros((3 * line_height(size), text_width(text, size) + 4 * size, 3), np.uint8)
    write(picture, text, 2 * size, line_height(size), size, LIGHT)
    rows, columns = np.nonzero(picture.max(-1) > 40)
    assert line_height(size) <= rows.min()
    assert rows.max() < 2 * line_height(size)
    assert 2 * size - 1 <= columns.min()
    assert columns.max() <= 2 * size + text_width(text, size) + 1


@pytest.mark.parametrize(
    ("size", "low", "high"), [((320, 240), 10, 13), ((1280, 720), 15, 22), ((3840, 2160), 42, 62)]
)
def test_text_is_legible_and_not_huge_at_any_size(size: tuple[int, int], low: int, high: int) -> None:
    assert low <= font_px(*size) <= high


def test_shading_darkens_its_rectangle_only() -> None:
    picture = np.full((20, 30, 3), 200, np.uint8)
    shade(picture, -5, 4, 10, 99)
    assert (picture[4:, :10] == 64).all()
    picture[4:, :10] = 200
    assert (picture == 200).all()
