"""Colour bar with its caption and the values at its ends."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from heatcam.enums import Colormap
from heatcam.geometry import Uint8Array
from heatcam.overlay.blend import colour_table
from heatcam.overlay.heat import Pixels
from heatcam.overlay.legend import Legend
from heatcam.overlay.panels import QUIET, is_small
from heatcam.overlay.text import LIGHT, fitted, font_px, line_height, shade, text_width, write


def colour_bar_box(size_wh: tuple[int, int], legend: Legend) -> Pixels:
    """Return the rectangle of the colour bar, bottom right; one line high on small pictures."""
    width, height = size_wh
    size = _bar_font_px(width, height)
    margin = size // 2
    if is_small((width, height)):
        wide, tall = _in_one_line(legend, size, width - 2 * margin)[0], line_height(size)
    else:
        below = text_width(legend.low, size) + text_width(legend.top, size) + 2 * size
        lines = [text_width(line, size) + size for line in (legend.caption, legend.source)]
        wide = min(max(9 * size, *lines, below), max(1, width - 2 * margin))
        tall = (3 if legend.source else 2) * line_height(size) + _bar_px(size)
    return max(0, width - margin - wide), max(0, height - margin - tall), width - margin, height - margin


def colour_bar_room(size_wh: tuple[int, int]) -> Pixels:
    """Return the rectangle that a heat map's colour bar takes at most, as a rule, whatever its text."""
    return colour_bar_box(
        size_wh, Legend("evidence, one scale for all pictures", "per region", source="model")
    )


def draw_colour_bar(
    picture: Uint8Array, colormap: Colormap, legend: Legend, row: Uint8Array | None = None
) -> None:
    """Draw the colours from low to high with their meaning, in place; nothing on pictures too small for it.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR.
        colormap: of the heat.
        legend: the text.
        row: other colours, from low to high: uint8 ``(1, n, 3)``, BGR; None for those of ``colormap``.
    """
    height, width = picture.shape[:2]
    box = left, top, right, bottom = colour_bar_box((width, height), legend)
    size = _bar_font_px(width, height)
    if bottom - top > height // 3 or right - left < 6 * size:
        return
    shade(picture, *box)
    left, right = left + size // 2, right - size // 2
    if is_small((width, height)):
        high = _in_one_line(legend, size, width - size // 2 * 2)[1]
        short = fitted(legend.short, size, right - left - 6 * size)
        write(picture, short, left, top, size, LIGHT)
        write(picture, high, right - text_width(high, size), top, size, LIGHT)
        left += text_width(short, size) + size // 2
        right -= text_width(high, size) + size // 2 if high else 0
        bar_top = (top + bottom - _bar_px(size)) // 2
    else:
        write(picture, fitted(legend.caption, size, right - left), left, top, size, LIGHT)
        bar_top = top + line_height(size)
        words_top = bar_top + _bar_px(size)
        write(picture, legend.low, left, words_top, size, LIGHT)
        write(picture, legend.top, right - text_width(legend.top, size), words_top, size, LIGHT)
        source = fitted(legend.source, size, right - left)
        write(picture, source, left, words_top + line_height(size), size, QUIET)
    wide = max(1, right - left)
    bar = bar_row(colormap, wide) if row is None else resized_row(row, wide)
    picture[bar_top : bar_top + _bar_px(size), left : left + bar.shape[1]] = bar


def _in_one_line(legend: Legend, size: int, room: int) -> tuple[int, str]:
    """Return the width of the one-line bar in at most ``room`` pixels, and the number at its hot end, "" if it does not fit."""
    plain = text_width(legend.short, size) + 7 * size
    numbered = plain + text_width(legend.top, size)
    if not (legend.unit or legend.tells_end) or numbered > room:
        return min(plain, room), ""
    return numbered, legend.top


def _bar_font_px(width: int, height: int) -> int:
    return max(10, round(0.85 * font_px(width, height)))


def _bar_px(size: int) -> int:
    return max(4, round(0.55 * size))


@lru_cache(maxsize=16)
def bar_row(colormap: Colormap, width: int) -> Uint8Array:
    """Return one row of the bar: uint8 ``(1, width, 3)``, BGR."""
    return resized_row(colour_table(colormap)[None], width)


def resized_row(row: Uint8Array, width: int) -> Uint8Array:
    """Return a row of colours of another width: uint8 ``(1, width, 3)``, BGR."""
    return np.asarray(cv2.resize(row, (width, 1), interpolation=cv2.INTER_LINEAR), np.uint8)
