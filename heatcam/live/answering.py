"""Answers to the questions about a frame, from the model that explained it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from heatcam.enums import ComparedView
from heatcam.errors import UsageError, first_line
from heatcam.frames import Candidates, Explanation, Frame
from heatcam.geometry import Uint8Array
from heatcam.live.cover_reply import CoverReply
from heatcam.live.covering import Covering, colours_of
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.questions import AskedBox, FrameAnswers, PlaceReply
from heatcam.options import class_ids_of
from heatcam.probing import AskedPlace, AsksPlaces, LikelyClass, ask_places, evidence_of, likely_classes

logger = logging.getLogger(__name__)

#: Returns the model that explains a request's frames, with the request's thresholds.
ModelOf = Callable[[ExplainRequest], AsksPlaces]


class Answering:
    """Answers the questions of a request about a frame. Called from the inference thread, after the frame was explained.

    No fault of an answer ends the stream: it becomes the answer's reason.

    Args:
        model_of: returns the model to ask.
    """

    def __init__(self, model_of: ModelOf) -> None:
        self._model_of = model_of
        self._walk, self._covering = _Walk(), Covering(model_of)

    def __call__(self, explanation: Explanation, request: ExplainRequest) -> FrameAnswers:
        """Answer all that is asked."""
        asked = request.questions
        return FrameAnswers(
            asked,
            None if asked.place is None else self._place(asked.place, explanation.frame, request),
            self._cover(explanation, request) if asked.strokes else None,
        )

    def _place(self, place: AskedBox, frame: Frame, request: ExplainRequest) -> PlaceReply:
        """Answer why nothing was found at a place."""
        started = time.perf_counter()
        try:
            reply = self._asked(place, colours_of(frame), request)
        except Exception as error:
            logger.debug("no answer about a place", exc_info=True)
            reply = PlaceReply(reason=first_line(error))
        return replace(reply, cost_ms=1e3 * (time.perf_counter() - started))

    def _cover(self, explanation: Explanation, request: ExplainRequest) -> CoverReply:
        """Answer what the covers change."""
        if request.compared is ComparedView.BOTH:
            return self._covering.lying(explanation, request, "two models are shown: choose one with v")
        return self._covering.reply(explanation, request)

    def _asked(self, place: AskedBox, image: Uint8Array, request: ExplainRequest) -> PlaceReply:
        """Answer about a place, with the evidence if the request asks for it.

        Raises:
            UsageError: two models are shown, or the model finds no boxes.
        """
        if request.compared is ComparedView.BOTH:
            raise UsageError("two models are shown", "choose one with v to ask about a place")
        model = self._model_of(request)
        candidates = model.candidates(image, np.array([place.box_xyxy], np.float32))
        likely = _likely(place, candidates, request)
        chosen = self._walk.class_of(place, likely)
        asked = AskedPlace(place.box_xyxy, chosen.class_id, chosen.class_name)
        (answer,) = ask_places([asked], candidates)
        evidence = evidence_of([answer], model, image)[0] if request.with_evidence else None
        return PlaceReply(answer, likely, evidence)


def _likely(place: AskedBox, candidates: Candidates, request: ExplainRequest) -> tuple[LikelyClass, ...]:
    """Return the classes that are kept, the likeliest first."""
    kept = class_ids_of(request.classes, candidates.class_names)
    likely = likely_classes(place.box_xyxy, candidates)
    return likely if kept is None else tuple(each for each in likely if each.class_id in kept)


class _Walk:
    """Walk through the classes at a place: the likeliest of each frame at first, then one after the other, which stay."""

    def __init__(self) -> None:
        self._box: tuple[float, ...] = ()
        self._passed: list[int] = []

    def class_of(self, place: AskedBox, likely: tuple[LikelyClass, ...]) -> LikelyClass:
        """Return the class to ask about: the likeliest one; after steps the likeliest of those not asked about before."""
        if place.box_xyxy != self._box:
            self._box, self._passed = place.box_xyxy, []
        rank = place.rank % len(likely)
        if rank == 0:
            self._passed = [likely[0].class_id]
            return likely[0]
        by_id = {each.class_id: each for each in likely}
        self._passed = [each for each in self._passed if each in by_id]
        fresh = [each for each in by_id if each not in self._passed]
        self._passed += fresh[: max(0, rank + 1 - len(self._passed))]
        return by_id[self._passed[rank]]
