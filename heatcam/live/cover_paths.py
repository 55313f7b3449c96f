"""Places of covers from frame to frame: a cover stays, or follows the object that it was drawn on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np

from heatcam.frames import Detections, Explanation
from heatcam.geometry import Float32Array, overlaps
from heatcam.live.cover_reply import NO_PLACES
from heatcam.live.objects import FIRST_OWN
from heatcam.live.questions import CoverStroke
from heatcam.measures import LEAST_OVERLAP

MOST_FRAMES = 300  # whose places are remembered, as many as can be stepped back to
_LEAST_SIDE = 1e-3  # frame pixels: nothing is divided by zero


class CoverPaths:
    """Finds the object of each stroke in frame after frame. Called from the inference thread.

    An object is found by its track number where there is a tracker, else as the box of its class that overlaps most with where it
    was seen last. While it is undetected its cover stays where it was, for as long as that is.
    """

    def __init__(self) -> None:
        self._paths: dict[int, dict[int, Float32Array]] = {}

    def places(
        self, strokes: Sequence[CoverStroke], explanation: Explanation, *, still: bool
    ) -> Float32Array:
        """Return where the cover of each stroke lies in a frame.

        Args:
            strokes: those that lie; others are forgotten.
            explanation: of the frame, not of the covered one.
            still: True for a paused frame, which may be an earlier one: it does not move the covers of the frames to come.

        Returns:
            float32 ``(N, 4)`` in frame pixels.
        """
        self._paths = {own.number: self._paths.get(own.number, {}) for own in strokes}
        found = [self._place(own, explanation, still) for own in strokes]
        return np.array(found, np.float32) if found else NO_PLACES

    def _place(self, stroke: CoverStroke, explanation: Explanation, still: bool) -> Sequence[float]:
        """Return where one cover lies: moved and scaled as its object's box was."""
        if stroke.object_xyxy is None:
            return stroke.box_xyxy
        path, index = self._paths[stroke.number], explanation.frame.frame_index
        first = np.array(stroke.object_xyxy, np.float32)
        last = next(reversed(path.values()), first)
        now = path[index] if still and index in path else _now(stroke, last, explanation.detections)
        if not still:
            path.pop(index, None)  # (a film that is played again)
            path[index] = now
            for old in list(islice(path, max(0, len(path) - MOST_FRAMES))):
                del path[old]
        return moved_with(stroke.box_xyxy, first, now)


def _now(stroke: CoverStroke, last_xyxy: Float32Array, found: Detections) -> Float32Array:
    """Return the object's box in a frame; the last one where it is not detected."""
    may_be = np.array([name == stroke.class_name for name in found.class_names], bool)
    if found.track_ids is not None and stroke.track_id is not None and 0 < stroke.track_id < FIRST_OWN:
        (on_track,) = np.nonzero(found.track_ids == stroke.track_id)
        if len(on_track):
            return _box(found, int(on_track[0]))
        may_be &= found.track_ids <= 0  # (those with a number are others)
    shared = overlaps(last_xyxy[None], found.boxes_xyxy)[0] * may_be
    best = int(shared.argmax()) if len(shared) else -1
    return _box(found, best) if best >= 0 and shared[best] >= LEAST_OVERLAP else last_xyxy


def _box(found: Detections, n: int) -> Float32Array:
    box: Float32Array = found.boxes_xyxy[n]
    return box


def moved_with(
    box_xyxy: Sequence[float], before_xyxy: Float32Array, now_xyxy: Float32Array
) -> tuple[float, float, float, float]:
    """Return a box that keeps its place in another one, which was moved and scaled; all in frame pixels."""
    sides = np.maximum(before_xyxy[2:] - before_xyxy[:2], _LEAST_SIDE)
    scale = (now_xyxy[2:] - now_xyxy[:2]) / sides
    corners = np.array(box_xyxy, np.float32).reshape(2, 2)
    (x1, y1), (x2, y2) = ((corners - before_xyxy[:2]) * scale + now_xyxy[:2]).tolist()
    return x1, y1, x2, y2
