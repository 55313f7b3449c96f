"""Outlines: of boxes, upright or rotated, solid or dashed for objects whose evidence is low, and of anything else.

All have a dark edge, to show on every background.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np

from heatcam.geometry import Float32Array, Uint8Array
from heatcam.overlay.heat import Pixels
from heatcam.overlay.text import DARK, LIGHT, Colour, font_px

_DASH, _GAP = 4.0, 3.0  # in widths of the line
_LEAST_DASH, _LEAST_GAP = 9.0, 8.0  # picture pixels: the dark edge takes two of each gap
_THIN = 2  # pixels: with a whole dark pixel on either side, so thin a line would look dark itself
_SUBPIXELS = 4  # binary digits after the point of coordinates that OpenCV draws at
_FARTHEST = 100_000.0  # pixels: OpenCV's coordinates are whole numbers of 32 bits


def draw_band(picture: Uint8Array, box: Pixels) -> None:
    """Draw the outline of a box that is being drawn with the mouse, in place; ``box``: half-open whole pixels."""
    draw_box(picture, box, LIGHT, dashed=True)


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
    line = line_px(picture, weight)
    x1, y1, x2, y2 = _corners(box)
    parts = [((x1, y1), (x2, y2))]
    if dashed:
        parts = list(_dashes(x1, y1, x2, y2, line))
    for paint, thick in ((DARK, line + 2), (colour, line)):
        for first, second in parts:
            cv2.rectangle(picture, first, second, paint, thick)


def draw_faint_box(picture: Uint8Array, box: Pixels, colour: Colour) -> None:
    """Draw a thin, darker outline without an edge, in place: for boxes that are not in focus."""
    x1, y1, x2, y2 = _corners(box)
    cv2.rectangle(picture, (x1, y1), (x2, y2), faint(colour), faint_px(picture))


def draw_rotated_box(
    picture: Uint8Array,
    corners: Float32Array,
    colour: Colour,
    *,
    dashed: bool = False,
    weight: float = 1.0,
) -> None:
    """Draw a rotated box's outline, in place; see ``draw_box``.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR.
        corners: float32 ``(4, 2)`` around the box, in pixels; they may lie outside of the picture.
        colour: BGR.
        dashed: draw with gaps.
        weight: thickness relative to the usual one.
    """
    line, corners = line_px(picture, weight), corners.clip(-_FARTHEST, _FARTHEST)
    sides = list(zip(corners, np.roll(corners, -1, 0), strict=True))
    parts = [dash for side in sides for dash in _dashes_between(*side, line)] if dashed else [corners]
    draw_edged(picture, parts, colour, line, closed=not dashed)


def draw_faint_rotated_box(picture: Uint8Array, corners: Float32Array, colour: Colour) -> None:
    """Draw a rotated box that is not in focus, in place; arguments as of ``draw_rotated_box``."""
    draw_lines(picture, [corners], faint(colour), faint_px(picture), closed=True)


def draw_edged(
    picture: Uint8Array, lines: Sequence[Float32Array], colour: Colour, line: int, *, closed: bool
) -> None:
    """Draw lines with a dark edge around all of them together, half as wide beside the thinnest, in place; see ``draw_lines``."""
    draw_lines(picture, lines, DARK, line + (2 if line > _THIN else 1), closed=closed)
    draw_lines(picture, lines, colour, line, closed=closed)


def draw_lines(
    picture: Uint8Array, lines: Sequence[Float32Array], colour: Colour, line: int, *, closed: bool
) -> None:
    """Draw lines through points, smooth and to fractions of a pixel, in place.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR.
        lines: each float ``(P, 2)``: x and y in pixels, whose middles lie at halves; no numbers but finite ones.
        colour: BGR.
        line: thickness in pixels.
        closed: join each line's last point with its first.
    """
    points = [subpixels(each) for each in lines]
    cv2.polylines(picture, points, closed, colour, line, cv2.LINE_AA, _SUBPIXELS)


def draw_dot(picture: Uint8Array, point_xy: Float32Array, colour: Colour, radius: float) -> None:
    """Draw a filled circle, in place: ``point_xy`` float ``(2,)`` as of ``draw_lines``, ``radius`` in pixels."""
    x, y = subpixels(point_xy).tolist()
    cv2.circle(picture, (x, y), round(radius * 2**_SUBPIXELS), colour, cv2.FILLED, cv2.LINE_AA, _SUBPIXELS)


def subpixels(points: Float32Array) -> Any:
    """Convert points ``(..., 2)`` in pixels to OpenCV's whole numbers; those far outside of any picture are moved nearer."""
    near = np.clip(np.asarray(points, np.float64) - 0.5, -_FARTHEST, _FARTHEST)
    return np.rint(near * 2**_SUBPIXELS).astype(np.int32)


def line_px(picture: Uint8Array, weight: float = 1.0) -> int:
    """Return the thickness of a box's line in pixels, ``weight`` times the usual one of a picture of this size."""
    return max(2, round(weight * max(2, round(font_px(picture.shape[1], picture.shape[0]) / 8))))


def faint_px(picture: Uint8Array) -> int:
    """Return the thickness of lines that are not in focus, in pixels."""
    return max(1, round(font_px(picture.shape[1], picture.shape[0]) / 18))


def faint(colour: Colour) -> Colour:
    """Return the darker colour of what is not in focus."""
    blue, green, red = (round(0.75 * value) for value in colour)
    return blue, green, red


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


def _dashes_between(first: Float32Array, last: Float32Array, line: int) -> Iterator[Float32Array]:
    """Yield the dashes of one side of a rotated box, each float ``(2, 2)``: its two ends."""
    length = round(math.dist(first, last))
    for ends in dashes_along(0, length, line):
        shares = np.divide(ends, max(1, length))[:, None]
        yield np.asarray(first + shares * (last - first), np.float32)


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
