"""Choice of boxes among predictions: thresholds and non-maximum suppression, as ultralytics' ``predict`` makes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatcam.frames import Int64Array
from heatcam.geometry import Float32Array, overlaps
from heatcam.perturbation import Predicted

_MOST_COMPARED = 30_000  # boxes, the most confident, as in ultralytics


@dataclass(frozen=True)
class KeepRule:
    """Rule by which boxes are kept.

    Attributes:
        conf, iou, max_det: as ``DetectOptions`` has them.
        class_ids: keep only these; None keeps all.
    """

    conf: float
    iou: float
    max_det: int
    class_ids: tuple[int, ...] | None = None


def keep(predicted: Predicted, rule: KeepRule, *, suppressed: bool) -> tuple[Int64Array, Int64Array]:
    """Return the rows of the boxes that are kept, strongest first, and the class of each, both int64 ``(N,)``.

    A box has its likeliest class. Boxes of a class that overlap a stronger one by more than ``rule.iou`` go.

    Args:
        predicted: of one picture.
        rule: the thresholds.
        suppressed: leave overlapping boxes as they are: the model has suppressed them.
    """
    if not predicted.scores.size:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    classes = predicted.scores.argmax(1)
    confidences = predicted.scores.max(1)
    passes = confidences > rule.conf
    if rule.class_ids is not None:
        passes &= np.isin(classes, rule.class_ids)
    (rows,) = np.nonzero(passes)
    rows = rows[np.argsort(-confidences[rows], kind="stable")][:_MOST_COMPARED]
    if not suppressed:
        rows = rows[_greedy(predicted.boxes_xyxy[rows], classes[rows], rule)]
    rows = rows[: rule.max_det]
    return rows.astype(np.int64), classes[rows].astype(np.int64)


def _greedy(boxes: Float32Array, classes: Int64Array, rule: KeepRule) -> Int64Array:
    """Return which of boxes, sorted by confidence, none before them suppresses; no more than are kept."""
    left = np.arange(len(boxes))
    kept: list[int] = []
    while left.size and len(kept) < rule.max_det:
        first, left = int(left[0]), left[1:]
        kept.append(first)
        shared = overlaps(boxes[left], boxes[first : first + 1])[:, 0]
        left = left[(shared <= rule.iou) | (classes[left] != classes[first])]
    return np.array(kept, np.int64)
