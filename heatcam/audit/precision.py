"""Mean average precision as ultralytics' ``val`` counts it: read at 101 points, the mean of ten overlaps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatcam.frames import Int64Array
from heatcam.geometry import Float32Array, overlaps

#: The overlaps of mAP50-95.
IOUS: Float32Array = np.linspace(0.5, 0.95, 10, dtype=np.float32)
_POINTS = np.linspace(0, 1, 101)
_LEAST = 1e-16
Float64Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ScoredBoxes:
    """Weak boxes of some pictures, each right or wrong at each of the ten overlaps.

    Attributes:
        confidences: float32 ``(K,)``.
        class_ids: int64 ``(K,)``.
        right: uint16 ``(K,)``, bit ``j`` is set if the box is right at ``IOUS[j]``.
        label_ids: int64 ``(M,)``, classes of the labels of these pictures.
    """

    confidences: Float32Array
    class_ids: Int64Array
    right: npt.NDArray[np.uint16]
    label_ids: Int64Array


@dataclass(frozen=True)
class MeanPrecision:
    """Average precisions of a data set; the means are None where nothing is labelled.

    Attributes:
        map50: the mean over classes at an overlap of 0.5.
        map50_95: the mean over classes and the ten overlaps.
        per_class: both for each labelled class, by its id.
    """

    map50: float | None
    map50_95: float | None
    per_class: dict[int, tuple[float, float]]


def score_boxes(
    boxes_xyxy: Float32Array,
    confidences: Float32Array,
    class_ids: Int64Array,
    labels_xyxy: Float32Array,
    label_ids: Int64Array,
) -> ScoredBoxes:
    """Tell which weak boxes of one picture are right, as ``match_predictions`` of ultralytics 8.4.190 does.

    Args:
        boxes_xyxy: float32 ``(K, 4)`` in image pixels, strongest first.
        confidences: float32 ``(K,)``.
        class_ids: int64 ``(K,)``.
        labels_xyxy: float32 ``(M, 4)`` in image pixels.
        label_ids: int64 ``(M,)``.
    """
    right = np.zeros(len(boxes_xyxy), np.uint16)
    if len(boxes_xyxy) and len(labels_xyxy):
        shared = overlaps(labels_xyxy, boxes_xyxy) * (label_ids[:, None] == class_ids[None])
        taken = np.zeros((len(labels_xyxy), len(IOUS)), bool)
        for k in np.flatnonzero((shared >= IOUS[0]).any(0)).tolist():
            free = np.where(taken, 0, shared[:, k, None])  # (M, 10)
            best, each = free.argmax(0), np.arange(len(IOUS))
            hit = free[best, each] >= IOUS
            taken[best, each] |= hit
            right[k] = int((hit << each).sum())
    return ScoredBoxes(confidences, class_ids, right, label_ids)


def mean_precision(pictures: Iterable[ScoredBoxes]) -> MeanPrecision:
    """Return the average precisions over pictures; classes without labels do not count."""
    some = list(pictures)
    confidences = np.concatenate([each.confidences for each in some] or [np.zeros(0, np.float32)])
    class_ids = np.concatenate([each.class_ids for each in some] or [np.zeros(0, np.int64)])
    right = np.concatenate([each.right for each in some] or [np.zeros(0, np.uint16)])
    labels = np.concatenate([each.label_ids for each in some] or [np.zeros(0, np.int64)])
    order = np.argsort(-confidences)
    class_ids, right = class_ids[order], right[order]
    counts = zip(*np.unique(labels, return_counts=True), strict=True)
    per_class = {int(c): _of_class(right[class_ids == c], int(count)) for c, count in counts}
    if not per_class:
        return MeanPrecision(None, None, {})
    means = np.array(list(per_class.values())).mean(0)
    return MeanPrecision(float(means[0]), float(means[1]), per_class)


def _of_class(right: npt.NDArray[np.uint16], labels: int) -> tuple[float, float]:
    """Return the average precision of one class at 0.5 and over all overlaps; of boxes strongest first."""
    hits = (right[:, None] >> np.arange(len(IOUS), dtype=np.uint16)) & 1  # (K, 10)
    found = hits.cumsum(0)
    precision = found / np.arange(1, len(hits) + 1)[:, None]
    recall = found / (labels + _LEAST)
    each = [_average(recall[:, j], precision[:, j]) if len(hits) else 0.0 for j in range(len(IOUS))]
    return each[0], float(np.mean(each))


def _average(recall: Float64Array, precision: Float64Array) -> float:
    """Return the area under the envelope of precision over recall, float64 ``(K,)`` each, read at 101 points."""
    wide = np.concatenate(([0.0], recall, [recall[-1], 1.0]))
    envelope = np.maximum.accumulate(np.concatenate(([1.0], precision, [0.0, 0.0]))[::-1])[::-1]
    read = np.interp(_POINTS, wide, envelope)
    return float(((read[1:] + read[:-1]) / 2 * np.diff(_POINTS)).sum())
