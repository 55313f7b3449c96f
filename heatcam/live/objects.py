"""Identity of objects from one shown picture to the next, and the object under the mouse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from heatcam.frames import Detections, Explanation
from heatcam.measures import OverlapTracks, same_objects

FIRST_OWN = 1 << 32  # first number for boxes without a track, far above the trackers' own numbers


class Objects:
    """Numbers the objects that are shown, so that the focus can follow one. Called from the display thread.

    Uses the tracker's numbers if there are any, else numbers by overlap of boxes from frame to frame.
    """

    def __init__(self) -> None:
        self._tracks = OverlapTracks()

    def ids_of(self, explanation: Explanation) -> tuple[int, ...]:
        """Return a number for each detection of the next frame."""
        found = explanation.detections
        own = [FIRST_OWN + n for n in self._tracks.ids_of(found)]
        if found.track_ids is None:
            return tuple(own)
        return tuple(int(t) if t > 0 else n for t, n in zip(found.track_ids, own, strict=True))


def ids_again(before: Detections, object_ids: Sequence[int], again: Detections) -> tuple[int, ...]:
    """Return the numbers of a frame's objects after the same frame was refined; new boxes get numbers below zero."""
    same = same_objects(before, again)
    return tuple(object_ids[of] if of >= 0 else -1 - place for place, of in enumerate(same))


def new_ids(found: Detections) -> tuple[int, ...]:
    """Return numbers below zero for objects that have none in the stream, as another model has found them."""
    return tuple(-1 - place for place in range(len(found)))


def shown_numbers(object_ids: Sequence[int]) -> list[int]:
    """Return a number to draw for each object, all different and at least 1: its track, else that of ``Objects`` from 1 on."""
    numbers: list[int] = []
    for own in object_ids:
        number = own - FIRST_OWN + 1 if own >= FIRST_OWN else abs(own)
        while number in numbers or number < 1:
            number += 1
        numbers.append(number)
    return numbers


def object_at(detections: Detections, x: float, y: float) -> int | None:
    """Return the index of the smallest box that contains a point of the picture; None for none."""
    boxes = detections.boxes_xyxy
    if not len(boxes):
        return None
    inside = (boxes[:, 0] <= x) & (x <= boxes[:, 2]) & (boxes[:, 1] <= y) & (y <= boxes[:, 3])
    areas = np.where(inside, (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), np.inf)
    best = int(areas.argmin())
    return best if inside[best] else None


def with_tracks(again: Explanation, object_ids: tuple[int, ...]) -> Explanation:
    """Return a refined explanation with the track numbers of the first one."""
    tracks = np.array([n if 0 < n < FIRST_OWN else 0 for n in object_ids], np.int64)
    return replace(again, detections=replace(again.detections, track_ids=tracks))
