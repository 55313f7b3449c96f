"""Focus on one object: its number after a refinement, and the moment when the object is gone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from heatcam.live.frame_history import HistoryEntry
from heatcam.live.objects import ids_again

LOST_S = 1.0  # time that an object in focus may go undetected


def number_in_stream(focus: int, before: HistoryEntry, entry: HistoryEntry) -> int | None:
    """Return the stream's number of an object that was in focus; None if the stream does not have it.

    Only a refinement gives numbers below zero, to objects that it alone has found: any other number is returned as it is.

    Args:
        focus: the number in focus.
        before: the entry shown before, refined or not.
        entry: the stream's next entry.
    """
    if focus >= 0 or focus not in before.object_ids:
        return focus
    ids_before = ids_again(
        entry.explanation.detections, entry.object_ids, before.explanation.detections
    )  # the next frame's numbers, for the boxes of the one before
    found = ids_before[before.object_ids.index(focus)]
    return found if found >= 0 else None


class ObjectFocus:
    """Tells when the object in focus is gone. Called from the display thread.

    Args:
        clock: monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen_s = 0.0

    def restart(self) -> None:
        """Count from now on: no frames came during a pause."""
        self._seen_s = self._clock()

    def is_lost(self, focus: int | None, object_ids: Sequence[int]) -> bool:
        """Return True if the object has gone undetected for too long; call it once with each new frame.

        Args:
            focus: the number in focus; None for all objects.
            object_ids: numbers of the objects in the new frame.
        """
        now_s = self._clock()
        if focus is None or focus in object_ids:
            self._seen_s = now_s
            return False
        return now_s - self._seen_s > LOST_S
