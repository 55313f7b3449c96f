"""Columns beside each other, each with a caption above and a bar below, under a headline over all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heatcam.geometry import Uint8Array
from heatcam.overlay.panels import QUIET, small_px
from heatcam.overlay.strips import ColumnBar, ColumnCaption, bar_px, caption_px, draw_bar, draw_caption
from heatcam.overlay.text import LIGHT, fitted, font_px, line_height, text_width, write

BACKGROUND = 24  # grey of the strips


def framed(picture: Uint8Array, caption: ColumnCaption, bar: ColumnBar | None) -> Uint8Array:
    """Put a caption above a column and a bar below it; without a bar, nothing: uint8 ``(H, W, 3)``, a new picture."""
    size_wh = picture.shape[1], picture.shape[0]
    above = np.full((caption_px(size_wh), size_wh[0], 3), BACKGROUND, np.uint8)
    draw_caption(above, caption, size_wh)
    below = np.full((0 if bar is None else bar_px(size_wh), size_wh[0], 3), BACKGROUND, np.uint8)
    if bar is not None:
        draw_bar(below, bar, size_wh)
    return np.concatenate((above, picture, below))


def beside(columns: Sequence[Uint8Array], headline: Sequence[str]) -> Uint8Array:
    """Put columns beside each other below lines of text; shorter columns are filled up.

    Args:
        columns: uint8 ``(H, W, 3)``, of one width.
        headline: the first line stands out; lines that are too wide are broken.

    Returns:
        uint8 ``(H, W, 3)``, BGR, a new picture.
    """
    tall = max(column.shape[0] for column in columns)
    gap = np.full((tall, gap_px(columns[0]), 3), BACKGROUND, np.uint8)
    filled = [
        np.pad(each, ((0, tall - each.shape[0]), (0, 0), (0, 0)), constant_values=BACKGROUND)
        for each in columns
    ]
    parts = [part for each in filled for part in (gap, each)][1:]
    body = np.concatenate(parts, axis=1)
    return np.concatenate((_headline(headline, body.shape[1], columns[0]), body))


def gap_px(column: Uint8Array) -> int:
    """Return the width of the gap between two columns."""
    return 2 * max(2, round(font_px(column.shape[1], column.shape[0]) / 6))


def _headline(lines: Sequence[str], wide: int, column: Uint8Array) -> Uint8Array:
    size_wh = column.shape[1], column.shape[0]
    first, rest, margin = font_px(*size_wh), small_px(size_wh), font_px(*size_wh) // 2
    room = wide - 2 * margin
    rows = [
        (part, size, LIGHT if not n else QUIET)
        for n, line in enumerate(lines)
        for size in (rest if n else first,)
        for part in broken(line, size, room)
    ]
    strip = np.full((sum(line_height(size) for _, size, _ in rows) + margin, wide, 3), BACKGROUND, np.uint8)
    top = margin // 2
    for text, size, colour in rows:
        write(strip, fitted(text, size, room), margin, top, size, colour)
        top += line_height(size)
    return strip


def broken(text: str, size: int, room: int) -> list[str]:
    """Break a line at spaces into lines of at most ``room`` pixels; a single word may be longer."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
