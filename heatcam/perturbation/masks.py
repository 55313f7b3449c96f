"""Maps by masks: parts of a picture are covered, and predictions in it are compared with those before.

What chooses the masks is a ``MaskPlan``: random ones (``random_masks``) or ever smaller cells (``quad_tree``). It knows neither
pictures nor models; ``run_masks`` covers, predicts and tells it the similarities. One mask serves all objects of a picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from heatcam.errors import MapError
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.perturbation.predictions import MaskTargets, Predict, similarities
from heatcam.perturbation.trying import Progress

Float64Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MaskedMap:
    """Map of one object after some masks.

    Attributes:
        values: float32 ``(h, w)``: how much the object's similarity rises when a place is shown rather than covered.
        error: float32 ``(h, w)``, the standard error of ``values``.
    """

    values: Float32Array
    error: Float32Array


class MaskPlan(Protocol):
    """Chooses masks, and makes maps of what they told.

    Attributes:
        masks: number of masks that were told.
        is_settled: True if more masks are not needed.
    """

    masks: int
    is_settled: bool

    def ask(self, most: int) -> Float32Array:
        """Return the next masks, float32 ``(B, h, w)``: the share of each cell that is shown. Empty if none is left."""

    def tell(self, scores: Float64Array) -> None:
        """Take the similarities in the pictures of the last masks, float64 ``(B, T)``: one an object."""

    def maps(self) -> tuple[MaskedMap, ...]:
        """Return the map of each object so far."""

    @property
    def is_known(self) -> bool:
        """True once the masks make a map."""


@dataclass(frozen=True, eq=False)
class CoveredPicture:
    """A picture and what covers it.

    Attributes:
        clear: uint8 ``(H, W, 3)`` BGR, letterboxed.
        backdrop: what is shown where it is covered, of the same shape.
    """

    clear: Uint8Array
    backdrop: Uint8Array

    def pictures(self, masks: Float32Array) -> Uint8Array:
        """Return the picture under each of some masks ``(B, h, w)``: uint8 ``(B, H, W, 3)``."""
        size_wh = self.clear.shape[1], self.clear.shape[0]
        made = []
        for mask in masks:
            shown = np.asarray(cv2.resize(mask, size_wh, interpolation=cv2.INTER_LINEAR), np.float32)
            made.append(cv2.blendLinear(self.clear, self.backdrop, shown, 1 - shown))
        return np.asarray(np.stack(made), np.uint8)


def run_masks(
    plan: MaskPlan, covering: CoveredPicture, targets: MaskTargets, predict: Predict, most: int, batch: int
) -> Iterator[Progress]:
    """Try masks until the plan has had ``most`` of them, has no more, or is settled; yield after each batch.

    Whoever iterates may stop at any time: every mask that was tried is in the plan then.

    Args:
        plan: chooses the masks; all targets share them, and one score more is their sum.
        covering: the picture.
        targets: the objects.
        predict: predicts in pictures.
        most: masks of the picture, those of earlier calls included.
        batch: pictures at once.

    Raises:
        MapError: ``predict`` gives what cannot be predictions.
    """
    while plan.masks < most and not plan.is_settled:
        masks = plan.ask(min(batch, most - plan.masks))
        if not len(masks):
            return
        found = predict(covering.pictures(masks))
        scores = np.stack([similarities(one, targets) for one in found]).astype(np.float64)
        if len(scores) != len(masks) or not np.isfinite(scores).all():
            raise MapError("the model gave predictions for the masks that are no numbers")
        plan.tell(with_sum(scores))
        yield Progress(plan.masks, most)


def with_sum(scores: Float64Array) -> Float64Array:
    """Return scores ``(B, T)`` with their sum as a last column: the map of all objects has an error bar of its own then."""
    return np.hstack((scores, scores.sum(1, keepdims=True)))


def cells_of(model_wh: tuple[int, int], cell: int) -> tuple[int, int]:
    """Return rows and columns of a map over pictures of this size, whose cells are so many pixels."""
    return -(-model_wh[1] // cell), -(-model_wh[0] // cell)
