"""Non-maximum suppression of one class again, for a candidate that may not have passed the confidence threshold."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from heatcam.frames import Candidates
from heatcam.geometry import overlaps
from heatcam.probing.verdicts import Suppressor

_MOST = 3000  # stronger boxes that are looked at: more of one class are only there at the noise level


def suppressor_of(
    candidates: Candidates, row: int, class_id: int, iou: float | None = None
) -> Suppressor | None:
    """Return the box that suppresses a candidate, or would once it passed the confidence threshold; None for none.

    The boxes of the class that are stronger than the candidate are gone through as ``non_maximum_suppression`` does it:
    strongest first, each kept unless it overlaps one that is kept already by more than the threshold. Only boxes whose anchor has
    no likelier class take part. Rotated boxes are compared by the upright ones around them, which is not exact.

    Args:
        candidates: of the picture.
        row: the candidate's.
        class_id: the class.
        iou: the overlap threshold; None takes the one that the kept boxes passed.
    """
    if not candidates.suppresses:
        return None
    iou = candidates.iou if iou is None else iou
    logits = candidates.logits
    stronger = np.nonzero(logits[:, class_id] > logits[row, class_id])[0]
    stronger = stronger[logits[stronger].argmax(1) == class_id]
    stronger = stronger[np.argsort(-logits[stronger, class_id], kind="stable")][:_MOST]
    boxes = candidates.boxes_xyxy
    near = np.minimum(
        overlaps(boxes[stronger], boxes[row : row + 1])[:, 0], 1
    )  # (equal boxes may round above it)
    for own in _kept(candidates, stronger, iou):
        if near[own] > iou:
            return _suppressor(candidates, int(stronger[own]), class_id, float(near[own]))
    return None


def overlap_needed(candidates: Candidates, row: int, class_id: int) -> float | None:
    """Return an overlap threshold, of four digits, with which nothing suppresses a candidate; None where nothing does now.

    With a higher threshold more boxes are kept, which may suppress the candidate in their turn: so it is raised until none does.

    Args:
        candidates: of the picture.
        row: the candidate's.
        class_id: the class.
    """
    needed = None
    while (by := suppressor_of(candidates, row, class_id, needed)) is not None:
        needed = min(1.0, math.ceil(1e4 * by.iou + 0.5) / 1e4)
    return needed


def nearest_kept(candidates: Candidates, row: int, class_id: int) -> Suppressor | None:
    """Return the kept box of the class that overlaps a candidate most: what suppressed a rotated one; None without any."""
    found = candidates.detections
    rows = found.anchors[found.class_ids == class_id]
    if not len(rows):
        return None
    shared = overlaps(candidates.boxes_xyxy[rows], candidates.boxes_xyxy[row : row + 1])[:, 0]
    return _suppressor(candidates, int(rows[shared.argmax()]), class_id, float(shared.max()))


def _kept(candidates: Candidates, ordered: npt.NDArray[np.intp], iou: float) -> list[int]:
    """Return the places in ``ordered``, rows from the strongest on, that survive each other, strongest first."""
    if not len(ordered):
        return []
    boxes = candidates.boxes_xyxy[ordered].astype(np.float64)
    sizes = np.concatenate((boxes[:, :2], boxes[:, 2:] - boxes[:, :2]), 1)
    ranks = np.linspace(1, 0.5, len(ordered))  # (in their order, whatever the logits)
    kept = cv2.dnn.NMSBoxes(sizes.tolist(), ranks.tolist(), 0.0, iou)
    return [int(place) for place in np.asarray(kept).ravel()]


def _suppressor(candidates: Candidates, row: int, class_id: int, iou: float) -> Suppressor:
    found = candidates.detections
    own = np.nonzero((found.anchors == row) & (found.class_ids == class_id))[0]
    wide, tall = candidates.letterbox.image_wh
    box = np.clip(candidates.boxes_xyxy[row], 0, [wide, tall, wide, tall]).astype(np.float32)
    confidence = float(1 / (1 + np.exp(-np.float64(candidates.logits[row, class_id]))))
    return Suppressor(box, confidence, min(1.0, iou), int(own[0]) if len(own) else None)
