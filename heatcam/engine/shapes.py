"""Masks, keypoints and rotated boxes of the kept boxes, of the heads that tell them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from ultralytics.nn.modules.head import Pose

from heatcam.engine.boxes import KeptBoxes
from heatcam.engine.masks import prototypes_of


@dataclass(frozen=True)
class Shapes:
    """The shapes of one picture's objects in model pixels, on the network's device; each None where the head has none.

    Attributes:
        mask_logits: float ``(N, h, w)`` over the whole letterbox, positive in the mask; not cropped to the boxes.
        keypoints: float ``(N, K, 3)``: x, y, and a confidence in ``[0, 1]``, 1 where the head gives none.
        rotated_xywhr: float ``(N, 5)``: centre, sides, and the angle in radians.
    """

    mask_logits: Tensor | None = None
    keypoints: Tensor | None = None
    rotated_xywhr: Tensor | None = None


@torch.no_grad()
def shapes_of(head: Any, features: Sequence[Tensor], boxes: KeptBoxes) -> Shapes:
    """Return the shapes of the kept boxes.

    Args:
        head: ultralytics' ``Detect`` or a head that extends it.
        features: its inputs; read by a segment head alone, which makes its prototypes from them.
        boxes: the kept boxes.
    """
    return Shapes(_mask_logits(head, features, boxes), _keypoints(head, boxes), boxes.rotated_xywhr)


def _mask_logits(head: Any, features: Sequence[Tensor], boxes: KeptBoxes) -> Tensor | None:
    """Return each object's prototypes times its coefficients, ``(N, h, w)``; without objects no prototypes are made."""
    prototypes, coefficients = prototypes_of(head), boxes.extras
    if prototypes is None or coefficients is None:
        return None
    if not len(boxes):
        return coefficients.new_zeros((0, 1, 1))
    made = prototypes.made_from([feature.detach() for feature in features])[0]  # (masks, h, w)
    return torch.einsum("nm,mhw->nhw", coefficients, made)


def _keypoints(head: Any, boxes: KeptBoxes) -> Tensor | None:
    """Return the keypoints ``(N, K, 3)``, which the head has decoded already."""
    if not isinstance(head, Pose) or boxes.extras is None:
        return None
    count, values = head.kpt_shape
    points = boxes.extras.reshape(-1, count, values)
    return points if values > 2 else torch.nn.functional.pad(points, (0, 1), value=1.0)
