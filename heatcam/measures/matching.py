"""IoU matching of boxes between two frames.

Only as much as smoothing and the window need: greedy matching within each class, the largest overlaps first. Nothing is
predicted, so an object that moves by its own size between two frames counts as new and is not smoothed. Among crowded boxes
the optimal assignment (scipy's ``linear_sum_assignment``) differs from this one now and then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatcam.frames import Detections, Int64Array
from heatcam.geometry import Float32Array, overlaps

LEAST_OVERLAP = 0.3  # IoU; below it a box is another object
REMEMBERED = 5  # frames that an object may go undetected and keep its number: weak detections come and go


@dataclass
class _Track:
    """One object: its box when last seen, ``(4,)`` in image pixels, its class, and the number of frames it has been missing."""

    box_xyxy: Float32Array
    class_id: int
    missed: int = 0


class OverlapTracks:
    """Numbers the objects of one stream, frame after frame. Called from one thread."""

    def __init__(self) -> None:
        self._tracks: dict[int, _Track] = {}
        self._next = 0

    def ids_of(self, detections: Detections) -> list[int]:
        """Return a number for each box of the next frame; the same number is the same object, and none is used twice."""
        numbers, boxes = list(self._tracks), detections.boxes_xyxy
        before = np.array([self._tracks[n].box_xyxy for n in numbers], np.float32).reshape(-1, 4)
        classes = np.array([self._tracks[n].class_id for n in numbers], np.int64)
        same = _same(before, classes, boxes, detections.class_ids)
        ids = [numbers[track] if track >= 0 else -1 for track in same]
        for number in set(numbers).difference(ids):
            self._tracks[number].missed += 1
        for box, number in enumerate(ids):
            ids[box] = self._new_number() if number < 0 else number
            self._tracks[ids[box]] = _Track(boxes[box], int(detections.class_ids[box]))
        self._tracks = {n: track for n, track in self._tracks.items() if track.missed <= REMEMBERED}
        return ids

    def __contains__(self, number: int) -> bool:
        """Return True if the object is still remembered."""
        return number in self._tracks

    def _new_number(self) -> int:
        self._next += 1
        return self._next - 1


def same_objects(before: Detections, now: Detections) -> list[int]:
    """Return for each box of ``now`` the index of the same object's box in ``before``, each used once; -1 for none."""
    return _same(before.boxes_xyxy, before.class_ids, now.boxes_xyxy, now.class_ids)


def _same(
    before_xyxy: Float32Array, before_classes: Int64Array, now_xyxy: Float32Array, now_classes: Int64Array
) -> list[int]:
    shared = overlaps(before_xyxy, now_xyxy) * (before_classes[:, None] == now_classes[None])
    found = [-1] * len(now_classes)
    for old, new in _best_pairs(shared):
        found[new] = old
    return found


def _best_pairs(values: Float32Array) -> list[tuple[int, int]]:
    """Return row and column of the largest values, at most one per row and column, none below ``LEAST_OVERLAP``."""
    rows, columns = np.nonzero(values >= LEAST_OVERLAP)
    order = np.argsort(-values[rows, columns], kind="stable")
    found: dict[int, int] = {}
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if row not in found and column not in found.values():
            found[row] = column
    return list(found.items())
