"""Text that can be read at any resolution: one place knows the font, its sizes and how text is shortened."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import cv2

from heatcam.geometry import Uint8Array

Colour = tuple[int, int, int]
_HERSHEY = cv2.FONT_HERSHEY_SIMPLEX
_WEIGHT = 500  # between regular and bold: thin strokes vanish over photographs
LIGHT: Colour = (250, 250, 250)
DARK: Colour = (20, 20, 20)


def font_px(width: int, height: int) -> int:
    """Font size in pixels for a picture: 11 at 320 px, 18 at 720p, 50 at 4K."""
    return max(11, round(0.7 * math.sqrt(width * height) / 38), round(min(width, height) / 44))


@lru_cache(maxsize=1)
def _face() -> Any:
    """OpenCV 5's scalable font, which knows Unicode; None in OpenCV 4."""
    return cv2.FontFace("sans") if hasattr(cv2, "FontFace") else None


@lru_cache(maxsize=512)
def text_width(text: str, size: int) -> int:
    """Width of ``text`` in pixels at font size ``size``."""
    face = _face()
    if face is None:
        return int(cv2.getTextSize(text, _HERSHEY, size / 26, max(1, size // 14))[0][0])
    x, _, width, _ = cv2.getTextSize((0, 0), text, (0, 0), face, size, _WEIGHT)
    return int(x + width) + 1


def line_height(size: int) -> int:
    """Height in pixels that a line of text of font size ``size`` takes, with room above and below."""
    return round(1.5 * size)


def fitted(text: str, size: int, room: int) -> str:
    """``text``, shortened with an ellipsis until it is at most ``room`` pixels wide; "" when nothing fits."""
    if text_width(text, size) <= room:
        return text
    dots = "…" if _face() is not None else "..."
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if text_width(text[:middle] + dots, size) <= room else (low, middle - 1)
    return text[:low].rstrip() + dots if low else ""


def write(picture: Uint8Array, text: str, left: int, top: int, size: int, colour: Colour) -> None:
    """Write one line whose box (``line_height`` high) starts at ``(left, top)``; in place."""
    baseline = top + round(1.09 * size)
    face = _face()
    if face is None:
        cv2.putText(
            picture, text, (left, baseline), _HERSHEY, size / 26, colour, max(1, size // 14), cv2.LINE_AA
        )
    else:
        cv2.putText(picture, text, (left, baseline), colour, face, size, _WEIGHT)


def text_colour_on(background: Colour) -> Colour:
    """Dark on light, light on dark: whichever has more contrast by WCAG 2's relative luminance, gamma taken as 2.2."""
    blue, green, red = ((value / 255) ** 2.2 for value in background)
    return DARK if 0.0722 * blue + 0.7152 * green + 0.2126 * red > 0.19 else LIGHT


def shade(picture: Uint8Array, left: int, top: int, right: int, bottom: int) -> None:
    """Darken a rectangle to a third, in place, so that light text stands on it."""
    part = picture[max(0, top) : bottom, max(0, left) : right]
    if part.size:
        part[...] = cv2.convertScaleAbs(part, alpha=0.32)
