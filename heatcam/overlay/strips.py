"""Strips above and below a column of a comparison: its caption, and its colour bar with values and names at the ends."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from heatcam.geometry import Uint8Array
from heatcam.overlay.diverging import diverging_table
from heatcam.overlay.panels import QUIET, small_px
from heatcam.overlay.text import (
    LIGHT,
    Colour,
    fitted,
    font_px,
    line_height,
    text_colour_on,
    text_width,
    write,
)


@dataclass(frozen=True)
class ColumnCaption:
    """Caption of a column.

    Attributes:
        badge: a letter or two on a plate.
        colour: of the plate, BGR.
        name: what is shown.
        detail: the line below, quieter.
    """

    badge: str
    colour: Colour
    name: str
    detail: str


@dataclass(frozen=True)
class ColumnBar:
    """Colour bar of a column.

    Attributes:
        row: the colours from low to high: uint8 ``(1, n, 3)``, BGR.
        low, middle, high: values below the bar at its ends and its middle; "" for none.
        left, right: the line below that; ``left`` alone is a sentence.
    """

    row: Uint8Array
    low: str
    middle: str
    high: str
    left: str
    right: str = ""


def caption_px(size_wh: tuple[int, int]) -> int:
    """Return the height of the caption above a column of this width and height."""
    return line_height(font_px(*size_wh)) + line_height(small_px(size_wh)) + font_px(*size_wh) // 2


def bar_px(size_wh: tuple[int, int]) -> int:
    """Return the height of the bar's strip below a column of this width and height."""
    size = small_px(size_wh)
    return 2 * line_height(size) + _row_px(size) + size


def draw_caption(strip: Uint8Array, caption: ColumnCaption, size_wh: tuple[int, int]) -> None:
    """Draw a caption onto its strip, in place.

    Args:
        strip: uint8 ``(caption_px, W, 3)``, BGR.
        caption: its text.
        size_wh: width and height of the column.
    """
    size, small, width = font_px(*size_wh), small_px(size_wh), strip.shape[1]
    margin, top = size // 2, size // 4
    plate = text_width(caption.badge, size) + size
    strip[top : top + line_height(size), margin : margin + plate] = caption.colour
    write(strip, caption.badge, margin + size // 2, top, size, text_colour_on(caption.colour))
    left = margin + plate + size // 2
    write(strip, fitted(caption.name, size, width - left - margin), left, top, size, LIGHT)
    detail = fitted(caption.detail, small, width - 2 * margin)
    write(strip, detail, margin, top + line_height(size), small, QUIET)


def draw_bar(strip: Uint8Array, bar: ColumnBar, size_wh: tuple[int, int]) -> None:
    """Draw a colour bar with its text onto its strip, in place.

    Args:
        strip: uint8 ``(bar_px, W, 3)``, BGR.
        bar: its colours and text.
        size_wh: width and height of the column.
    """
    size, width = small_px(size_wh), strip.shape[1]
    left, right, top = size // 2, width - size // 2, size // 2
    row = cv2.resize(bar.row, (right - left, 1), interpolation=cv2.INTER_LINEAR)
    strip[top : top + _row_px(size), left:right] = row
    top += _row_px(size)
    write(strip, bar.low, left, top, size, LIGHT)
    write(strip, bar.middle, (width - text_width(bar.middle, size)) // 2, top, size, LIGHT)
    write(strip, bar.high, right - text_width(bar.high, size), top, size, LIGHT)
    top += line_height(size)
    room = (right - left - 2 * size) // 2 if bar.right else right - left
    write(strip, fitted(bar.left, size, room), left, top, size, QUIET)
    name = fitted(bar.right, size, room)
    write(strip, name, right - text_width(name, size), top, size, QUIET)


def difference_row() -> Uint8Array:
    """Return the colours of a difference, from full negative to full positive: uint8 ``(1, 511, 3)``, BGR."""
    return np.ascontiguousarray(diverging_table()[None])


def _row_px(size: int) -> int:
    return max(6, round(0.7 * size))
