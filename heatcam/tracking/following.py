"""Explanations whose detections carry track numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heatcam.enums import TrackerName
from heatcam.errors import UsageError
from heatcam.frames import Explains, Explanation, Frame


class Tracker:
    """Numbers the objects of one stream, frame after frame. Called from one thread.

    A number is given when a box is seen in two frames in a row (in the first frame of a stream at once), is kept while the object
    goes undetected for up to 30 frames, belongs to one class, and is never used twice.

    ByteTrack's second stage, which keeps an object by boxes of low confidence, gets only what the detector keeps: with ``--conf``
    0.25 or more that is nothing; with ``--conf 0.1`` it works as published (boxes below 0.25 continue tracks and start none).

    Args:
        name: ``bytetrack`` goes by boxes alone; ``botsort`` also estimates from the picture how the camera moves.

    Raises:
        UsageError: ``name`` is ``off``.
        HeatcamError: the installed packages cannot track.
    """

    def __init__(self, name: TrackerName = TrackerName.BYTETRACK) -> None:
        if name is TrackerName.OFF:
            raise UsageError("no tracker was chosen", "take bytetrack or botsort")
        # imports ultralytics, which only those who track should wait for
        from heatcam.tracking.association import Association  # noqa: PLC0415

        self.name = name
        self._make = Association
        self._association = Association(name)
        self._size_wh = (0, 0)
        self._last_index = -1

    def follow(self, explanation: Explanation) -> Explanation:
        """The next frame's explanation with track numbers on its detections, in their order; nothing else is changed.

        A frame of another size, or from earlier in the stream, begins anew.
        """
        frame = explanation.frame
        if frame.size_wh != self._size_wh or frame.frame_index < self._last_index:
            self.forget()
        self._size_wh, self._last_index = frame.size_wh, frame.frame_index
        numbers = self._association.numbers(explanation.detections, frame.image_bgr)
        found = replace(explanation.detections, track_ids=np.array(numbers, np.int64))
        return replace(explanation, detections=found)

    def forget(self) -> None:
        """Begin anew with the next frame; numbers go on where they were, so that none means two objects."""
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
        """What the explainer says of a frame, followed."""
        explained = self._explainer.explain(
            image, with_map=with_map, with_object_maps=with_object_maps, conf=conf
        )
        return self._tracker.follow(explained)


def tracked(explainer: Explains, tracker: Tracker | None) -> Explains:
    """An explainer that gives each frame to the tracker; without a tracker, the explainer itself."""
    return explainer if tracker is None else _Tracked(explainer, tracker)


def tracker_of(name: TrackerName) -> Tracker | None:
    """The tracker of a ``--track`` choice; None for ``off``.

    Raises:
        HeatcamError: the installed packages cannot track.
    """
    return None if name is TrackerName.OFF else Tracker(name)
