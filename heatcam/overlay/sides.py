"""The two models' own pictures in a comparison: the frame with heat, boxes, and labels that say who found what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heatcam.comparison import ComparedObject
from heatcam.enums import Colormap
from heatcam.frames import Detections, Explanation, SaliencyMap
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.overlay.blend import blend
from heatcam.overlay.diverging import end_colours
from heatcam.overlay.heat import Pixels, heat_in_boxes, pixel_boxes
from heatcam.overlay.labels import draw_label, name_of, place_label, track_colour
from heatcam.overlay.lines import draw_box
from heatcam.overlay.shapes import Stroke, draw_shape
from heatcam.overlay.text import Colour

_PLATE: Colour = (235, 235, 235)


@dataclass(frozen=True)
class Marked:
    """A box with its label.

    Attributes:
        box: half-open whole pixels.
        label: text; "" for none.
        colour: BGR.
        found: the detections and the index of the object in them, whose shape is drawn; None for an object that this model did
            not find, whose box is dashed.
    """

    box: Pixels
    label: str
    colour: Colour
    found: tuple[Detections, int] | None = None


def draw_side(
    image_bgr: Uint8Array,
    objects: Sequence[ComparedObject],
    numbers: Sequence[int],
    explanation: Explanation,
    side: str,
    scale: float,
    look: tuple[Colormap, float, bool],
    keep_clear: Sequence[Pixels] = (),
) -> Uint8Array:
    """Draw one model's heat and boxes; an object that it did not find has a dashed box, and its heat for the same class there.

    Args:
        image_bgr: uint8 ``(H, W, 3)``, not changed.
        objects: in the picture's pixels.
        numbers: the number of each object.
        explanation: the model's own.
        side: ``a`` or ``b``.
        scale: the evidence per cell that is full heat.
        look: colours of the heat, opacity of the hottest pixel in ``[0, 1]``, and whether boxes are drawn.
        keep_clear: rectangles that labels avoid.

    Returns:
        uint8 ``(H, W, 3)``, BGR, a new picture.
    """
    colormap, alpha, boxes = look
    picture: Uint8Array = image_bgr.copy()
    shown = [
        (own, box) for each in objects if (own := _map(each, side)) is not None for box in [_box(each, side)]
    ]
    if shown:
        maps, places = [own for own, _ in shown], np.stack([box for _, box in shown])
        blend(
            picture, heat_in_boxes(maps, places, scale, (picture.shape[1], picture.shape[0])), colormap, alpha
        )
    if boxes:
        marked = [
            _marked(each, number, explanation, side, picture.shape)
            for each, number in zip(objects, numbers, strict=True)
        ]
        draw_marked(picture, marked, keep_clear)
    return picture


def draw_pair_boxes(
    picture: Uint8Array,
    objects: Sequence[ComparedObject],
    numbers: Sequence[int],
    keep_clear: Sequence[Pixels] = (),
) -> None:
    """Draw the boxes of A and B over their difference, in place, each in the colour of its side, labelled with the correlation.

    A's box is dashed and lies on B's, so that both are seen where they are equal. Labels avoid the rectangles ``keep_clear``.
    """
    of_b, of_a = end_colours()
    marked = []
    for each, number in zip(objects, numbers, strict=True):
        if each.b is not None:
            (box,) = pixel_boxes(each.box_b_xyxy, picture.shape)
            draw_box(picture, box, of_b)
        if each.a is not None:
            (box,) = pixel_boxes(each.box_a_xyxy, picture.shape)
            draw_box(picture, box, of_a, dashed=each.b is not None)
        (around,) = pixel_boxes(each.around_xyxy, picture.shape)
        marked.append(Marked(around, f"#{number} {_correlation(each)}", _PLATE))
    draw_labels(picture, marked, keep_clear)


def draw_marked(picture: Uint8Array, marked: Sequence[Marked], keep_clear: Sequence[Pixels] = ()) -> None:
    """Draw boxes and shapes, then labels, in place; the first ones on top."""
    for each in reversed(marked):
        if each.found is None:
            draw_box(picture, each.box, each.colour, dashed=True)
        else:
            draw_shape(picture, *each.found, each.box, Stroke(each.colour))
    draw_labels(picture, marked, keep_clear)


def draw_labels(picture: Uint8Array, marked: Sequence[Marked], keep_clear: Sequence[Pixels] = ()) -> None:
    """Place each label beside its box and off the others and ``keep_clear``, and draw them, in place."""
    size_wh, taken = (picture.shape[1], picture.shape[0]), list(keep_clear)
    for each in marked:
        taken.append(place_label(each.label, each.box, size_wh, taken))
    for each, place in reversed(list(zip(marked, taken[len(keep_clear) :], strict=True))):
        draw_label(picture, each.label, place, each.colour)


def _marked(
    each: ComparedObject, number: int, explanation: Explanation, side: str, shape_hw: tuple[int, ...]
) -> Marked:
    """Return the box and the label of an object in one model's picture."""
    place = each.a if side == "a" else each.b
    (box,) = pixel_boxes(_box(each, side), shape_hw)
    if place is None:
        said = "not found" if _map(each, side) is not None else "not found, not asked"
        return Marked(box, f"#{number} {said}", track_colour(number))
    found = explanation.detections
    alone = each.a is None or each.b is None
    low = bool(explanation.low_evidence and explanation.low_evidence[place])
    label = f"{name_of(number, found.class_names[place])} {found.confidences[place]:.2f}"
    label += (" low" if low else "") + (f" only {side.upper()}" if alone else "")
    return Marked(box, label, track_colour(number), (found, place))


def _correlation(each: ComparedObject) -> str:
    value = each.numbers.map_correlation
    return "-" if value is None else f"{value:.2f}"


def _map(each: ComparedObject, side: str) -> SaliencyMap | None:
    return each.map_a if side == "a" else each.map_b


def _box(each: ComparedObject, side: str) -> Float32Array:
    return each.box_a_xyxy if side == "a" else each.box_b_xyxy
