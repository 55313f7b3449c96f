"""The top line and the colour bar."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from heatcam.choices import Colormap
from heatcam.geometry import Uint8Array
from heatcam.overlay.blend import colour_table
from heatcam.overlay.legend import Legend
from heatcam.overlay.lettering import LIGHT, Colour, fitted, font_px, line_height, shade, text_width, write
from heatcam.overlay.options import Status
from heatcam.overlay.tone import Pixels

_MODE_COLOURS: dict[str, Colour] = {"HEATMAP": (60, 190, 255), "NORMAL": (190, 230, 120)}
_MESSAGE_COLOUR: Colour = (120, 220, 255)


def top_line_box(size_wh: tuple[int, int]) -> Pixels:
    """The rectangle that the top line takes."""
    width, height = size_wh
    return 0, 0, width, min(height, line_height(font_px(width, height)))


def draw_top_line(picture: Uint8Array, status: Status, objects: int) -> None:
    """``[HEATMAP]  23 fps  31 ms  5 objects  message`` on a dark strip; in place.

    What does not fit is left out from the right: first the message is shortened, then whole parts go.
    """
    height, width = picture.shape[:2]
    size = font_px(width, height)
    shade(picture, *top_line_box((width, height)))
    x, gap = size // 2, size
    for text, colour in _parts(status, objects):
        if x + text_width(text, size) > width - size // 2:
            return
        write(picture, text, x, 0, size, colour)
        x += text_width(text, size) + gap
    message = " ".join(status.message.split())  # a line break would be drawn below the line
    write(picture, fitted(message, size, width - x - size // 2), x, 0, size, _MESSAGE_COLOUR)


def _parts(status: Status, objects: int) -> list[tuple[str, Colour]]:
    """What the top line says before its message, in order."""
    parts = [(f"[{status.mode}]", _MODE_COLOURS.get(status.mode, LIGHT))]
    if status.fps > 0:
        parts.append((f"{status.fps:.1f} fps" if status.fps < 10 else f"{status.fps:.0f} fps", LIGHT))
    parts.append((f"{status.inference_ms:.0f} ms", LIGHT))
    parts.append((f"{objects} object" + ("" if objects == 1 else "s"), LIGHT))
    return parts


def colour_bar_box(size_wh: tuple[int, int], legend: Legend) -> Pixels:
    """The rectangle that the colour bar takes, bottom right; one line high on small pictures."""
    width, height = size_wh
    size = _bar_font_px(width, height)
    margin = size // 2
    if _is_small(width, height):
        wide, tall = _in_one_line(legend, size, width - 2 * margin)[0], line_height(size)
    else:
        below = text_width(legend.low, size) + text_width(legend.top, size) + 2 * size
        wide = max(9 * size, text_width(legend.caption, size) + size, below)
        tall = 2 * line_height(size) + _bar_px(size)
    return max(0, width - margin - wide), max(0, height - margin - tall), width - margin, height - margin


def draw_colour_bar(picture: Uint8Array, colormap: Colormap, legend: Legend) -> None:
    """The colours from low to high and what they stand for; in place. Pictures too small for it go without."""
    height, width = picture.shape[:2]
    box = left, top, right, bottom = colour_bar_box((width, height), legend)
    size = _bar_font_px(width, height)
    if bottom - top > height // 3 or right - left < 6 * size:
        return
    shade(picture, *box)
    left, right = left + size // 2, right - size // 2
    if _is_small(width, height):
        high = _in_one_line(legend, size, width - size // 2 * 2)[1]
        write(picture, legend.short, left, top, size, LIGHT)
        write(picture, high, right - text_width(high, size), top, size, LIGHT)
        left += text_width(legend.short, size) + size // 2
        right -= text_width(high, size) + size // 2 if high else 0
        bar_top = (top + bottom - _bar_px(size)) // 2
    else:
        write(picture, legend.caption, left, top, size, LIGHT)
        bar_top = top + line_height(size)
        words_top = bar_top + _bar_px(size)
        write(picture, legend.low, left, words_top, size, LIGHT)
        write(picture, legend.top, right - text_width(legend.top, size), words_top, size, LIGHT)
    bar = _bar(colormap, max(1, right - left))
    picture[bar_top : bar_top + _bar_px(size), left : left + bar.shape[1]] = bar


def _in_one_line(legend: Legend, size: int, room: int) -> tuple[int, str]:
    """Width of the bar's one line in at most ``room`` pixels, and what stands at its hot end: the number where it fits."""
    plain = text_width(legend.short, size) + 7 * size
    numbered = plain + text_width(legend.top, size)
    if not legend.unit or numbered > room:
        return min(plain, room), ""
    return numbered, legend.top


def _is_small(width: int, height: int) -> bool:
    """Whether the bar has to do with one line."""
    return min(width, height) < 400


def _bar_font_px(width: int, height: int) -> int:
    return max(10, round(0.85 * font_px(width, height)))


def _bar_px(size: int) -> int:
    return max(4, round(0.55 * size))


@lru_cache(maxsize=16)
def _bar(colormap: Colormap, width: int) -> Uint8Array:
    """One row of the bar: uint8 ``(1, width, 3)``, BGR."""
    return np.asarray(
        cv2.resize(colour_table(colormap)[None], (width, 1), interpolation=cv2.INTER_LINEAR), np.uint8
    )
