"""Layouts of the plain picture and the heat map in one view, and the way back from its pixels to the frame's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from heatcam.enums import Layout
from heatcam.geometry import Uint8Array, fitted_wh
from heatcam.overlay.heat import Pixels
from heatcam.overlay.text import DARK, LIGHT, font_px, line_height, shade, text_width, write
from heatcam.overlay.topline import top_line_box

PLAIN_CAPTION, HEAT_CAPTION = "plain", "heat map"
WIDEST_BESIDE = 1.8  # width over height; wider pictures are larger on a 16:9 screen one above the other
LONGEST = 3840  # pixels of two pictures together: no screen has more, and two of 3840x2160 take 50 MB


@dataclass(frozen=True)
class View:
    """Composed picture with the mapping from its pixels to the frame's.

    Attributes:
        picture: uint8 ``(H, W, 3)``, BGR.
        frame_wh: width and height of the frame in its own pixels.
        places: rectangles that show the frame, half-open, in pixels of ``picture``: one, or two next to each other.
    """

    picture: Uint8Array
    frame_wh: tuple[int, int]
    places: tuple[Pixels, ...]

    def to_frame(self, x: float, y: float) -> tuple[float, float]:
        """Return the frame's pixel that is shown at a pixel of the composed picture; both are pixel indices from 0.

        In ``DUAL`` both halves show the same frame. Pixels outside, or on the divider, are moved to the nearest pixel of the
        frame.
        """
        left, top, right, bottom = min(self.places, key=lambda place: _apart(place, x, y))
        along_x, along_y = self.frame_wh[0] / (right - left), self.frame_wh[1] / (bottom - top)
        frame_x, frame_y = (x + 0.5 - left) * along_x - 0.5, (y + 0.5 - top) * along_y - 0.5
        return _clamped(frame_x, self.frame_wh[0] - 1), _clamped(frame_y, self.frame_wh[1] - 1)

    def box_between(
        self, start_xy: tuple[float, float], to_xy: tuple[float, float]
    ) -> tuple[float, float, float, float]:
        """Return the box between two pixels of the composed picture, in frame pixels, as ``x1, y1, x2, y2``.

        Both are taken to be in the place where the first one is: a drag does not cross over to the other half of ``DUAL``.
        """
        left, top, right, bottom = min(self.places, key=lambda place: _apart(place, *start_xy))
        end = min(max(to_xy[0], left), right - 1), min(max(to_xy[1], top), bottom - 1)
        (x1, y1), (x2, y2) = self.to_frame(*start_xy), self.to_frame(*end)
        return min(x1, x2), min(y1, y2), max(x1, x2) + 1, max(y1, y2) + 1

    def holds(self, x: float, y: float) -> bool:
        """Return True if a pixel of the composed picture shows the frame and not a border."""
        return any(left <= x < right and top <= y < bottom for left, top, right, bottom in self.places)

    def boxes_of(self, box_xyxy: Sequence[float]) -> list[Pixels]:
        """Convert a box of the frame to whole pixels of the composed picture: one box, or one in each half of ``DUAL``."""
        found = []
        for left, top, right, bottom in self.places:
            along_x, along_y = (right - left) / self.frame_wh[0], (bottom - top) / self.frame_wh[1]
            x1, y1, x2, y2 = (float(value) for value in box_xyxy)
            found.append(
                (
                    left + math.floor(x1 * along_x),
                    top + math.floor(y1 * along_y),
                    left + math.ceil(x2 * along_x),
                    top + math.ceil(y2 * along_y),
                )
            )
        return found


def natural_wh(frame_wh: tuple[int, int], layout: Layout) -> tuple[int, int]:
    """Return the default width and height of the composed picture: the frame pixel for pixel, a long ``DUAL`` shrunk."""
    return _dual_places(frame_wh)[1][2:] if layout is Layout.DUAL else frame_wh


def places_on(canvas_wh: tuple[int, int], frame_wh: tuple[int, int], layout: Layout) -> tuple[Pixels, ...]:
    """Return the rectangles of a frame on a canvas, as large as possible: centred, or twice with a divider between.

    Args:
        canvas_wh: width and height of the canvas in pixels.
        frame_wh: width and height of the frame in pixels.
        layout: ``DUAL`` has two places, side by side or one above the other, whichever is larger.
    """
    wide, tall = canvas_wh
    if layout is not Layout.DUAL:
        return (_fitted(frame_wh, (0, 0, wide, tall)),)
    if canvas_wh == natural_wh(frame_wh, layout):
        return _dual_places(frame_wh)
    gap = _gap_px(wide // 2, tall // 2)
    across, down = max(1, (wide - gap) // 2), max(1, (tall - gap) // 2)
    beside = (0, 0, across, tall), (across + gap, 0, 2 * across + gap, tall)
    stacked = (0, 0, wide, down), (0, down + gap, wide, 2 * down + gap)
    halves = [[_fitted(frame_wh, half) for half in pair] for pair in (beside, stacked)]
    first, second = max(halves, key=lambda pair: pair[0][2] - pair[0][0])
    return first, second


def compose_on(
    canvas_wh: tuple[int, int],
    frame_wh: tuple[int, int],
    parts: Sequence[Uint8Array],
    layout: Layout,
    split: float = 0.5,
    captions: tuple[str, str] = (PLAIN_CAPTION, HEAT_CAPTION),
) -> View:
    """Put pictures of a frame onto a black canvas.

    Args:
        canvas_wh: width and height of the canvas in pixels.
        frame_wh: width and height of the frame, in its own pixels.
        parts: the frame painted at the size of its places: one picture, or for ``DUAL`` and ``WIPE`` two, such as plain and with
            heat.
        layout: ``SINGLE`` shows one picture, ``DUAL`` both, ``WIPE`` the first left of the split and the second right of it.
        split: position of the wipe, as a share of the width, in ``[0, 1]``.
        captions: what the two of ``DUAL`` are.
    """
    places = places_on(canvas_wh, frame_wh, layout)
    shown = [_wipe(parts[0], parts[1], split)] if layout is Layout.WIPE else list(parts)
    if places == ((0, 0, *canvas_wh),):
        return View(shown[0], frame_wh, places)
    picture = np.zeros((canvas_wh[1], canvas_wh[0], 3), np.uint8)
    for part, (left, top, right, bottom) in zip(shown, places, strict=True):
        picture[top:bottom, left:right] = part
    if layout is Layout.DUAL:
        for caption, place in zip(captions, places, strict=True):
            _caption(picture, caption, place)
    return View(picture, frame_wh, places)


def _fitted(frame_wh: tuple[int, int], room: Pixels) -> Pixels:
    """Return the largest rectangle of the frame's aspect ratio, centred in another."""
    left, top, right, bottom = room
    wide, tall = fitted_wh(frame_wh, (right - left, bottom - top))
    left, top = left + (right - left - wide) // 2, top + (bottom - top - tall) // 2
    return left, top, left + wide, top + tall


def _dual_places(frame_wh: tuple[int, int]) -> tuple[Pixels, Pixels]:
    """Return the rectangles of the two halves: side by side or one above the other, with the divider between them."""
    width, height = frame_wh
    beside = width <= WIDEST_BESIDE * height
    gap = _gap_px(width, height)
    scale = min(1.0, (LONGEST - gap) / 2 / (width if beside else height))
    wide, tall = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (wide + gap, 0) if beside else (0, tall + gap)
    return (0, 0, wide, tall), (left, top, left + wide, top + tall)


def _wipe(plain: Uint8Array, heat: Uint8Array, split: float) -> Uint8Array:
    width = heat.shape[1]
    at = round(_clamped(split, 1.0) * width)
    picture: Uint8Array = heat.copy()
    picture[:, :at] = plain[:, :at]
    _handle(picture, min(at, width - 1))
    return picture


def _handle(picture: Uint8Array, at: int) -> None:
    """Draw the line between the two, with a knob whose arrows show that it can be dragged to both sides; in place."""
    height, width = picture.shape[:2]
    size = font_px(width, height)
    line = max(2, round(size / 8))
    for colour, wide in ((DARK, line + 2), (LIGHT, line)):
        left = max(0, at - wide // 2)
        picture[:, left : left + wide] = colour
    middle, radius = (at, height // 2), round(0.9 * size)
    cv2.circle(picture, middle, radius + 1, DARK, cv2.FILLED, cv2.LINE_AA)
    cv2.circle(picture, middle, radius, LIGHT, cv2.FILLED, cv2.LINE_AA)
    for side in (-1, 1):
        tip = round(0.62 * size) * side
        foot = round(0.2 * size) * side
        arrow = [
            (at + tip, middle[1]),
            (at + foot, middle[1] - radius // 2),
            (at + foot, middle[1] + radius // 2),
        ]
        cv2.fillConvexPoly(picture, np.array(arrow, np.int32), DARK, cv2.LINE_AA)


def _caption(picture: Uint8Array, text: str, place: Pixels) -> None:
    """Draw a caption in the top-left corner of one half, below the top line's place; in place, nothing if it does not fit."""
    height, width = picture.shape[:2]
    size = font_px(width, height)
    top = max(place[1], top_line_box((width, height))[3])
    right, bottom = place[0] + text_width(text, size) + size, top + line_height(size)
    if right <= place[2] and bottom <= place[3]:
        shade(picture, place[0], top, right, bottom)
        write(picture, text, place[0] + size // 2, top, size, LIGHT)


def caption_px(canvas_wh: tuple[int, int]) -> int:
    """Return the height of a caption on a canvas of this width and height."""
    return line_height(font_px(*canvas_wh))


def _gap_px(width: int, height: int) -> int:
    """Return the width of the divider: even, because 4:2:0 video halves both sides."""
    return 2 * max(1, round(font_px(width, height) / 8))


def _apart(place: Pixels, x: float, y: float) -> float:
    """Return the distance of a pixel from a rectangle, along the axes; 0 inside."""
    across = max(place[0] - x, x - (place[2] - 1), 0)
    down = max(place[1] - y, y - (place[3] - 1), 0)
    return float(across + down)


def _clamped(value: float, highest: float) -> float:
    return float(min(max(value, 0.0), highest))
