"""Refinement of a paused frame: explain it once more with the fine maps, and then by trial."""

from __future__ import annotations

from dataclasses import replace

from heatcam.enums import ComparedView, Layout
from heatcam.live.compared import models_of
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.frame_history import FrameHistory, HistoryEntry
from heatcam.live.inference import Inference
from heatcam.live.objects import ids_again, new_ids, with_tracks
from heatcam.live.state import WindowState
from heatcam.live.trying import can_try


class Refinement:
    """Requests the fine maps of the current frame, and replaces its maps by them. Called from the display thread.

    Args:
        inference: makes the fine maps.
        history: the frames shown, with the current one.
        slideshow: True for unrelated frames such as photographs: each then has a map of its own.
    """

    def __init__(self, inference: Inference, history: FrameHistory, *, slideshow: bool) -> None:
        self._inference, self._history, self._slideshow = inference, history, slideshow
        self._refused: set[ExplainRequest] = set()

    def flowing_request(self, state: WindowState) -> ExplainRequest:
        """Return the request for frames of a running stream."""
        covers = bool(state.questions.strokes)  # which maps foretell, whether their heat is shown or not
        heat = state.heatmap or covers or state.layout is not Layout.SINGLE
        compared = state.compared.explained
        both = compared is ComparedView.BOTH  # compared object by object, in maps of the same frame
        numbers = state.numbers or state.graphs or state.object_maps
        own = heat and (both or state.focus is not None or numbers or covers)
        every = 1 if self._slideshow or both or covers else state.every  # (a moved map ends at its boxes)
        return ExplainRequest(
            heat,
            own,
            state.conf,
            state.method,
            state.layers,
            every=every,
            iou=state.iou,
            classes=state.classes,
            compared=compared,
            questions=state.questions,
            prompt=state.prompt,
        )

    def set_flowing_request(self, state: WindowState) -> None:
        """Let inference explain the frames to come as these choices ask for."""
        self._inference.request = self.flowing_request(state)

    def still_request(self, state: WindowState) -> ExplainRequest:
        """Return the request for a paused frame."""
        request = self.flowing_request(state)
        asks = state.questions.place is not None
        return replace(request, with_object_maps=request.with_map, still=True, every=1, with_evidence=asks)

    def refuse(self, request: ExplainRequest) -> None:
        """Never make this request again."""
        self._refused.add(request)

    def ask(self, state: WindowState) -> None:
        """Request what the paused frame lacks: answers to new questions first, then fine maps, if any, then true ones."""
        entry = self._history.now
        if entry is None:
            return
        if (first := _answered_first(entry, state)) is not None:
            self._inference.refine(entry.explanation.frame, first, entry.base)
            return
        request = self.still_request(state)
        wanted = request != entry.request and (request.with_map or not _asks_alike(request, entry.request))
        if wanted and request not in self._refused:
            known = entry.base if request.explains_like(entry.request) else None
            self._inference.refine(entry.explanation.frame, request, known)
        else:
            self._inference.forget_refinement()
            self._try_out(entry, request, state.focus)

    def _try_out(self, entry: HistoryEntry, request: ExplainRequest, focus: int | None) -> None:
        """Have maps made by trial of a frame that has its fine maps, of the object in focus first; stop where it needs none."""
        trying = self._inference.trying
        if trying is None:
            return
        if request != entry.request or not can_try(request) or not entry.base.object_maps or entry.is_settled:
            trying.stop()
            return
        trying.want(entry.base, request, entry.object_ids.index(focus) if focus in entry.object_ids else 0)

    def take(self, state: WindowState) -> HistoryEntry | None:
        """Replace the current frame's maps by the fine ones, or its answers, and return its entry; None if none have arrived.

        What a request gave that keys have changed since is discarded: the new request is on its way.
        """
        shown, entry = self._inference.refined.take(0), self._history.now
        if shown is None or entry is None or shown.explanation.frame is not entry.explanation.frame:
            return None
        if shown.request not in (self.still_request(state), _answered_first(entry, state)):
            return None
        if shown.explanation is entry.base:  # its answers alone are new
            answered = replace(entry, request=shown.request, answers=shown.answers)
            self._history.replace_now(answered)
            return answered
        again, before = shown.explanation, entry.explanation.detections
        same = (
            models_of(again) == models_of(entry.explanation) and shown.request.prompt == entry.request.prompt
        )
        object_ids = (
            ids_again(before, entry.object_ids, again.detections) if same else new_ids(again.detections)
        )
        if before.track_ids is not None:
            again = with_tracks(again, object_ids)
        refined = HistoryEntry(again, object_ids, shown.request, shown.answers)
        self._history.replace_now(refined)
        return refined

    def take_tried(self) -> HistoryEntry | None:
        """Replace the current frame's maps by those that trials have made, and return its entry; None if none have arrived."""
        trying, entry = self._inference.trying, self._history.now
        made = None if trying is None else trying.take()
        if made is None or entry is None or made.base is not entry.base:
            return None
        if made.trials < entry.trials:  # (it was tried out before, and its trials were not kept)
            return None
        fine = None if made.explanation is made.base else made.base
        again = replace(
            made.explanation, timings=made.base.timings
        )  # (trials cost no time between two frames)
        tried = replace(entry, explanation=again, fine=fine, trials=made.trials, is_settled=made.is_settled)
        self._history.replace_now(tried)
        return tried


def _asks_alike(one: ExplainRequest, other: ExplainRequest) -> bool:
    """Return True if both keep the same boxes and ask the same questions."""
    return (one.kept, one.questions, one.with_evidence) == (
        other.kept,
        other.questions,
        other.with_evidence,
    )


def _answered_first(entry: HistoryEntry, state: WindowState) -> ExplainRequest | None:
    """Return the request that only answers new questions about a frame, by what explained it; None where there are none.

    It is as quick as can be: maps, of the frame or for the answer, come after it.
    """
    asked = state.questions
    if not asked.are_any or entry.request.questions == asked or not entry.is_explained:
        return None
    return replace(entry.request, questions=asked, with_evidence=False)
