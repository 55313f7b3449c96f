"""Predictions of a detector of which nothing else is known, and their similarity to an object (D-RISE)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from heatcam.geometry import Float32Array, Uint8Array, overlaps

#: Predictions below this certainty are not compared: their similarity is below it too.
LEAST_CERTAINTY = 0.005


@dataclass(frozen=True, eq=False)
class Predicted:
    """Predictions of a detector in one picture, before or after it suppresses what overlaps.

    Attributes:
        boxes_xyxy: float32 ``(K, 4)`` in the picture's pixels, not clipped.
        scores: float32 ``(K, classes)`` in ``[0, 1]``; a detector that names one class a box has zeros elsewhere.
        objectness: float32 ``(K,)`` in ``[0, 1]``; None for a detector without, whose best class score takes its place.
    """

    boxes_xyxy: Float32Array
    scores: Float32Array
    objectness: Float32Array | None = None

    @property
    def certainty(self) -> Float32Array:
        """The objectness, or else the best class score: float32 ``(K,)``."""
        if self.objectness is not None:
            return self.objectness
        return np.asarray(self.scores.max(1, initial=0.0), np.float32)


#: Predicts in pictures, uint8 ``(B, h, w, 3)`` BGR of one size; returns one record a picture, in their order.
Predict = Callable[[Uint8Array], Sequence[Predicted]]


@dataclass(frozen=True, eq=False)
class MaskTargets:
    """The objects that masked pictures are asked about.

    Attributes:
        boxes_xyxy: float32 ``(T, 4)`` in the pixels of the pictures.
        scores: float32 ``(T, classes)``, the class scores of each.
    """

    boxes_xyxy: Float32Array
    scores: Float32Array

    def __len__(self) -> int:
        return len(self.boxes_xyxy)


def similarities(predicted: Predicted, targets: MaskTargets) -> Float32Array:
    """Return the similarity of a picture's best prediction to each target: float32 ``(T,)`` in ``[0, 1]``.

    It is the overlap (IoU) times the cosine between the class scores times the objectness: Petsiuk et al., "Black-box
    Explanation of Object Detectors via Saliency Maps", CVPR 2021. Detectors without objectness are not in the paper's formula;
    here the best class score takes its place, since without it a box that is hardly believed any more counts as before.
    """
    certainty = predicted.certainty
    seen = certainty >= LEAST_CERTAINTY
    if not seen.any() or not len(targets):
        return np.zeros(len(targets), np.float32)
    scores = predicted.scores[seen]
    alike = _unit(scores) @ _unit(targets.scores).T
    shared = overlaps(predicted.boxes_xyxy[seen], targets.boxes_xyxy)
    return np.asarray((shared * alike * certainty[seen, None]).max(0), np.float32)


def targets_of(predicted: Predicted, boxes_xyxy: Float32Array, class_ids: Sequence[int]) -> MaskTargets:
    """Return kept boxes as targets, each with all class scores of the prediction that it most likely came from.

    Args:
        predicted: in the picture where nothing is covered.
        boxes_xyxy: float32 ``(T, 4)`` in its pixels.
        class_ids: of the boxes.
    """
    named = one_hot_targets(predicted, boxes_xyxy, class_ids)
    boxes, scores, classes = named.boxes_xyxy, named.scores, list(class_ids)
    if len(predicted.boxes_xyxy):
        own = overlaps(predicted.boxes_xyxy, boxes) * predicted.scores[:, classes]
        best = own.argmax(0)
        known = own.max(0) > 0
        scores[known, : predicted.scores.shape[1]] = predicted.scores[best[known]]
    return named


def one_hot_targets(predicted: Predicted, boxes_xyxy: Float32Array, class_ids: Sequence[int]) -> MaskTargets:
    """Return targets of one class each, whatever else their boxes look like; arguments as of ``targets_of``."""
    classes = list(class_ids)
    scores = np.zeros((len(classes), max([predicted.scores.shape[1], *(n + 1 for n in classes)])), np.float32)
    scores[np.arange(len(classes)), classes] = 1.0
    return MaskTargets(np.asarray(boxes_xyxy, np.float32).reshape(-1, 4), scores)


def _unit(scores: Float32Array) -> Float32Array:
    """Return rows of length 1, or of zeros."""
    return np.asarray(scores / np.maximum(np.linalg.norm(scores, axis=1, keepdims=True), 1e-9), np.float32)
