"""Masks, keypoints and rotated boxes of the kept boxes, of the heads that tell them."""

from __future__ import annotations

from collections.abc import Callable
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
def shapes_of(head: Any, boxes: KeptBoxes, make_prototypes: Callable[[], Tensor]) -> Shapes:
    """Return the shapes of the kept boxes.

    Args:
        head: ultralytics' ``Detect`` or a head that extends it.
        boxes: the kept boxes.
        make_prototypes: gives the prototypes ``(1, masks, h, w)``; called for a segment head with boxes alone.
    """
    return Shapes(_mask_logits(head, boxes, make_prototypes), _keypoints(head, boxes), boxes.rotated_xywhr)


def _mask_logits(head: Any, boxes: KeptBoxes, make_prototypes: Callable[[], Tensor]) -> Tensor | None:
    """Return the prototypes times each object's coefficients, ``(N, h, w)``."""
    coefficients = boxes.extras
    if prototypes_of(head) is None or coefficients is None:
        return None
    if not len(boxes):
        return coefficients.new_zeros((0, 1, 1))
    return torch.einsum("nm,mhw->nhw", coefficients, make_prototypes()[0])


def _keypoints(head: Any, boxes: KeptBoxes) -> Tensor | None:
    """Return the keypoints ``(N, K, 3)``, which the head has decoded already."""
    if not isinstance(head, Pose) or boxes.extras is None:
        return None
    count, values = head.kpt_shape
    points = boxes.extras.reshape(-1, count, values)
    return points if values > 2 else torch.nn.functional.pad(points, (0, 1), value=1.0)
