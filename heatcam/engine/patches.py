"""The exact gradient of single class logits with respect to the head's inputs, from small crops.

A class logit of a YOLO head is made by a few convolutions and reads only a small square of cells of its own level: 5x5 with
two 3x3 convolutions. Running those convolutions on the N squares of N objects as one batch, and differentiating only that,
gives the same gradient as a backward pass over the whole map at a small part of its cost. A square at the border is shifted
inside the map, so that zero padding falls where it really is.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class LevelTargets:
    """The objects whose anchor lies on one level of the head.

    Attributes:
        level: index into the head's inputs.
        members: int64 ``(n,)``, which of the kept boxes these are.
        rows, columns: int64 ``(n,)``, their cells on the level.
        class_ids: int64 ``(n,)``, the logit that is explained.
    """

    level: int
    members: Tensor
    rows: Tensor
    columns: Tensor
    class_ids: Tensor

    def only(self, n: int) -> LevelTargets:
        """The n-th of the level's objects alone."""
        one = slice(n, n + 1)
        return LevelTargets(
            self.level, self.members[one], self.rows[one], self.columns[one], self.class_ids[one]
        )


@dataclass(frozen=True)
class PatchGradients:
    """Gradients of n logits, each with respect to its own square of one level.

    Attributes:
        values: float ``(n, C, s, t)``: d logit / d feature.
        rows: int64 ``(n, s)`` and columns: int64 ``(n, t)``, the cells that the squares cover.
        members: int64 ``(n,)``, which of the kept boxes these are.
    """

    values: Tensor
    rows: Tensor
    columns: Tensor
    members: Tensor

    def only(self, n: int) -> PatchGradients:
        """The n-th object's square alone."""
        one = slice(n, n + 1)
        return PatchGradients(self.values[one], self.rows[one], self.columns[one], self.members[one])


def by_level(features: tuple[Tensor, ...], anchors: Tensor, class_ids: Tensor) -> list[LevelTargets]:
    """Sort the objects by the head input that their anchor lies on; levels without objects are left out.

    Args:
        features: the head's inputs, each ``(1, C_l, h_l, w_l)``; anchors count through them, row by row.
        anchors: int64 ``(N,)``.
        class_ids: int64 ``(N,)``.
    """
    found, start = [], 0
    for level, feature in enumerate(features):
        height, width = feature.shape[2:]
        cell = anchors - start
        members = ((cell >= 0) & (cell < height * width)).nonzero().flatten()
        if len(members):
            own = cell[members]
            found.append(LevelTargets(level, members, own // width, own % width, class_ids[members]))
        start += height * width
    return found


def receptive_radius(branch: nn.Module) -> int:
    """How many cells to each side one output cell of ``branch`` can read: the sum over its convolutions' half kernels.

    An upper bound where branches run side by side; pooling and strides are not expected in a head.
    """
    convolutions = [m for m in branch.modules() if isinstance(m, nn.Conv2d)]
    return sum(
        max((k // 2) * d for k, d in zip(c.kernel_size, c.dilation, strict=True)) for c in convolutions
    )


def patch_gradients(branch: nn.Module, feature: Tensor, targets: LevelTargets, radius: int) -> PatchGradients:
    """Differentiate each target's logit with respect to the square of cells that it reads.

    Args:
        branch: the level's class branch: ``(n, C, s, t)`` features to ``(n, classes, s, t)`` logits.
        feature: the level's head input, ``(1, C, h, w)``.
        targets: the objects on this level.
        radius: cells to each side that a logit reads.
    """
    height, width = feature.shape[2:]
    rows, inner_row = _window(targets.rows, height, radius)
    columns, inner_column = _window(targets.columns, width, radius)
    crops = feature.detach()[0][:, rows[:, :, None], columns[:, None, :]]  # (C, n, s, t)
    crops = crops.permute(1, 0, 2, 3).contiguous().requires_grad_(True)
    with torch.enable_grad():
        logits = branch(crops)  # (n, classes, s, t)
        each = torch.arange(len(crops), device=crops.device)
        total = logits[each, targets.class_ids, inner_row, inner_column].sum()
        (values,) = torch.autograd.grad(total, crops)
    return PatchGradients(values, rows, columns, targets.members)


def scatter_sum(patches: PatchGradients, feature: Tensor) -> Tensor:
    """The patches added up on a zero map of the shape of ``feature``, ``(1, C, h, w)``."""
    dense = torch.zeros_like(feature[0]).permute(1, 2, 0).contiguous()  # (h, w, C)
    where = patches.rows[:, :, None], patches.columns[:, None, :]
    dense.index_put_(where, patches.values.permute(0, 2, 3, 1), accumulate=True)
    # Contiguous, because autograd through an unfused batch normalisation in eval mode gave a wrong gradient (relative error
    # 1.3, torch 2.14.1 on CPU) for a cotangent with channels-last strides.
    return dense.permute(2, 0, 1)[None].contiguous()


def _window(centres: Tensor, length: int, radius: int) -> tuple[Tensor, Tensor]:
    """Indices ``(n, side)`` of the cells around each centre, shifted inside ``[0, length)``, and the centre's place in them."""
    side = min(2 * radius + 1, length)
    first = (centres - radius).clamp(0, length - side)
    return first[:, None] + torch.arange(side, device=centres.device), centres - first
