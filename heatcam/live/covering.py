"""Covers that lie on the frames of a stream: what they change in each frame, and how well the maps foretell it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from heatcam.errors import UsageError, first_line
from heatcam.frames import Candidates, Explanation, Frame
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.live.cover_paths import CoverPaths
from heatcam.live.cover_reply import NO_PLACES, NOTHING_FORETOLD, CoverReply
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.questions import CoverStroke
from heatcam.probing import (
    AsksPlaces,
    CoverEffect,
    Foretold,
    effect_on,
    foretold_in,
    laid,
    pairs_of,
    patches_of,
)

logger = logging.getLogger(__name__)

#: Model, method and layer of a frame's maps.
MapsOf = tuple[str, str, str]


class CoverScore:
    """Pairs of what maps foretold and what strokes did, over a session. Used from the inference thread.

    One frame stands for a stroke: the first one that was answered while it lay and that had a map of each object. There each
    object gives a pair, of the stroke's cover by itself. Later frames, another fill and taking the cover back change nothing:
    they would count the same place again. Maps of another model, method or layer have a score of their own.
    """

    def __init__(self) -> None:
        self._pairs: dict[MapsOf, dict[int, list[tuple[float, float]]]] = {}

    def lacks(self, maps: MapsOf, strokes: Sequence[CoverStroke]) -> list[int]:
        """Return the places, among ``strokes``, of those that have no pairs yet."""
        known = self._pairs.get(maps, {})
        return [place for place, own in enumerate(strokes) if own.number not in known]

    def add(self, maps: MapsOf, stroke: CoverStroke, effect: CoverEffect) -> None:
        """Add a stroke's pairs, from the effect of its cover by itself."""
        self._pairs.setdefault(maps, {})[stroke.number] = pairs_of(effect)

    def foretold(self, maps: MapsOf) -> Foretold:
        """Return how well such maps foretold the strokes so far."""
        return foretold_in([pair for own in self._pairs.get(maps, {}).values() for pair in own])


class Covering:
    """Tells what the covers of a stream's frames change. Called from the inference thread.

    Each frame with covers costs one pass of the covered picture more. A new stroke beside others costs another one, once, for its
    cover by itself.

    Args:
        model_of: returns the model that explains a request's frames, with the request's thresholds.
    """

    def __init__(self, model_of: Callable[[ExplainRequest], AsksPlaces]) -> None:
        self._model_of = model_of
        self._paths, self._score = CoverPaths(), CoverScore()

    def reply(self, explanation: Explanation, request: ExplainRequest) -> CoverReply:
        """Return what the covers of a request change in a frame; a failure is its reason, and never raised.

        Args:
            explanation: of the bare frame, with a map of each object where the score is to be kept.
            request: it was explained with.
        """
        lies = self.lying(explanation, request)
        try:
            return self._asked(lies, explanation, request) if len(lies.places_xyxy) else lies
        except Exception as error:  # (a model or a fill that fails leaves the picture, and says so)
            logger.debug("covers could not be answered", exc_info=True)
            return replace(lies, reason=first_line(error))

    def lying(self, explanation: Explanation, request: ExplainRequest, reason: str = "") -> CoverReply:
        """Return where the covers of a request lie in a frame, with a reason why the model is not asked."""
        strokes, fill = request.questions.strokes, request.questions.fill
        try:
            places = self._paths.places(strokes, explanation, still=request.still)
        except Exception as error:
            logger.debug("covers could not be placed", exc_info=True)
            return CoverReply((), NO_PLACES, fill, reason=first_line(error))
        return CoverReply(tuple(own.number for own in strokes), places, fill, reason=reason)

    def _asked(self, lies: CoverReply, explanation: Explanation, request: ExplainRequest) -> CoverReply:
        asked = self._model_of(request)
        image, strokes = colours_of(explanation.frame), request.questions.strokes
        started = time.perf_counter()
        patches = patches_of(image, lies.places_xyxy, lies.fill)
        after = _seen(asked, laid(image, patches))
        cost_ms = 1e3 * (time.perf_counter() - started)
        effect = _effect(explanation, after, lies.places_xyxy)
        maps = _maps_of(explanation)
        if maps is not None:
            self._count(maps, explanation, lies, strokes, effect, asked, every=request.still)
        return replace(
            lies,
            patches=patches,
            effect=effect,
            foretold=NOTHING_FORETOLD if maps is None else self._score.foretold(maps),
            maps="" if maps is None else maps[1],
            cost_ms=cost_ms,
        )

    def _count(
        self,
        maps: MapsOf,
        explanation: Explanation,
        lies: CoverReply,
        strokes: Sequence[CoverStroke],
        together: CoverEffect,
        asked: AsksPlaces,
        *,
        every: bool,
    ) -> None:
        """Let the frame stand for strokes that none stands for yet; with ``every`` for all, else for one: a stream must flow."""
        lacking = self._score.lacks(maps, strokes)
        for place in lacking if every else lacking[:1]:
            effect, own = together, lies.places_xyxy[place : place + 1]
            if len(strokes) > 1:
                image = colours_of(explanation.frame)
                after = _seen(asked, laid(image, patches_of(image, own, lies.fill)))
                effect = _effect(explanation, after, own)
            self._score.add(maps, strokes[place], effect)


def colours_of(frame: Frame) -> Uint8Array:
    """Return the pixels that the model read, uint8 ``(H, W, 3)`` BGR.

    Raises:
        UsageError: it read other samples than 8-bit colours, which are only shown as such.
    """
    if frame.samples is not None:
        raise UsageError(
            "places and covers are asked about 8-bit colour pictures", "convert this one to 8 bits"
        )
    return frame.image_bgr


def _seen(asked: AsksPlaces, image: Uint8Array) -> Candidates:
    """Return what the model predicts; boxes are read where a class has some confidence."""
    return asked.candidates(image, NO_PLACES)


def _effect(explanation: Explanation, after: Candidates, places_xyxy: Float32Array) -> CoverEffect:
    return effect_on(explanation.detections, after, explanation.object_maps, places_xyxy)


def _maps_of(explanation: Explanation) -> MapsOf | None:
    """Return what made a frame's maps of objects; None without any."""
    if not explanation.object_maps:
        return None
    own = explanation.object_maps[0]
    return explanation.model, own.method, own.layer
