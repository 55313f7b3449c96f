"""Prototypes of masks, and the mask as a target: the mean logit inside an object's predicted mask.

A mask logit is a sum of prototypes, which all objects share and which are made from the head's inputs, each times a coefficient
that a branch of the head gives at the object's anchor. Both depend on the picture, so the gradient has two parts (the product
rule): through the coefficients, in a small square of cells, and through the prototypes, everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from ultralytics.nn.modules.head import Segment26

from heatcam.engine.boxes import KeptBoxes
from heatcam.engine.patches import LevelTargets


@dataclass(frozen=True)
class Prototypes:
    """The part of a segment head that makes the prototypes.

    Attributes:
        network: from the head's inputs to prototypes ``(1, masks, h, w)``.
        takes_all: True if it reads every input of the head (YOLO26), False if only the first.
    """

    network: nn.Module
    takes_all: bool

    def read_of(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Return those of the head's inputs that are read."""
        return list(features) if self.takes_all else [features[0]]

    def made_from(self, features: Sequence[Tensor]) -> Tensor:
        """Return the prototypes ``(1, masks, h, w)``, with a graph where the features have one."""
        read = self.read_of(features)
        made: Tensor = self.network(read if self.takes_all else read[0])
        return made


def prototypes_of(head: Any) -> Prototypes | None:
    """Return the prototypes of a head; None if it makes no masks."""
    network: nn.Module | None = getattr(head, "proto", None)
    return None if network is None else Prototypes(network, isinstance(head, Segment26))


@dataclass(frozen=True)
class MaskLogit:
    """See ``targets.Target``.

    Attributes:
        prototypes: the head's.
        stride: of the head's first input, in model pixels a cell.
    """

    prototypes: Prototypes
    stride: int
    name: str = "mask"

    def branch(self, parts: dict[str, Any], level: int) -> nn.Module:
        """See ``targets.Target``."""
        branch: nn.Module = parts["mask_head"][level]
        return branch

    def of_picture(self, features: Sequence[Tensor], boxes: KeptBoxes) -> MasksOfPicture:
        """See ``targets.Target``."""
        coefficients = boxes.extras
        assert coefficients is not None  # a segment head says them for every box
        with torch.no_grad():
            made = self.prototypes.made_from([feature.detach() for feature in features])[0]  # (masks, h, w)
            logits = torch.einsum("nm,mhw->nhw", coefficients, made)
            pixels = features[0].shape[-1] * self.stride / made.shape[-1]  # model pixels a mask pixel
            inside = (logits > 0) & _in_boxes(boxes.xyxy / pixels, made.shape[1], made.shape[2])
            shares = inside / inside.sum((1, 2), keepdim=True).clamp_min(1)
            means = torch.einsum("nhw,mhw->nm", shares, made)
        return MasksOfPicture(self.prototypes, coefficients, shares, means)


@dataclass(frozen=True)
class MasksOfPicture:
    """See ``targets.Scores``: ``MaskLogit`` for one picture's objects.

    Attributes:
        prototypes: the head's.
        coefficients: float ``(N, masks)``.
        shares: float ``(N, h, w)``, 1 / area inside each object's mask, 0 outside; an empty mask is 0 everywhere.
        means: float ``(N, masks)``, the prototypes' means inside each mask.
    """

    prototypes: Prototypes
    coefficients: Tensor
    shares: Tensor
    means: Tensor

    def score(self, outputs: Tensor, objects: LevelTargets, /) -> Tensor:
        """See ``targets.Scores``; the part through the coefficients, in logits."""
        return (outputs * self.means[objects.members]).sum(1)

    def shared(self, features: Sequence[Tensor], members: Tensor) -> Tensor:
        """See ``targets.Scores``; the part through the prototypes, in logits."""
        weights = torch.einsum("nm,nhw->mhw", self.coefficients[members], self.shares[members])
        return (self.prototypes.made_from(features)[0] * weights).sum()


def _in_boxes(xyxy: Tensor, height: int, width: int) -> Tensor:
    """Return the pixels in each box as bool ``(N, height, width)``, for boxes ``(N, 4)`` in the same pixels."""
    rows = torch.arange(height, device=xyxy.device)[None, :, None]
    columns = torch.arange(width, device=xyxy.device)[None, None, :]
    left, top, right, bottom = (side[:, None, None] for side in xyxy.unbind(1))
    return (columns >= left) & (columns < right) & (rows >= top) & (rows < bottom)
