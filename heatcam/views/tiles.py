"""Tiles: one object each, cut out of the picture, with its own heat and its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array, fitted_wh
from heatcam.measures import RegionFinder, evidence_share
from heatcam.overlay import (
    OverlayOptions,
    Pixels,
    Stroke,
    blend,
    draw_shape,
    heat_shown,
    label_words,
    line_height,
    moved,
    object_colour,
    object_name,
    pixel_boxes,
    text_width,
)
from heatcam.text import printable
from heatcam.views.legend_strip import require_map
from heatcam.views.paper import Paper, write_left, write_right

ASPECT = 4 / 3  # width to height of a tile's picture
_AROUND = 0.18  # of the box's longer side, shown on each side of it
_BOX_WEIGHT = 1.3  # of its outline, in so small a picture
_LEAST_PX = 32  # of the frame; a smaller cut-out would be all blur


@dataclass(frozen=True)
class ObjectNumbers:
    """Numbers of one object as words.

    Attributes:
        name: class name, with the track number if there is one.
        score: confidence; with a question the other class's score, and what was found.
        energy_in_box: share of the evidence in the box, in percent; "" if not known.
        evidence: sum of the evidence; "" if not known.
        unit: its unit.
        is_low: True if the evidence is no better than chance.
    """

    name: str
    score: str
    energy_in_box: str
    evidence: str
    unit: str
    is_low: bool


def numbers_of(explanation: Explanation, n: int) -> ObjectNumbers:
    """Return the numbers of the ``n``-th object."""
    found, own = explanation.detections, explanation.object_maps
    asked, behind = label_words(found, n, explanation.question)
    name, score = object_name(found, n), f"{found.confidences[n]:.2f}"
    if behind:  # another class was asked about
        name, _, score = asked.rpartition(" ")
        name += behind
    energy = evidence = unit = ""
    if own:
        share = evidence_share(own[n], found.boxes_xyxy[n])
        energy = "" if share.energy_in_box is None else f"{100 * share.energy_in_box:.0f} %"
        evidence, unit = _amount(share.evidence), printable(own[n].unit)
    is_low = bool(explanation.low_evidence) and explanation.low_evidence[n]
    return ObjectNumbers(name, score, energy, evidence, unit, is_low)


def _amount(value: float) -> str:
    """Format an amount of evidence, with one decimal where it is neither large nor small."""
    return (
        f"{value:.1f}" if 1 <= value < 1000 or not value else f"{value:.2g}" if value < 1 else f"{value:.0f}"
    )


def caption_height(size: int) -> int:
    """Return the height in pixels of the words below a tile's picture: two lines and some air."""
    return round(3.3 * size)


def draw_tile(
    sheet: Uint8Array,
    place: Pixels,
    explanation: Explanation,
    n: int,
    look: OverlayOptions,
    size: int,
    paper: Paper,
    number: str = "",
) -> None:
    """Draw the tile of the ``n``-th object, in place.

    Args:
        sheet: uint8 ``(H, W, 3)``, BGR.
        place: the tile's picture and, below it, its words.
        explanation: detections and maps of one frame.
        n: index of the object.
        look: drawing options.
        size: font size in pixels.
        paper: colours of the words, and of what lies beside the picture.
        number: of the object on the sheet; "" for none.

    Raises:
        ViewError: there is no map.
    """
    left, top, right, bottom = place
    ground = bottom - caption_height(size)
    picture = object_picture(explanation, n, (right - left, ground - top), look, paper)
    sheet[top:ground, left:right] = picture
    _write_caption(sheet, (left, ground + round(0.2 * size), right), explanation, n, size, paper, number)


def object_picture(
    explanation: Explanation, n: int, size_wh: tuple[int, int], look: OverlayOptions, paper: Paper
) -> Uint8Array:
    """Draw one object with its surroundings, its heat and its box: uint8 ``(H, W, 3)`` of ``size_wh``, BGR.

    Raises:
        ViewError: there is no map.
    """
    frame, found = explanation.frame, explanation.detections
    finder = RegionFinder(look.region_share)
    heat = heat_shown(explanation, require_map(explanation), look.renorm, None, n, finder).values
    x1, y1, x2, y2 = surroundings(found.boxes_xyxy[n], frame.size_wh, size_wh[0] / size_wh[1])
    wide, tall = fitted_wh((x2 - x1, y2 - y1), size_wh)
    picture = _resized(frame.image_bgr[y1:y2, x1:x2], (wide, tall))
    blend(picture, _resized(heat[y1:y2, x1:x2], (wide, tall)), look.colormap, look.alpha)
    if look.boxes:
        is_low = bool(explanation.low_evidence) and explanation.low_evidence[n]
        shown = moved(found, (wide / (x2 - x1), tall / (y2 - y1)), (x1, y1))
        box = pixel_boxes(shown.boxes_xyxy, picture.shape)[n]
        draw_shape(picture, shown, n, box, Stroke(object_colour(found, n), is_low, _BOX_WEIGHT))
    canvas: Uint8Array = np.full((size_wh[1], size_wh[0], 3), paper.rule, np.uint8)
    left, top = (size_wh[0] - wide) // 2, (size_wh[1] - tall) // 2
    canvas[top : top + tall, left : left + wide] = picture
    return canvas


def surroundings(box_xyxy: npt.ArrayLike, frame_wh: tuple[int, int], aspect: float) -> Pixels:
    """Return the part of the frame to show of an object: its box with some room, as near to ``aspect`` as the frame allows.

    Args:
        box_xyxy: float ``(4,)`` in image pixels.
        frame_wh: width and height of the frame in pixels.
        aspect: wanted width over height.

    Returns:
        Half-open whole pixels in the frame, not empty; the box lies in it.
    """
    x1, y1, x2, y2 = (float(side) for side in np.asarray(box_xyxy))
    room = 2 * _AROUND * max(x2 - x1, y2 - y1)
    wide, tall = max(x2 - x1 + room, _LEAST_PX), max(y2 - y1 + room, _LEAST_PX)
    wide, tall = max(wide, tall * aspect), max(tall, wide / aspect)
    left, right = _within((x1 + x2) / 2, wide, frame_wh[0])
    top, bottom = _within((y1 + y2) / 2, tall, frame_wh[1])
    return left, top, right, bottom


def _within(middle: float, length: float, limit: int) -> tuple[int, int]:
    """Return start and end of a stretch around ``middle``, moved into ``[0, limit]`` and cut to it."""
    length = min(max(1, round(length)), limit)
    start = min(max(0, round(middle - length / 2)), limit - length)
    return start, start + length


def _resized(picture: Uint8Array, size_wh: tuple[int, int]) -> Uint8Array:
    """Resize a picture or heat; a new array."""
    if picture.shape[1::-1] == size_wh:
        return np.array(picture)
    shrinks = size_wh[0] < picture.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC if picture.ndim == 3 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size_wh, interpolation=how), np.uint8)


def _write_caption(
    sheet: Uint8Array,
    place: tuple[int, int, int],
    explanation: Explanation,
    n: int,
    size: int,
    paper: Paper,
    number: str,
) -> None:
    """Write the words below a tile's picture: its colour, name and score; energy in box and evidence, or that it is low."""
    left, top, right = place
    said = numbers_of(explanation, n)
    chip = round(0.7 * size)
    at = top + round(0.42 * size)
    sheet[at : at + chip, left : left + chip] = object_colour(explanation.detections, n)
    name_left = left + chip + size // 3
    if number:
        name_left += write_left(sheet, number, name_left, top, right, size, paper.quiet) + size // 3
    wide = write_right(sheet, said.score, name_left, top, right, size, paper.ink)
    write_left(sheet, said.name, name_left, top, right - wide - size // 3, size, paper.ink)
    top += line_height(size)
    wide = write_right(sheet, "low evidence" if said.is_low else "", left, top, right, size, paper.warns)
    wide += size // 3 if wide else 0
    texts = _fitting_numbers(said, size, right - left - wide)
    write_left(sheet, texts, left, top, right - wide, size, paper.quiet)


def _fitting_numbers(said: ObjectNumbers, size: int, room: int) -> str:
    """Return the longest form of the numbers that fits into ``room`` pixels."""
    if not said.evidence:
        return "no map of its own"
    energy, evidence = said.energy_in_box or "none", f"{said.evidence} {said.unit}"
    forms: Sequence[str] = (
        f"energy in box {energy} · evidence {evidence}",
        f"{energy} in box · {evidence}",
        f"{energy} in box · {said.evidence}",
        f"{energy} · {said.evidence}",
        f"{energy} in box",
    )
    return next((form for form in forms if text_width(form, size) <= room), energy)
