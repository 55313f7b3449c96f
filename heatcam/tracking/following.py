"""Explanations whose detections carry track numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heatcam.enums import TrackerName
from heatcam.errors import UsageError
from heatcam.frames import Explains, Explanation, Frame


class Tracker:
    """Numbers the objects of one stream, frame after frame. Called from one thread.

    A number is assigned when a box is seen in two frames in a row (at once in the first frame of a stream), is kept while the
    object goes undetected for up to 30 frames, belongs to one class, and is never used twice.

    ByteTrack's second stage, which continues tracks with boxes of low confidence, gets only boxes that the detector keeps: none
    with ``--conf`` 0.25 or more; with ``--conf 0.1`` it works as published (boxes below 0.25 continue tracks and start none).

    Args:
        name: ``bytetrack`` uses boxes alone; ``botsort`` also estimates the camera's motion from the picture.

    Raises:
        UsageError: ``name`` is ``off``.
        HeatcamError: a package that ultralytics' trackers need is missing.
    """

    def __init__(self, name: TrackerName = TrackerName.BYTETRACK) -> None:
        if name is TrackerName.OFF:
            raise UsageError("no tracker was chosen", "take bytetrack or botsort")
        # imports ultralytics, which is slow: only when a tracker is used
        from heatcam.tracking.association import Association  # noqa: PLC0415

        self.name = name
        self._make = Association
        self._association = Association(name)
        self._size_wh = (0, 0)
        self._last_index = -1

    def follow(self, explanation: Explanation) -> Explanation:
        """Add track numbers to the detections of the next frame's explanation, in their order; nothing else is changed.

        A frame of another size, or from earlier in the stream, restarts the tracks.
        """
        frame = explanation.frame
        if frame.size_wh != self._size_wh or frame.frame_index < self._last_index:
            self.forget()
        self._size_wh, self._last_index = frame.size_wh, frame.frame_index
        numbers = self._association.numbers(explanation.detections, frame.image_bgr)
        found = replace(explanation.detections, track_ids=np.array(numbers, np.int64))
        return replace(explanation, detections=found)

    def forget(self) -> None:
        """Restart the tracks with the next frame; numbers continue, so that no number means two objects."""
        self._association = self._make(self.name, self._association.next_number)


class _Tracked:
    """An explainer whose detections carry track numbers."""

    def __init__(self, explainer: Explains, tracker: Tracker) -> None:
        self._explainer = explainer
        self._tracker = tracker

    def explain(
        self,
        image: Frame,
        *,
        with_map: bool = True,
        with_object_maps: bool = False,
        conf: float | None = None,
    ) -> Explanation:
        """Explain a frame and add track numbers to its detections."""
        explained = self._explainer.explain(
            image, with_map=with_map, with_object_maps=with_object_maps, conf=conf
        )
        return self._tracker.follow(explained)


def tracked(explainer: Explains, tracker: Tracker | None) -> Explains:
    """Return an explainer that passes each explanation to the tracker; without a tracker, the explainer itself."""
    return explainer if tracker is None else _Tracked(explainer, tracker)


def tracker_of(name: TrackerName) -> Tracker | None:
    """Return the tracker of a ``--track`` choice; None for ``off``.

    Raises:
        HeatcamError: a package that ultralytics' trackers need is missing.
    """
    return None if name is TrackerName.OFF else Tracker(name)
