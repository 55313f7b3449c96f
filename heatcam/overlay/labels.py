"""Boxes, shapes and labels: readable at any resolution, always inside the picture, without overlap where there is room."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from heatcam.frames import Detections, Question
from heatcam.geometry import Uint8Array
from heatcam.overlay.cover_marks import GONE, NEW
from heatcam.overlay.heat import Pixels, pixel_boxes
from heatcam.overlay.shapes import Stroke, draw_shape
from heatcam.overlay.text import (
    Colour,
    fitted,
    font_px,
    line_height,
    text_colour_on,
    text_width,
    write,
)
from heatcam.probing import CoverEffect
from heatcam.text import printable

_GOLDEN = 0.6180339887  # golden ratio: steps of hue that stay away from earlier hues as long as possible
_NEIGHBOURS = 12  # rectangles beside which a label is tried: a crowd of 300 must not stall the picture
_SATURATIONS = (0.5, 0.4, 0.6)  # light enough for text with a contrast of 4.5


@lru_cache(maxsize=256)
def class_colour(class_id: int) -> Colour:
    """Return a class's colour, BGR: the same in every frame, far from its neighbours'.

    Class 0, often a person, is azure, which heat never is; hues close to an earlier one differ in saturation.
    """
    return _colour(class_id, 0.54)


@lru_cache(maxsize=1024)
def track_colour(track_id: int) -> Colour:
    """Return a tracked object's colour, BGR: the same as long as it keeps its number, far from the neighbouring numbers'."""
    return _colour(track_id, 0.24)


def _colour(number: int, first_hue: float) -> Colour:
    """Return the ``number``-th colour around the colour circle from ``first_hue`` on, BGR."""
    saturation = _SATURATIONS[number // 5 % 3]
    red, green, blue = colorsys.hsv_to_rgb((first_hue + number * _GOLDEN) % 1, saturation, 1.0)
    return round(255 * blue), round(255 * green), round(255 * red)


def object_colour(detections: Detections, n: int) -> Colour:
    """Return the colour of the ``n``-th detection: its track's, or its class's if it has no track."""
    track = _track_of(detections, n)
    return track_colour(track) if track else class_colour(int(detections.class_ids[n]))


def object_name(detections: Detections, n: int) -> str:
    """Return the name of the ``n``-th detection in one line, preceded by its track number: ``#7 person``."""
    return name_of(_track_of(detections, n), detections.class_names[n])


def name_of(track_id: int, class_name: str) -> str:
    """Return a class's name in one line, preceded by the track number if that is not 0."""
    name = printable(" ".join(class_name.split()))  # a line break would be drawn below the label
    return f"#{track_id} {name}" if track_id else name


def _track_of(detections: Detections, n: int) -> int:
    """Return the track number of the ``n``-th detection; 0 for none."""
    return 0 if detections.track_ids is None else int(detections.track_ids[n])


def draw_boxes(
    picture: Uint8Array,
    detections: Detections,
    keep_clear: tuple[Pixels, ...] = (),
    low_evidence: Sequence[bool] = (),
    focus: int | None = None,
    question: Question | None = None,
    effect: CoverEffect | None = None,
) -> None:
    """Draw every box with its mask's outline and its keypoints, then every label; in place.

    The strongest detections are placed first and drawn on top. A rotated box is drawn rotated; its label is at the upright box.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR.
        detections: boxes and shapes in the picture's pixels.
        keep_clear: rectangles that labels avoid, such as the top line.
        low_evidence: True for objects whose maps are no better than chance: their boxes are dashed and their labels say so; empty
            for none.
        focus: index of the one box that stands out; all others are thin and dim and have no labels.
        question: the question about the objects; the score of the class asked about then precedes the object's name.
        effect: of covers on these boxes, in the picture's pixels: those that vanished are dashed in red, new ones are added in
            green. None for none.
    """
    boxes = pixel_boxes(detections.boxes_xyxy, picture.shape)
    colours = [object_colour(detections, n) for n in range(len(boxes))]
    low = list(low_evidence) or [False] * len(boxes)
    gone = () if effect is None else effect.vanished
    for n in gone:
        colours[n], low[n] = GONE, True
    order = [n for n in reversed(range(len(boxes))) if n != focus] + ([] if focus is None else [focus])
    for n in order:
        weight, is_faint = 1.6 if n == focus else 1.0, focus not in (None, n) and n not in gone
        draw_shape(picture, detections, n, boxes[n], Stroke(colours[n], low[n], weight, is_faint))
    taken = list(keep_clear)
    labels = _draw_new(picture, effect, taken)
    for n in [n for n in range(len(boxes)) if focus in (None, n) or n in gone]:
        text, found = label_words(detections, n, question)
        if n in gone:
            found += " gone"
        elif low[n]:
            text = doubted_label(text, boxes[n][2] - boxes[n][0], picture.shape)
        text += found
        taken.append(place_label(text, boxes[n], (picture.shape[1], picture.shape[0]), taken))
        labels.append((text, taken[-1], colours[n]))
    for text, place, colour in reversed(labels):
        draw_label(picture, text, place, colour)


def _draw_new(
    picture: Uint8Array, effect: CoverEffect | None, taken: list[Pixels]
) -> list[tuple[str, Pixels, Colour]]:
    """Draw the boxes that appeared under a cover, in place; return their labels, whose places are added to ``taken``."""
    if effect is None:
        return []
    labels, boxes = [], pixel_boxes(effect.after.boxes_xyxy, picture.shape)
    for n in effect.appeared:
        draw_shape(picture, effect.after, n, boxes[n], Stroke(NEW))
        text = f"new {''.join(label_words(effect.after, n, None))}"
        taken.append(place_label(text, boxes[n], (picture.shape[1], picture.shape[0]), taken))
        labels.append((text, taken[-1], NEW))
    return labels


def label_words(detections: Detections, n: int, question: Question | None) -> tuple[str, str]:
    """Return a label's text in two parts: ``bus 0.88`` and "", or with a question ``truck 0.03`` and `` (bus 0.88)``."""
    found = f"{object_name(detections, n)} {detections.confidences[n]:.2f}"
    if question is None or question.scores is None or question.class_name == detections.class_names[n]:
        return found, ""
    return f"{name_of(0, question.class_name)} {_score(float(question.scores[n]))}", f" ({found})"


def _score(score: float) -> str:
    """Format a score with two decimals; ``<0.01`` for a positive one that would round to 0."""
    return "<0.01" if 0 < score < 0.005 else f"{score:.2f}"


def place_label(
    text: str, box: Pixels, size_wh: tuple[int, int], taken: list[Pixels], size: int = 0
) -> Pixels:
    """Place a label: above its box, else inside at the top, below, or inside at the bottom; always in the picture.

    Args:
        text: the label.
        box: its box in whole pixels.
        size_wh: the picture's size.
        taken: rectangles in use. If every place at the box touches one of them, the label goes beside one that is in the way.
        size: font size in pixels; 0 takes the one for a picture of this size.
    """
    width, height = size_wh
    size = size or font_px(width, height)
    wide, tall = min(text_width(text, size) + size, width), min(line_height(size), height)
    x1, y1, x2, y2 = box
    corners = [(left, top) for top in (y1 - tall, y1, y2, y2 - tall) for left in (x1, x2 - wide)]
    places = [_onto(left, top, wide, tall, size_wh) for left, top in corners if 0 <= top <= height - tall]
    places = places or [_onto(x1, y1, wide, tall, size_wh)]
    free = _first_free(places, taken)
    if free is None:
        in_the_way = sorted(
            (t for t in taken if touch(t, _grown(box, wide, tall))), key=lambda t: _far(t, box)
        )
        corners = [corner for t in in_the_way[:_NEIGHBOURS] for corner in _beside(t, x1, y1, wide, tall)]
        corners.sort(key=lambda corner: abs(corner[0] - x1) + abs(corner[1] + tall - y1))
        free = _first_free([_onto(left, top, wide, tall, size_wh) for left, top in corners], taken)
    return places[0] if free is None else free


def _first_free(places: list[Pixels], taken: list[Pixels]) -> Pixels | None:
    return next((p for p in places if not any(touch(p, other) for other in taken)), None)


def _beside(other: Pixels, left: int, top: int, wide: int, tall: int) -> list[tuple[int, int]]:
    """Return the top-left corners of labels directly below, above, left and right of a rectangle."""
    return [(left, other[3]), (left, other[1] - tall), (other[0] - wide, top), (other[2], top)]


def _grown(box: Pixels, wide: int, tall: int) -> Pixels:
    return box[0] - wide, box[1] - 2 * tall, box[2] + wide, box[3] + 2 * tall


def _far(other: Pixels, box: Pixels) -> int:
    """Return the Manhattan distance of a rectangle's top-left corner from the box's."""
    return abs(other[0] - box[0]) + abs(other[1] - box[1])


def _onto(left: int, top: int, wide: int, tall: int, size_wh: tuple[int, int]) -> Pixels:
    """Return a rectangle moved onto the picture."""
    left = min(max(left, 0), size_wh[0] - wide)
    top = min(max(top, 0), size_wh[1] - tall)
    return left, top, left + wide, top + tall


def touch(a: Pixels, b: Pixels) -> bool:
    """Return True if two rectangles have pixels in common."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def doubted_label(text: str, box_px: int, shape_hw: tuple[int, ...]) -> str:
    """Add to a label that the evidence is low; in one word if the box and the picture are narrow."""
    height, width = shape_hw[:2]
    whole, size = f"{text} low evidence", font_px(width, height)
    wide = text_width(whole, size) + size
    return whole if wide <= max(box_px, width // 4) else f"{text} low"


def draw_label(picture: Uint8Array, text: str, place: Pixels, colour: Colour) -> None:
    """Draw a label at its place, in place: text on a plate of the box's colour."""
    left, top, right, bottom = place
    size = font_px(picture.shape[1], picture.shape[0])
    picture[top:bottom, left:right] = label_plate(text, size, right - left, bottom - top, colour)


@lru_cache(maxsize=64)
def label_plate(text: str, size: int, wide: int, tall: int, colour: Colour) -> Uint8Array:
    """Draw a label, cached because most labels return in the next frame; uint8 ``(tall, wide, 3)``, read-only."""
    plate = np.full((tall, wide, 3), colour, np.uint8)
    write(plate, fitted(text, size, wide - size // 2), size // 2, 0, size, text_colour_on(colour))
    plate.flags.writeable = False
    return plate
