"""Heat of some rows of a picture too large to be drawn at once."""

from __future__ import annotations

import cv2
import numpy as np

from heatcam.frames import SaliencyMap
from heatcam.geometry import Float32Array, Letterbox, Uint8Array
from heatcam.measures import decided
from heatcam.overlay.heat import (
    SAMPLING,
    Pixels,
    inside_rotated,
    laid_over,
    left_of_peak,
    pixel_boxes,
    scaled,
    smoothed,
)


def heat_in_rows(
    own: SaliencyMap,
    box_xyxy: Float32Array,
    scale: float,
    rows: tuple[int, int],
    rotated_xywhr: Float32Array | None = None,
) -> tuple[Uint8Array, Pixels]:
    """Convert one object's map to heat in its box, in some rows: the same as of the whole box there.

    Args:
        own: its map, over the part of the picture that the network saw.
        box_xyxy: float32 ``(4,)`` in pixels of that part.
        scale: the evidence per cell that is full heat, in the map's unit.
        rows: the first row and the one after the last.
        rotated_xywhr: float32 ``(5,)``, its rotated box, which heat is cut to; None for none.

    Returns:
        uint8 ``(h, w)``, a new array, and the rectangle that it covers, in pixels of that part.
    """
    ((x1, y1, x2, y2),) = pixel_boxes(box_xyxy, own.letterbox.image_wh[::-1])
    step = max(1, round(SAMPLING / max(own.letterbox.scale_xy)))
    first = y1 + max(0, (rows[0] - y1) // step) * step  # (on the grid that the whole box is sampled on)
    last = min(y2, rows[1])
    if scale <= 0 or x2 <= x1 or last <= first:
        return np.zeros((0, 0), np.uint8), (x1, first, x1, first)
    smooth = smoothed(own.values)
    left = left_of_peak(own.values, smooth, own.letterbox, box_xyxy)
    shown = smooth if own.deviation is None else smoothed(decided(own))
    heat = laid_over(shown, own.letterbox, (x1, first, x2, last), scale * left)
    if rotated_xywhr is not None:
        heat = inside_rotated(heat, rotated_xywhr, (x1, first))
    start = max(0, rows[0] - first)
    return heat[start:], (x1, first + start, x2, last)


def evidence_over(values: Float32Array, letterbox: Letterbox, box: Pixels) -> Float32Array:
    """Return the positive evidence of a map at each pixel of a box, smoothed as for display: float32 ``(h, w)``, in its unit.

    Args:
        values: float32 ``(h, w)`` over the whole letterbox.
        letterbox: the geometry of the map.
        box: in pixels of its picture.
    """
    x1, y1, x2, y2 = box
    fine = smoothed(values)
    first, second = letterbox.points_to_model([[x1 + 0.5, y1 + 0.5], [x1 + 1.5, y1 + 1.5]]).astype(float)
    per_cell = np.array(letterbox.model_wh) / fine.shape[::-1]
    (left, top), (along_x, along_y) = first / per_cell - 0.5, (second - first) / per_cell
    place = np.array([[along_x, 0, left], [0, along_y, top]])
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(fine, place, (x2 - x1, y2 - y1), flags=how, borderMode=cv2.BORDER_REPLICATE),
        np.float32,
    )


def heat_of_evidence(evidence: Float32Array, scale: float) -> Uint8Array:
    """Convert evidence, float32 of any shape, to heat: 255 is ``scale`` or more; uint8, a new array."""
    return scaled(evidence, scale)
