"""A model that sees two objects, and less of them the more of their boxes is covered, for tests of the brush."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from heatcam.enums import Fill
from heatcam.errors import UsageError
from heatcam.frames import Candidates, Explanation, Frame, SaliencyMap
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.questions import CoverStroke, Questions
from tests.probing.scenes import BOX, CAT, DOG, LETTERBOX, candidates

OTHER = (16.0, 16.0, 80.0, 80.0)
SHADE = 200  # of the bare picture
LOSES = {DOG: 8.0, CAT: 4.0}  # logits of an object that is covered altogether


def bare_frame(index: int = 0) -> Frame:
    return Frame(np.full((320, 320, 3), SHADE, np.uint8), index, 0.0, index / 10, "scene")


def map_of(box: tuple[float, float, float, float], share_left: float) -> SaliencyMap:
    """Evidence in the left and the right half of a box: 20x20 cells of 16 pixels."""
    values = np.zeros((20, 20), np.float32)
    x1, y1, x2, y2 = (int(side // 16) for side in box)
    middle = (x1 + x2) // 2
    values[y1:y2, x1:middle], values[y1:y2, middle:x2] = share_left, 1 - share_left
    return SaliencyMap(values, LETTERBOX, "live", "1:x")


class CoveredModel:
    """The model: ``candidates`` of a picture, and every picture that it was asked about."""

    def __init__(self, fails_at: int | None = None) -> None:
        self.asked: list[Uint8Array] = []
        self.fails_at = fails_at

    def candidates(self, image: Uint8Array, near_xyxy: Float32Array | None = None) -> Candidates:
        del near_xyxy
        self.asked.append(image)
        if len(self.asked) - 1 == self.fails_at:
            raise UsageError("this model finds no boxes", "give another one")
        own = []
        for box, class_id, logit in ((BOX, DOG, 3.0), (OTHER, CAT, 2.0)):
            x1, y1, x2, y2 = (int(side) for side in box)
            share = float((image[y1:y2, x1:x2] != SHADE).any(2).mean())
            own.append((box, {class_id: logit - LOSES[class_id] * share}))
        return candidates(own)

    def evidence_at(
        self, image: Uint8Array, anchors: Sequence[int], class_ids: Sequence[int]
    ) -> tuple[tuple[SaliencyMap, ...], tuple[bool, ...]]:
        raise NotImplementedError


def explained(index: int = 0, *, own_maps: bool = True, method: str = "live") -> Explanation:
    """The bare frame as this model explains it: three quarters of the dog's evidence is on its left, none of the cat's."""
    found = CoveredModel().candidates(bare_frame().image_bgr).detections
    maps = tuple(replace(each, method=method) for each in (map_of(BOX, 0.75), map_of(OTHER, 0.0)))
    return Explanation(
        bare_frame(index), found, maps[0], object_maps=maps if own_maps else (), model="scenes"
    )


def request_for(*strokes: CoverStroke, still: bool = False, fill: Fill = Fill.GREY) -> ExplainRequest:
    return ExplainRequest(with_object_maps=True, still=still, questions=Questions(strokes=strokes, fill=fill))


def left_of(box: tuple[float, float, float, float], number: int, share: float = 0.5) -> CoverStroke:
    x1, y1, x2, y2 = box
    return CoverStroke((x1, y1, x1 + share * (x2 - x1), y2), number)
