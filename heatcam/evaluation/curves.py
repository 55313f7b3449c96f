"""Deletion and insertion: the detection's score when the pixels that the map ranks first are removed, or shown alone.

Petsiuk et al., "RISE", BMVC 2018, and for detectors "Black-box Explanation of Object Detectors via Saliency Maps" (D-RISE), CVPR
2021. A picture is scored by the prediction that fits the object best. D-RISE multiplies overlap, cosine similarity of the class
scores and objectness; here it is overlap (IoU) with the box times the score of its class, as VX-CODE takes it, since YOLO heads
have no objectness and their class scores do not sum to one. Removed pixels are not blackened, because black patches are objects
of their own to a detector: ``infills`` has what is shown instead, ``ranking`` which pixels are taken at which step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from heatcam.evaluation.protocols import Protocol
from heatcam.evaluation.ranking import Ranking
from heatcam.geometry import Float32Array, Uint8Array, overlaps

#: Takes a letterboxed picture, uint8 ``(H, W, 3)`` BGR, and a class; yields all predictions, part by part: boxes ``(K, 4)``, xyxy
#: in model pixels, and the class's scores ``(K,)`` in ``[0, 1]``, K > 0, descending from the first part to the last.
Predict = Callable[[Uint8Array, int], Iterable[tuple[Float32Array, Float32Array]]]


@dataclass(frozen=True)
class Curves:
    """One object's scores, in ``[0, 1]``.

    Attributes:
        protocol: the protocol that they were measured by.
        infill: name of the infill.
        deletions: the score with each of the protocol's fractions of the highest-ranked pixels removed; low is good.
        insertions: the score with only that fraction of pixels shown; high is good.
    """

    protocol: Protocol
    infill: str
    deletions: tuple[float, ...]
    insertions: tuple[float, ...]

    @property
    def deletion(self) -> float:
        """Summary of the deletions in one number."""
        return self.protocol.summary(self.deletions)

    @property
    def insertion(self) -> float:
        """Summary of the insertions in one number."""
        return self.protocol.summary(self.insertions)

    @property
    def difference(self) -> float:
        """Insertion minus deletion, which maps are ranked by."""
        return self.insertion - self.deletion


@dataclass(frozen=True)
class Trial:
    """One object of one picture under one infill, for the deletion and insertion of one map after another.

    Maps can agree on a step (once all of the box is removed, the order inside it no longer counts), so a picture that was scored
    once is not scored again.

    Attributes:
        predict: the network.
        clear: the letterboxed picture, uint8 ``(H, W, 3)`` BGR.
        infill: name of the infill.
        backdrop: pixels shown in place of removed ones, of the shape of ``clear``.
        protocol: summarises the steps.
        ranking: of its pixels; the same for all infills.
        box_xyxy: ``(4,)``, the object in model pixels.
        class_id: its class.
    """

    predict: Predict
    clear: Uint8Array
    infill: str
    backdrop: Uint8Array
    protocol: Protocol
    ranking: Ranking
    box_xyxy: Float32Array
    class_id: int
    _known: dict[bytes, float] = field(default_factory=dict, repr=False)

    def curves(self, values: Float32Array) -> Curves:
        """Measure a map, float32 ``(H, W)`` over the letterbox; only its order counts."""
        steps = [(self._score(~chosen), self._score(chosen)) for chosen in self.ranking.first(values)]
        deletions, insertions = zip(*steps, strict=True)
        return Curves(self.protocol, self.infill, deletions, insertions)

    def _score(self, shown: npt.NDArray[np.bool_]) -> float:
        """Score the picture where ``shown`` (``(H * W,)``) is True, with the backdrop elsewhere."""
        key = np.packbits(shown).tobytes()
        if key not in self._known:
            mask = shown.reshape(*self.clear.shape[:2], 1)
            picture = np.where(mask, self.clear, self.backdrop)
            self._known[key] = best_fit(self.predict(picture, self.class_id), self.box_xyxy)
        return self._known[key]


def best_fit(predictions: Iterable[tuple[Float32Array, Float32Array]], box_xyxy: Float32Array) -> float:
    """Return the largest overlap (IoU) with ``box_xyxy`` ``(4,)`` times score, of predictions as ``Predict`` yields them.

    Once the scores are no higher than the best product so far, no further prediction can be better, and none is read.
    """
    best = 0.0
    for boxes, scores in predictions:
        best = max(best, float((overlaps(boxes, box_xyxy[None])[:, 0] * scores).max()))
        if scores[-1] <= best:
            break
    return best


def over_letterbox(values: Float32Array, model_wh: tuple[int, int]) -> Float32Array:
    """Resize a map of any resolution to ``(H, W)`` float32 over the whole letterbox, without its negative part."""
    enlarged = cv2.resize(values, model_wh, interpolation=cv2.INTER_LINEAR)
    return np.asarray(enlarged, np.float32).clip(0)


def cut_to_box(values: Float32Array, box_xyxy: Float32Array) -> Float32Array:
    """Return a copy of the map with zeros outside the box. ``box_xyxy`` is ``(4,)`` in the map's own cells."""
    inside = np.zeros_like(values)
    left, top, right, bottom = (max(0, round(float(side))) for side in box_xyxy)
    inside[top:bottom, left:right] = values[top:bottom, left:right]
    return inside
