"""Boxes, shapes and labels over a picture of any size, drawn part by part, in lines and letters of one screen.

A picture of 20,000 pixels is looked at in parts, and from afar in smaller levels: both get lines of the same thickness, and from
afar only those labels that have room.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np

from heatcam.enums import Colormap
from heatcam.frames import Detections, Question
from heatcam.geometry import Uint8Array
from heatcam.overlay.colour_bar import colour_bar_box, draw_colour_bar
from heatcam.overlay.heat import Pixels, pixel_boxes
from heatcam.overlay.labels import doubted_label, label_plate, label_words, object_colour, place_label, touch
from heatcam.overlay.legend import Legend
from heatcam.overlay.resized import alone, moved
from heatcam.overlay.shapes import Stroke, draw_shape
from heatcam.overlay.text import Colour, font_px, line_height, text_width

_SCREEN_WH = 1280, 720  # lines and letters are those of a picture of this size
_BLOCK = 1024  # pixels along a row that are drawn at once
_MARGIN = 128  # around what is drawn at once: lines begin there
_TINY = 20  # pixels: boxes with shorter sides are drawn by a thin line alone
_LABELLED = 40  # pixels of the longer side from which a box of a smaller level is named
_NEAR = 256  # pixels: labels further away are in nobody's way


@dataclass(frozen=True, eq=False)
class LevelObjects:
    """Objects and legend that are drawn over every level of a picture.

    Attributes:
        detections: in pixels of the whole picture.
        low_evidence: True for objects whose evidence is low; empty where not known.
        question: the question about the objects, as in ``Explanation``.
        legend: text of the colour bar; None draws none.
        colormap: its colours.
        boxes: draw boxes, shapes and labels.
    """

    detections: Detections
    low_evidence: Sequence[bool] = ()
    question: Question | None = None
    legend: Legend | None = None
    colormap: Colormap = Colormap.TURBO
    boxes: bool = True


@dataclass(frozen=True)
class _Label:
    text: str
    place: Pixels
    colour: Colour


class LevelMarks:
    """Marks over one level of a picture.

    Args:
        objects: what is drawn, in pixels of the whole picture.
        image_wh: width and height of the whole picture.
        level_wh: width and height of the level.
    """

    def __init__(self, objects: LevelObjects, image_wh: tuple[int, int], level_wh: tuple[int, int]) -> None:
        self._objects, self._level_wh = objects, level_wh
        self._scale = level_wh[0] / image_wh[0], level_wh[1] / image_wh[1]
        self._font = font_px(*_SCREEN_WH)
        self._bar = None if objects.legend is None else _bar(objects.legend, objects.colormap, level_wh)
        self._found = moved(objects.detections, self._scale)
        self._boxes = pixel_boxes(self._found.boxes_xyxy, level_wh[::-1]) if objects.boxes else []
        self._corners = np.array(self._boxes, np.int64).reshape(-1, 4)
        self._labels = list(self._placed(is_whole=level_wh == image_wh)) if objects.boxes else []
        self._label_corners = np.array([label.place for label in self._labels], np.int64).reshape(-1, 4)

    def draw(self, picture: Uint8Array, top: int) -> None:
        """Draw what lies in some rows of the level, in place.

        Args:
            picture: the rows, uint8 ``(h, W, 3)``, BGR.
            top: the first of them.
        """
        height, width = picture.shape[:2]
        for left in range(0, width, _BLOCK):
            block = left, top, min(left + _BLOCK, width), top + height
            self._draw_block(picture[:, left : block[2]], block)
        if self._bar is not None:
            _paste(picture, self._bar[0], self._bar[1], (0, top))

    def _draw_block(self, part: Uint8Array, block: Pixels) -> None:
        """Draw into a view of the picture what touches its rectangle."""
        around = block[0] - _MARGIN, block[1] - _MARGIN, block[2] + _MARGIN, block[3] + _MARGIN
        numbers = _touching(self._corners, around)
        if len(numbers):
            canvas = _canvas(part)
            inner = canvas[_MARGIN : _MARGIN + part.shape[0], _MARGIN : _MARGIN + part.shape[1]]
            inner[...] = part
            for n in numbers[::-1]:
                self._draw_object(canvas, int(n), around[:2])
            part[...] = inner
        for n in _touching(self._label_corners, block)[::-1]:
            label = self._labels[n]
            left, top, right, bottom = label.place
            plate = label_plate(label.text, self._font, right - left, bottom - top, label.colour)
            _paste(part, plate, label.place, block[:2])

    def _draw_object(self, canvas: Uint8Array, n: int, corner: tuple[int, int]) -> None:
        x1, y1, x2, y2 = (int(v) for v in self._corners[n])
        box = x1 - corner[0], y1 - corner[1], x2 - corner[0], y2 - corner[1]
        colour = object_colour(self._found, n)
        if min(x2 - x1, y2 - y1) < _TINY:
            cv2.rectangle(canvas, box[:2], (max(box[2] - 1, box[0]), max(box[3] - 1, box[1])), colour, 1)
            return
        low = self._objects.low_evidence
        one = moved(alone(self._found, n), (1.0, 1.0), corner)
        draw_shape(canvas, one, 0, box, Stroke(colour, bool(low and low[n])))

    def _placed(self, *, is_whole: bool) -> Iterator[_Label]:
        """Place the labels, the strongest first; in a smaller level those alone that are in nobody's way."""
        taken = _Taken()
        if self._bar is not None:
            taken.add(self._bar[1])
        low, size = self._objects.low_evidence, self._font
        for n, box in enumerate(self._boxes):
            longer = max(box[2] - box[0], box[3] - box[1])
            if not is_whole and longer < _LABELLED:
                continue
            text, found = label_words(self._found, n, self._objects.question)
            if low and low[n]:
                text = doubted_label(text, box[2] - box[0], _SCREEN_WH[::-1])
            if not is_whole and text_width(text + found, size) > 2 * longer:
                continue
            near = taken.near(box, text_width(text + found, size) + size, line_height(size))
            place = place_label(text + found, box, self._level_wh, near, size)
            if is_whole or not any(touch(place, other) for other in near):
                taken.add(place)
                yield _Label(text + found, place, object_colour(self._found, n))


@dataclass
class _Taken:
    """Rectangles in use, by the squares that they lie in."""

    _squares: dict[tuple[int, int], list[Pixels]] = field(default_factory=dict)

    def add(self, place: Pixels) -> None:
        for square in _squares_of(place):
            self._squares.setdefault(square, []).append(place)

    def near(self, box: Pixels, wide: int, tall: int) -> list[Pixels]:
        """Return the rectangles around the upper and the lower side of a box, where labels are placed; each once."""
        x1, y1, x2, y2 = box
        rows = (y1 - 2 * tall, y1 + 2 * tall), (y2 - 2 * tall, y2 + 2 * tall)
        columns = (x1 - wide, x1 + 2 * wide), (x2 - 2 * wide, x2 + wide)
        around = {
            s for low, high in rows for left, right in columns for s in _squares_of((left, low, right, high))
        }
        return list(
            dict.fromkeys(place for square in sorted(around) for place in self._squares.get(square, ()))
        )


def _squares_of(place: Pixels) -> Iterator[tuple[int, int]]:
    for row in range(place[1] // _NEAR, place[3] // _NEAR + 1):
        for column in range(place[0] // _NEAR, place[2] // _NEAR + 1):
            yield row, column


def _touching(corners: np.ndarray, box: Pixels) -> np.ndarray:
    """Return the indices of rectangles ``(N, 4)`` that touch one."""
    x1, y1, x2, y2 = corners.T
    return np.flatnonzero((x1 < box[2]) & (x2 > box[0]) & (y1 < box[3]) & (y2 > box[1]))


def _canvas(part: Uint8Array) -> Uint8Array:
    """Return a picture around a part, as large as a screen at least, so that lines have its thickness."""
    height, width = part.shape[:2]
    tall, wide = max(_SCREEN_WH[1], height + 2 * _MARGIN), max(_SCREEN_WH[0], width + 2 * _MARGIN)
    return np.zeros((tall, wide, 3), np.uint8)


@lru_cache(maxsize=4)
def _bar(legend: Legend, colormap: Colormap, level_wh: tuple[int, int]) -> tuple[Uint8Array, Pixels]:
    """Return the colour bar, uint8 BGR on a dark ground, and its place at the level's lower right."""
    screen = min(level_wh[0], _SCREEN_WH[0]), min(level_wh[1], _SCREEN_WH[1])
    canvas = np.full((screen[1], screen[0], 3), 60, np.uint8)
    left, top, right, bottom = colour_bar_box(screen, legend)
    draw_colour_bar(canvas, colormap, legend)
    across, down = level_wh[0] - screen[0], level_wh[1] - screen[1]
    plate = canvas[top:bottom, left:right]
    is_drawn = bool((plate != 60).any())
    return (plate if is_drawn else plate[:0]), (left + across, top + down, right + across, bottom + down)


def _paste(picture: Uint8Array, plate: Uint8Array, place: Pixels, corner: tuple[int, int]) -> None:
    """Lay a plate over a picture whose first pixel is at ``corner``, as far as it lies there; in place."""
    left, top = place[0] - corner[0], place[1] - corner[1]
    rows = slice(max(0, -top), max(0, min(plate.shape[0], picture.shape[0] - top)))
    columns = slice(max(0, -left), max(0, min(plate.shape[1], picture.shape[1] - left)))
    part = plate[rows, columns]
    if part.size:
        picture[top + rows.start : top + rows.stop, left + columns.start : left + columns.stop] = part
