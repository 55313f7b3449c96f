"""One object's shape: its box, upright or rotated, the outline of its mask, and its keypoints as a skeleton."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatcam.frames import Detections
from heatcam.geometry import Float32Array, Uint8Array, corners_of_rotated
from heatcam.overlay.heat import Pixels
from heatcam.overlay.lines import (
    draw_box,
    draw_dot,
    draw_edged,
    draw_faint_box,
    draw_faint_rotated_box,
    draw_lines,
    draw_rotated_box,
    faint,
    faint_px,
    line_px,
)
from heatcam.overlay.text import DARK, Colour

LEAST_CONFIDENCE = 0.5  # of a keypoint that is drawn
#: Pairs of COCO's 17 keypoints (nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles; left before right).
COCO_LIMBS = (
    *((15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12), (5, 6), (5, 7), (6, 8), (7, 9)),
    *((8, 10), (1, 2), (0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6)),
)
_COCO_COUNT = 17
_FINE = 0.7  # thickness of outlines and limbs relative to a box's line
_SMALLEST_RING = (
    3.0  # of its outline's thickness: the longer side of a ring that is drawn; speckles would be dots
)
_SLENDER = (
    1 / 60
)  # of the box's longer side: the thickest limb, so that a small person does not become a blot


@dataclass(frozen=True)
class Stroke:
    """Strength of an object's lines.

    Attributes:
        colour: BGR.
        dashed: draw its box with gaps.
        weight: thickness relative to the usual one.
        is_faint: draw everything thin, dim and without dark edges: another object is in focus.
    """

    colour: Colour
    dashed: bool = False
    weight: float = 1.0
    is_faint: bool = False


def draw_shape(picture: Uint8Array, detections: Detections, n: int, box: Pixels, stroke: Stroke) -> None:
    """Draw the ``n``-th detection's outline, box and keypoints, as far as it has them; in place.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR.
        detections: in the picture's pixels.
        n: index of the detection.
        box: its upright box in whole pixels, which is drawn where it has no rotated one.
        stroke: how it is drawn.
    """
    if detections.mask_polygons is not None:
        draw_outline(picture, detections.mask_polygons[n], stroke)
    if detections.rotated_xywhr is not None:
        _draw_rotated(picture, detections.rotated_xywhr[n], stroke)
    elif stroke.is_faint:
        draw_faint_box(picture, box, stroke.colour)
    else:
        draw_box(picture, box, stroke.colour, dashed=stroke.dashed, weight=stroke.weight)
    if detections.keypoints is not None:
        draw_keypoints(picture, detections.keypoints[n], max(box[2] - box[0], box[3] - box[1]), stroke)


def _draw_rotated(picture: Uint8Array, box_xywhr: Float32Array, stroke: Stroke) -> None:
    if not np.isfinite(box_xywhr).all():
        return
    (corners,) = corners_of_rotated(box_xywhr)
    if stroke.is_faint:
        draw_faint_rotated_box(picture, corners, stroke.colour)
    else:
        draw_rotated_box(picture, corners, stroke.colour, dashed=stroke.dashed, weight=stroke.weight)


def draw_outline(picture: Uint8Array, rings: tuple[Float32Array, ...], stroke: Stroke) -> None:
    """Draw the outlines of a mask, in place, nothing inside: the heat is there. Specks of a few pixels are left out.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR.
        rings: as ``Detections.mask_polygons`` has them, in the picture's pixels.
        stroke: how they are drawn; never dashed.
    """
    line = _fine_px(picture, stroke)
    shown = [ring for ring in rings if np.ptp(ring, 0).max() > _SMALLEST_RING * line]
    if stroke.is_faint:
        draw_lines(picture, shown, faint(stroke.colour), line, closed=True)
    else:
        draw_edged(picture, shown, stroke.colour, line, closed=True)


def draw_keypoints(picture: Uint8Array, keypoints: Float32Array, side_px: float, stroke: Stroke) -> None:
    """Draw keypoints as dots, with a skeleton where there are COCO's 17, in place; those of little confidence are left out.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR.
        keypoints: float32 ``(K, 3)``: x and y in the picture's pixels, and confidence.
        side_px: longer side of the object's box, in pixels.
        stroke: how they are drawn; never dashed.
    """
    is_seen = (keypoints[:, 2] >= LEAST_CONFIDENCE) & np.isfinite(keypoints).all(1)
    points, pairs = keypoints[:, :2], COCO_LIMBS if len(keypoints) == _COCO_COUNT else ()
    limbs = [points[list(pair)] for pair in pairs if is_seen[list(pair)].all()]
    line = max(1, min(_fine_px(picture, stroke), round(_SLENDER * side_px)))
    if stroke.is_faint:
        draw_lines(picture, limbs, faint(stroke.colour), line, closed=False)
    else:
        draw_edged(picture, limbs, stroke.colour, line, closed=False)
    _draw_dots(picture, points[is_seen], line, stroke)


def _fine_px(picture: Uint8Array, stroke: Stroke) -> int:
    """Return the thickness of outlines and limbs in pixels, before what the object's size allows."""
    return faint_px(picture) if stroke.is_faint else max(2, round(_FINE * line_px(picture, stroke.weight)))


def _draw_dots(picture: Uint8Array, points: Float32Array, line: int, stroke: Stroke) -> None:
    """Draw a dot at each point, wider than a limb of ``line`` pixels."""
    radius = line + 0.5
    for point in points:
        if not stroke.is_faint:
            draw_dot(picture, point, DARK, radius + 1)
        draw_dot(picture, point, faint(stroke.colour) if stroke.is_faint else stroke.colour, radius)
