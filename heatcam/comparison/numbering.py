"""Numbers of a comparison's objects, which tell in all columns and from frame to frame which is which."""

from __future__ import annotations

import numpy as np

from heatcam.comparison.compared import ComparedFrame, ComparedObject
from heatcam.comparison.matching import same_name
from heatcam.frames import Detections
from heatcam.measures import OverlapTracks


class ObjectNumbering:
    """Numbers the objects of one picture after the other from 1 on, or follows those of a video. Called from one thread.

    Args:
        follows: keep an object's number from frame to frame, by overlap.
    """

    def __init__(self, *, follows: bool) -> None:
        self._tracks = OverlapTracks() if follows else None
        self._common = CommonDetections()

    def of(self, comparison: ComparedFrame) -> list[int]:
        """Return a number for each object of the next picture, all different and at least 1."""
        if self._tracks is None:
            return list(range(1, len(comparison.objects) + 1))
        return [1 + number for number in self._tracks.ids_of(self._common.of(comparison))]


class CommonDetections:
    """Makes one set of boxes of the objects of both models, of one picture after the other; equal names keep their class id."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}

    def of(self, comparison: ComparedFrame) -> Detections:
        """Return the objects in their order: the box around both boxes, and A's confidence, or B's where A did not find it."""
        objects = comparison.objects
        names = tuple(class_name_of(comparison, each) for each in objects)
        ids = [self._ids.setdefault(same_name(name), len(self._ids)) for name in names]
        boxes = np.array([each.around_xyxy for each in objects], np.float32).reshape(-1, 4)
        confidences = np.array([_confidence(comparison, each) for each in objects], np.float32)
        return Detections(
            boxes, confidences, np.array(ids, np.int64), np.zeros(len(objects), np.int64), names
        )


def _confidence(comparison: ComparedFrame, each: ComparedObject) -> float:
    """Return A's confidence in an object, or B's in one that A did not find."""
    if each.a is not None:
        return float(comparison.a.detections.confidences[each.a])
    assert each.b is not None  # one of them found it
    return float(comparison.b.detections.confidences[each.b])


def class_name_of(comparison: ComparedFrame, each: ComparedObject) -> str:
    """Return the name of an object's class, as the model that found it has it; A's for a pair."""
    if each.a is not None:
        return comparison.a.detections.class_names[each.a]
    assert each.b is not None  # one of them found it
    return comparison.b.detections.class_names[each.b]
