"""Outlines of covers with their numbers, and the colours of boxes that a cover changed."""

from __future__ import annotations

from dataclasses import dataclass

import cv2

from heatcam.geometry import Float32Array, Uint8Array
from heatcam.overlay.heat import Pixels, pixel_boxes
from heatcam.overlay.lines import dashes_along, faint_px
from heatcam.overlay.panels import small_px
from heatcam.overlay.text import DARK, Colour, line_height, text_colour_on, text_width, write
from heatcam.probing import CoverEffect

COVER: Colour = (60, 190, 255)
GONE: Colour = (90, 90, 255)
NEW: Colour = (130, 220, 120)


@dataclass(frozen=True, eq=False)
class CoverMarks:
    """Covers on a picture, and what they change there.

    Attributes:
        numbers: number of each cover.
        boxes_xyxy: float32 ``(N, 4)``, where each of them is, in the picture's pixels.
        effect: what they change, with boxes in the picture's pixels; None where it is not known.
        waits: True for each cover that the model has not seen: its outline is dashed.
    """

    numbers: tuple[int, ...]
    boxes_xyxy: Float32Array
    effect: CoverEffect | None
    waits: tuple[bool, ...]


def draw_cover_outlines(picture: Uint8Array, covers: CoverMarks, top: int = 0) -> list[Pixels]:
    """Draw thin outlines of covers with their numbers, in place; those outside of the picture are left out.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR.
        covers: what to draw.
        top: rows of the picture that text lies on; no number is drawn there.

    Returns:
        The rectangles of the numbers, in pixels.
    """
    plates = []
    boxes = pixel_boxes(covers.boxes_xyxy, picture.shape)
    for number, box, waits in zip(covers.numbers, boxes, covers.waits, strict=True):
        if box[2] - box[0] > 1 and box[3] - box[1] > 1:
            _outline(picture, box, waits)
            plates += _number(picture, str(number), box, top)
    return plates


def _outline(picture: Uint8Array, box: Pixels, dashed: bool) -> None:
    line = faint_px(picture)
    left, upper, right, lower = box[0], box[1], box[2] - 1, box[3] - 1
    sides = [((left, upper), (right, lower))]
    if dashed:
        across = [((a, y), (b, y)) for a, b in dashes_along(left, right, line) for y in (upper, lower)]
        sides = across + [
            ((x, a), (x, b)) for a, b in dashes_along(upper, lower, line) for x in (left, right)
        ]
    for colour, thick in ((DARK, line + 2), (COVER, line)):
        for first, last in sides:
            cv2.rectangle(picture, first, last, colour, thick)


def _number(picture: Uint8Array, text: str, box: Pixels, top: int) -> list[Pixels]:
    """Draw a number on a plate in the cover's lower left corner, below a small one; return its rectangle, if there is room."""
    height, width = picture.shape[:2]
    size = small_px((width, height))
    wide, tall = text_width(text, size) + size // 2, line_height(size)
    has_room = box[2] - box[0] >= 2 * wide and box[3] - box[1] >= 2 * tall
    lower = box[3] if has_room or box[3] + tall > height else box[3] + tall
    x, y = max(0, min(box[0], width - wide)), max(lower - tall, top)
    if y + tall > height or wide > width:
        return []
    picture[y : y + tall, x : x + wide] = COVER
    write(picture, text, x + size // 4, y, size, text_colour_on(COVER))
    return [(x, y, x + wide, y + tall)]
