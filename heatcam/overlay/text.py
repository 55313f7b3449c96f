"""Text drawing, readable at any resolution: the one place for the font, its sizes and the shortening of text."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from heatcam.geometry import Uint8Array
from heatcam.overlay.fonts import drawn
from heatcam.overlay.text_runs import TextRun, clusters_end, runs_of

Colour = tuple[int, int, int]
_HERSHEY = cv2.FONT_HERSHEY_SIMPLEX
_WEIGHT = 500  # between regular and bold: thin strokes vanish over photographs
LIGHT: Colour = (250, 250, 250)
DARK: Colour = (20, 20, 20)


def font_px(width: int, height: int) -> int:
    """Return the font size in pixels for a picture: 11 at 320 px, 18 at 720p, 50 at 4K."""
    return max(11, round(0.7 * math.sqrt(width * height) / 38), round(min(width, height) / 44))


@lru_cache(maxsize=1)
def _face() -> Any:
    """Return OpenCV 5's scalable font, which supports Unicode; None in OpenCV 4."""
    return cv2.FontFace("sans") if hasattr(cv2, "FontFace") else None


@lru_cache(maxsize=512)
def text_width(text: str, size: int) -> int:
    """Return the width of ``text`` in pixels at font size ``size``."""
    return sum(_run_width(run, size) for run in runs_of(text, _face() is not None))


def _run_width(run: TextRun, size: int) -> int:
    if run.missing:
        return len(clusters_end(run.text)) * _box_advance(size)
    if run.font is not None:
        return int(_shaped(run, size).shape[1])
    face = _face()
    if face is None:
        return int(cv2.getTextSize(run.text, _HERSHEY, size / 26, max(1, size // 14))[0][0])
    x, _, width, _ = cv2.getTextSize((0, 0), run.text, (0, 0), face, size, _WEIGHT)
    return int(x + width) + 1


@lru_cache(maxsize=256)
def _shaped(run: TextRun, size: int) -> Uint8Array:
    """Draw a run with ``fonts.drawn``, cached because the same names come frame after frame. Read-only."""
    assert run.font is not None
    return drawn(run.text, *run.font, size)


def _box_advance(size: int) -> int:
    return round(0.7 * size)


def line_height(size: int) -> int:
    """Return the height in pixels of a line of text at font size ``size``, with room above and below."""
    return round(1.5 * size)


def fitted(text: str, size: int, room: int) -> str:
    """Shorten ``text`` with an ellipsis until it is at most ``room`` pixels wide; "" if nothing fits."""
    if text_width(text, size) <= room:
        return text
    dots = "…" if _face() is not None else "..."
    ends = [0, *clusters_end(text)]
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high + 1) // 2
        fits = text_width(text[: ends[middle]].rstrip() + dots, size) <= room
        low, high = (middle, high) if fits else (low, middle - 1)
    return text[: ends[low]].rstrip() + dots if low else ""


def write(picture: Uint8Array, text: str, left: int, top: int, size: int, colour: Colour) -> None:
    """Write one line whose box (``line_height`` high) starts at ``(left, top)``; in place."""
    for run in runs_of(text, _face() is not None):
        if run.missing:
            _write_boxes(picture, run, left, top, size, colour)
        elif run.font is not None:
            _lay(picture, _shaped(run, size), left, top, colour)
        else:
            _write_plain(picture, run.text, left, top + round(1.09 * size), size, colour)
        left += _run_width(run, size)


def _write_plain(picture: Uint8Array, text: str, left: int, baseline: int, size: int, colour: Colour) -> None:
    """Write text in OpenCV's own font."""
    face = _face()
    if face is None:
        cv2.putText(
            picture, text, (left, baseline), _HERSHEY, size / 26, colour, max(1, size // 14), cv2.LINE_AA
        )
    else:
        cv2.putText(picture, text, (left, baseline), colour, face, size, _WEIGHT)


def _write_boxes(picture: Uint8Array, run: TextRun, left: int, top: int, size: int, colour: Colour) -> None:
    """Draw an empty box for each character that no font here has."""
    wide, line = _box_advance(size), max(1, size // 14)
    for n in range(len(clusters_end(run.text))):
        corner = left + n * wide + line, top + round(0.35 * size)
        opposite = left + (n + 1) * wide - 2 * line, top + round(1.09 * size)
        cv2.rectangle(picture, corner, opposite, colour, line)


def _lay(picture: Uint8Array, shaped: Uint8Array, left: int, top: int, colour: Colour) -> None:
    """Blend shaped text into the picture, clipped to it, in place: letters in ``colour``, emoji in their own colours."""
    height, width = picture.shape[:2]
    rows = slice(max(0, -top), max(0, min(shaped.shape[0], height - top)))
    columns = slice(max(0, -left), max(0, min(shaped.shape[1], width - left)))
    part = shaped[rows, columns]
    if not part.size:
        return
    place = picture[top + rows.start : top + rows.stop, left + columns.start : left + columns.stop]
    opacity = part[..., 3:].astype(np.float32) / 255
    letters = part[..., :3] == 255
    tint = np.where(
        letters.all(-1, keepdims=True), np.asarray(colour, np.float32), part[..., 2::-1].astype(np.float32)
    )
    place[...] = np.rint(place * (1 - opacity) + tint * opacity).astype(np.uint8)


def text_colour_on(background: Colour) -> Colour:
    """Return the text colour, dark or light, with more contrast by WCAG 2's relative luminance, gamma taken as 2.2."""
    blue, green, red = ((value / 255) ** 2.2 for value in background)
    return DARK if 0.0722 * blue + 0.7152 * green + 0.2126 * red > 0.19 else LIGHT


def shade(picture: Uint8Array, left: int, top: int, right: int, bottom: int) -> None:
    """Darken a rectangle to a third, in place, so that light text is readable on it."""
    part = picture[max(0, top) : bottom, max(0, left) : right]
    if part.size:
        part[...] = cv2.convertScaleAbs(part, alpha=0.32)
