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
        self._ids: dict[str, int] = {}

    def of(self, comparison: ComparedFrame) -> list[int]:
        """Return a number for each object of the next picture, all different and at least 1."""
        count = len(comparison.objects)
        if self._tracks is None:
            return list(range(1, count + 1))
        return [1 + number for number in self._tracks.ids_of(self._as_detections(comparison))]

    def _as_detections(self, comparison: ComparedFrame) -> Detections:
        """Return the objects of both models as one set of boxes."""
        objects = comparison.objects
        names = tuple(class_name_of(comparison, each) for each in objects)
        ids = [self._ids.setdefault(same_name(name), len(self._ids)) for name in names]
        boxes = np.array([each.around_xyxy for each in objects], np.float32).reshape(-1, 4)
        nothing = np.zeros(len(objects), np.int64)
        return Detections(boxes, nothing.astype(np.float32), np.array(ids, np.int64), nothing, names)


def class_name_of(comparison: ComparedFrame, each: ComparedObject) -> str:
    """Return the name of an object's class, as the model that found it has it; A's for a pair."""
    if each.a is not None:
        return comparison.a.detections.class_names[each.a]
    assert each.b is not None  # one of them found it
    return comparison.b.detections.class_names[each.b]
