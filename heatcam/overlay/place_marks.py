"""Marks of a place that was asked about: its outline, the box most nearly found there, and what suppresses that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from heatcam.geometry import Float32Array, Uint8Array
from heatcam.overlay.heat import Pixels, pixel_boxes
from heatcam.overlay.labels import class_colour, draw_label, place_label
from heatcam.overlay.lines import draw_box
from heatcam.overlay.text import Colour
from heatcam.probing import PlaceAnswer, Verdict, score_words
from heatcam.text import printable

PLACE: Colour = (235, 235, 235)
SUPPRESSOR: Colour = (60, 190, 255)  # amber: in no end of the diverging colours


@dataclass(frozen=True, eq=False)  # (arrays do not compare)
class PlaceMark:
    """A box with its label.

    Attributes:
        box_xyxy: float32 ``(4,)`` in pixels of the image, or of the picture that it is drawn on.
        label: text; "" for none.
        colour: BGR.
        dashed: drawn with gaps: a box that was not kept, or nearly so.
    """

    box_xyxy: Float32Array
    label: str
    colour: Colour
    dashed: bool = False


def place_marks(
    place_xyxy: Sequence[float], answer: PlaceAnswer | None, *, is_low: bool = False
) -> tuple[PlaceMark, ...]:
    """Return the marks of a place, the one whose label comes first in front; the place alone where there is no answer.

    A candidate that was found has no label: the kept box has one.

    Args:
        place_xyxy: the place, in image pixels.
        answer: about it.
        is_low: the evidence for the candidate is low.
    """
    place = PlaceMark(np.array(place_xyxy, np.float32), "asked here", PLACE)
    if answer is None:
        return (place,)
    best, by = answer.candidate, answer.suppressed_by
    name = f"{printable(answer.place.class_name)} {score_words(best.confidence)}"
    label = "" if answer.verdict is Verdict.FOUND else name + (" low" if is_low else "")
    marks = [PlaceMark(best.box_xyxy, label, class_colour(answer.place.class_id), dashed=True), place]
    if by is not None:
        does = "suppresses" if answer.verdict is Verdict.SUPPRESSED else "would suppress"
        said = f"{does} it: {score_words(by.confidence)}, IoU {by.iou:.2f}"
        marks.append(PlaceMark(by.box_xyxy, said, SUPPRESSOR))
    return tuple(marks)


def moved_marks(marks: Sequence[PlaceMark], scale_xy: tuple[float, float]) -> tuple[PlaceMark, ...]:
    """Return the same marks in a picture that is resized; ``scale_xy``: how many times as long its sides become."""
    scale = np.array([*scale_xy, *scale_xy], np.float32)
    return tuple(replace(mark, box_xyxy=np.asarray(mark.box_xyxy * scale, np.float32)) for mark in marks)


def labels_of(
    marks: Sequence[PlaceMark], size_wh: tuple[int, int], taken: Sequence[Pixels] = ()
) -> list[Pixels]:
    """Return a rectangle for each mark's label, off each other and off what is taken; an empty one for a mark without.

    Args:
        marks: in the picture's pixels.
        size_wh: width and height of the picture.
        taken: rectangles that labels avoid.
    """
    found: list[Pixels] = []
    for mark, box in zip(marks, _boxes(marks, size_wh), strict=True):
        used = [*taken, *(each for each in found if each[2] > each[0])]
        found.append(place_label(mark.label, box, size_wh, used) if mark.label else (0, 0, 0, 0))
    return found


def draw_place_marks(
    picture: Uint8Array, marks: Sequence[PlaceMark], labels: Sequence[Pixels] | None = None
) -> None:
    """Draw the marks of a place, in place; dashed boxes lie on the others, as a candidate is often the place itself.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR.
        marks: in its pixels.
        labels: a rectangle for each label; None finds them.
    """
    size_wh = picture.shape[1], picture.shape[0]
    labels = labels_of(marks, size_wh) if labels is None else labels
    boxes = list(zip(marks, _boxes(marks, size_wh), strict=True))
    for mark, box in sorted(boxes, key=lambda each: each[0].dashed):
        draw_box(picture, box, mark.colour, dashed=mark.dashed)
    for mark, label in reversed(list(zip(marks, labels, strict=True))):
        if mark.label:
            draw_label(picture, mark.label, label, mark.colour)


def _boxes(marks: Sequence[PlaceMark], size_wh: tuple[int, int]) -> list[Pixels]:
    """Return the boxes in whole pixels."""
    return [box for mark in marks for box in pixel_boxes(mark.box_xyxy, size_wh[::-1])]
