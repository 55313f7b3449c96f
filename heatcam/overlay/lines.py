"""Outlines of boxes: solid, or dashed for objects whose evidence is low; with a dark edge, to show on every background."""

from __future__ import annotations

from collections.abc import Iterator

import cv2

from heatcam.geometry import Uint8Array
from heatcam.overlay.heat import Pixels
from heatcam.overlay.text import DARK, Colour, font_px

_DASH, _GAP = 4.0, 3.0  # in widths of the line
_LEAST_DASH, _LEAST_GAP = 9.0, 8.0  # picture pixels: the dark edge takes two of each gap


def draw_box(
    picture: Uint8Array, box: Pixels, colour: Colour, *, dashed: bool = False, weight: float = 1.0
) -> None:
    """Draw a box's outline, in place.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR.
        box: half-open whole pixels.
        colour: BGR, of the line inside its dark edge.
        dashed: draw with gaps; each corner is a dash, so that even a tiny box is recognisable.
        weight: thickness relative to the usual one.
    """
    line = max(2, round(weight * max(2, round(font_px(picture.shape[1], picture.shape[0]) / 8))))
    x1, y1, x2, y2 = _corners(box)
    parts = [((x1, y1), (x2, y2))]
    if dashed:
        parts = list(_dashes(x1, y1, x2, y2, line))
    for paint, thick in ((DARK, line + 2), (colour, line)):
        for first, second in parts:
            cv2.rectangle(picture, first, second, paint, thick)


def draw_faint_box(picture: Uint8Array, box: Pixels, colour: Colour) -> None:
    """Draw a thin, darker outline without an edge, in place: for boxes that are not in focus."""
    line = max(1, round(font_px(picture.shape[1], picture.shape[0]) / 18))
    x1, y1, x2, y2 = _corners(box)
    blue, green, red = (round(0.75 * value) for value in colour)
    cv2.rectangle(picture, (x1, y1), (x2, y2), (blue, green, red), line)


def _corners(box: Pixels) -> Pixels:
    """Return the first and the last pixel of a half-open box, at least one."""
    return box[0], box[1], max(box[0], box[2] - 1), max(box[1], box[3] - 1)


def _dashes(
    x1: int, y1: int, x2: int, y2: int, line: int
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield the dashes along the four sides, each as a flat rectangle between its ends: rectangles have square ends."""
    for first, last in dashes_along(x1, x2, line):
        yield from (((first, y), (last, y)) for y in (y1, y2))
    for first, last in dashes_along(y1, y2, line):
        yield from (((x, first), (x, last)) for x in (x1, x2))


def dashes_along(start: int, end: int, line: int) -> list[tuple[int, int]]:
    """Divide one side into dashes of equal length and distance, the first from ``start``, the last to ``end``.

    Args:
        start: the side's first end in pixels.
        end: its other end.
        line: width of the line in pixels.

    Returns:
        Start and end of each dash in pixels; one dash, the whole side, if there is no room for two with a gap between them.
    """
    dash, gap = max(_LEAST_DASH, _DASH * line), max(_LEAST_GAP, _GAP * line)
    gaps = round((end - start - dash) / (dash + gap))
    if gaps < 1:
        return [(start, end)]
    stretch = (end - start) / (dash + gaps * (dash + gap))
    step, length = stretch * (dash + gap), stretch * dash
    return [(round(start + n * step), round(start + n * step + length)) for n in range(gaps + 1)]
