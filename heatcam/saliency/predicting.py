"""A network's predictions alone, in many pictures at once: for maps by masks, which ask for nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from heatcam.geometry import Float32Array, Uint8Array
from heatcam.perturbation import Predicted
from heatcam.saliency.explainer import Explainer

_GREY = 0.114, 0.587, 0.299  # weights of blue, green and red


class NetworkPredicts:
    """Predicts with the network of an explainer, in torch, in turn with it. See ``heatcam.perturbation.Predict``.

    Args:
        explainer: of the network.
    """

    def __init__(self, explainer: Explainer) -> None:
        engine: Any = explainer.engine  # (``Engine`` does not say that it has a ``cut``)
        self._engine, self._cut = engine, engine.cut

    @property
    def has_boxes(self) -> bool:
        """False for a classifier, whose only box is the picture."""
        return bool(self._cut.has_boxes)

    @torch.no_grad()
    def predict(self, pictures: Uint8Array) -> Sequence[Predicted]:
        """Predict in letterboxed pictures, uint8 ``(B, h, w, 3)`` BGR: before any suppression, boxes in their pixels."""
        planes = torch.from_numpy(np.ascontiguousarray(self._planes(pictures))).to(self._engine.device)
        with self._engine.exclusive_threads():
            boxes, scores = self._cut.predicted(planes)
            rows = self._of_classes(scores).float().transpose(1, 2).cpu().numpy()
            places = None if boxes is None else boxes.float().transpose(1, 2).cpu().numpy()
        if places is None:
            return [_of_class(own, pictures.shape[1:3]) for own in rows]
        return [Predicted(np.ascontiguousarray(box), own) for box, own in zip(places, rows, strict=True)]

    def _planes(self, pictures: Uint8Array) -> Float32Array:
        """Return the network's input, float32 ``(B, channels, h, w)`` in ``[0, 1]``."""
        if self._cut.channels == 1:
            return np.asarray((pictures @ np.array(_GREY, np.float32))[:, None] / 255, np.float32)
        return np.asarray(pictures[..., ::-1].transpose(0, 3, 1, 2) / np.float32(255), np.float32)

    def _of_classes(self, scores: torch.Tensor) -> torch.Tensor:
        """Return scores ``(B, columns, K)`` with zeros in every column that is no class."""
        class_ids = getattr(getattr(self._cut, "network", None), "class_ids", None)
        if class_ids is None:
            return scores
        kept = torch.zeros_like(scores)
        kept[:, class_ids] = scores[:, class_ids]
        return kept


def _of_class(scores: Float32Array, shape_hw: tuple[int, ...]) -> Predicted:
    """Return a classifier's scores ``(1, classes)`` as one box: the picture.

    With the length of the scores as objectness the similarity to one class is its score.
    """
    box = np.array([[0, 0, shape_hw[1], shape_hw[0]]], np.float32)
    return Predicted(box, scores, np.asarray(np.linalg.norm(scores, axis=1), np.float32))
