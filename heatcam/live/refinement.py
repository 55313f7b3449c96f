"""The frame that stands still, explained once more in detail."""

from __future__ import annotations

from dataclasses import replace

from heatcam.enums import Layout
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.frame_history import FrameHistory, HistoryEntry
from heatcam.live.inference import Inference
from heatcam.live.objects import ids_again, with_tracks
from heatcam.live.state import WindowState


class Refinement:
    """Asks for the fine maps of what is looked at, and puts them in its place. Called from the thread that shows.

    Args:
        inference: makes them.
        history: what is looked at.
        stays: whether frames do not go on from one another: each then has a map of its own.
    """

    def __init__(self, inference: Inference, history: FrameHistory, *, stays: bool) -> None:
        self._inference, self._history, self._stays = inference, history, stays
        self._refused: set[ExplainRequest] = set()

    def flowing_request(self, state: WindowState) -> ExplainRequest:
        """How frames that follow one another are to be explained."""
        heat = state.heatmap or state.layout is not Layout.SINGLE
        own = heat and (state.focus is not None or state.numbers or state.graphs)
        every = 1 if self._stays else state.every
        return ExplainRequest(heat, own, state.conf, state.method, state.layers, every=every)

    def still_request(self, state: WindowState) -> ExplainRequest:
        """How a frame that stands still is to be explained."""
        request = self.flowing_request(state)
        return replace(request, with_object_maps=request.with_map, still=True, every=1)

    def refuse(self, request: ExplainRequest) -> None:
        """Do not ask for this again."""
        self._refused.add(request)

    def ask(self, state: WindowState) -> None:
        """Ask for the fine maps of the frame that stands still, unless it has them or shows none."""
        entry, request = self._history.now, self.still_request(state)
        if entry is None:
            return
        wanted = request != entry.request and (request.with_map or request.conf != entry.request.conf)
        if wanted and request not in self._refused:
            self._inference.refine(entry.explanation.frame, request)
        else:
            self._inference.forget_refinement()

    def take(self, state: WindowState) -> HistoryEntry | None:
        """The frame that is looked at with its fine maps, put in its place; None when none have come.

        What was asked for before keys have changed it is left: another look is under way.
        """
        shown, entry = self._inference.refined.take(0), self._history.now
        if shown is None or entry is None or shown.explanation.frame is not entry.explanation.frame:
            return None
        if shown.request != self.still_request(state):
            return None
        again, before = shown.explanation, entry.explanation.detections
        numbers = ids_again(before, entry.object_ids, again.detections)
        if before.track_ids is not None:
            again = with_tracks(again, numbers)
        refined = HistoryEntry(again, numbers, shown.request)
        self._history.replace_now(refined)
        return refined
