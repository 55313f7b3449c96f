"""A model that answers about places from candidates written by hand, for tests of the window."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heatcam.errors import MapError
from heatcam.frames import Candidates, Explanation, Frame, SaliencyMap
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.live.answering import Answering
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.frame_history import HistoryEntry
from heatcam.live.questions import AskedBox, FrameAnswers, Questions
from tests.live.streams import seen
from tests.probing.scenes import BOX, CAT, DOG, LETTERBOX, SIZE_WH, candidates


class FakeModel:
    """Predicts the same in every picture; what speaks for a class is on its left, what speaks against on its right.

    Args:
        there: what it predicts.
        fault: raised instead, if it is given.
        maps_fault: raised instead of maps.
        low: whether the evidence is low.
    """

    def __init__(
        self,
        there: Candidates | None = None,
        fault: Exception | None = None,
        maps_fault: MapError | None = None,
        *,
        low: bool = False,
    ) -> None:
        self.there = there or candidates([(BOX, {DOG: -2.0, CAT: -4.0})])
        self.fault, self.maps_fault, self.low = fault, maps_fault, low
        self.near: list[list[float]] = []
        self.mapped: list[tuple[list[int], list[int]]] = []

    def candidates(self, image: Uint8Array, near_xyxy: Float32Array | None = None) -> Candidates:
        if self.fault is not None:
            raise self.fault
        assert near_xyxy is not None, "boxes are read near the place alone"
        self.near.append(near_xyxy[0].tolist())
        return self.there

    def evidence_at(
        self, image: Uint8Array, anchors: Sequence[int], class_ids: Sequence[int]
    ) -> tuple[tuple[SaliencyMap, ...], tuple[bool, ...]]:
        if self.maps_fault is not None:
            raise self.maps_fault
        self.mapped.append((list(anchors), list(class_ids)))
        values = np.zeros((20, 20), np.float32)
        values[:, :10], values[:, 10:] = 0.02, -0.01
        one = SaliencyMap(values, LETTERBOX, "hirescam", "15")
        return (one,) * len(anchors), (self.low,) * len(anchors)


def scene_frame(index: int = 0) -> Frame:
    """A frame of the scene's size."""
    return Frame(np.full((SIZE_WH[1], SIZE_WH[0], 3), 120, np.uint8), index, 0.0, index / 10, "scene")


def asked_about(
    rank: int = 0, box: tuple[float, float, float, float] = BOX, **more: object
) -> ExplainRequest:
    """A request that asks about a place."""
    return ExplainRequest(questions=Questions(place=AskedBox(box, rank)), **more)  # type: ignore[arg-type]


def answered(
    request: ExplainRequest, model: FakeModel | None = None, explanation: Explanation | None = None
) -> FrameAnswers:
    """What a new answerer says."""
    own = model or FakeModel()
    return Answering(lambda _: own)(explanation or seen(scene_frame()), request)


def entry_of(request: ExplainRequest, model: FakeModel | None = None) -> HistoryEntry:
    """A frame that was shown, with its answer."""
    explanation = seen(scene_frame(), (BOX,))
    return HistoryEntry(explanation, (1,), request, answered(request, model, explanation))
