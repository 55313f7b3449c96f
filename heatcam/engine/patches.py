"""The exact gradient of single outputs of the head with respect to its inputs, from small squares of cells.

Running the head's convolutions on the N squares of cells that N objects' outputs read (``cells``), each without padding so that
the square shrinks to the one output that counts, and differentiating only that, gives the same gradient as a backward pass over
the whole map at a small part of its cost. Cells beyond the border of the map are zero before every convolution, as with
padding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from heatcam.engine.cells import CellBranch, around, rows_of


@dataclass(frozen=True)
class LevelTargets:
    """The objects whose anchor lies on one level of the head.

    Attributes:
        level: index into the head's inputs.
        members: int64 ``(n,)``, indices into the kept boxes.
        rows, columns: int64 ``(n,)``, their cells on the level.
        class_ids: int64 ``(n,)``, the logit that is explained.
    """

    level: int
    members: Tensor
    rows: Tensor
    columns: Tensor
    class_ids: Tensor

    def only(self, n: int) -> LevelTargets:
        """Return the n-th of the level's objects alone."""
        one = slice(n, n + 1)
        return LevelTargets(
            self.level, self.members[one], self.rows[one], self.columns[one], self.class_ids[one]
        )


@dataclass(frozen=True)
class PatchGradients:
    """Gradients of n scores, each with respect to its own square of one level.

    Attributes:
        values: float ``(n, s, s, C)``: d score / d feature, zero beyond the border.
        cells: int64 ``(n, s, s)``, the cells that the squares cover, counted row by row; beyond the border, the middle one's.
        scores: float ``(n,)``, the scores themselves.
        gross: float ``(n,)``, the sum of ``|feature * d score / d feature|``: evidence for and against a score, added up without
            signs, in the score's unit. The gradients in it are plain, also where gates are held for ``values``.
    """

    values: Tensor
    cells: Tensor
    scores: Tensor
    gross: Tensor

    def only(self, n: int) -> PatchGradients:
        """Return the n-th object's square alone."""
        one = slice(n, n + 1)
        return PatchGradients(self.values[one], self.cells[one], self.scores[one], self.gross[one])


def by_level(features: tuple[Tensor, ...], anchors: Tensor, class_ids: Tensor) -> list[LevelTargets]:
    """Sort the objects by the head input that their anchor lies on; levels without objects are left out.

    Args:
        features: the head's inputs, each ``(1, C_l, h_l, w_l)``; anchors count through them, row by row.
        anchors: int64 ``(N,)``.
        class_ids: int64 ``(N,)``.
    """
    counts = [feature.shape[2] * feature.shape[3] for feature in features]
    numbers = anchors.cpu().numpy()  # (few and small: NumPy takes less time than torch)
    levels = np.searchsorted(np.cumsum(counts), numbers, side="right")
    found = []
    for level in sorted(set(levels.tolist())):
        members = (levels == level).nonzero()[0]
        rows, columns = np.divmod(numbers[members] - sum(counts[:level]), features[level].shape[3])
        those, down, across = (torch.from_numpy(p).to(anchors.device) for p in (members, rows, columns))
        found.append(LevelTargets(level, those, down, across, class_ids[those]))
    return found


def patch_gradients(
    branch: CellBranch, feature: Tensor, targets: LevelTargets, score: Callable[[Tensor], Tensor]
) -> PatchGradients:
    """Differentiate each object's score with respect to the square of cells that it reads.

    Args:
        branch: the level's branch.
        feature: the level's head input, ``(1, C, h, w)``.
        targets: the objects on this level.
        score: takes the branch's outputs at the objects' anchors, ``(n, outputs)``; returns the explained numbers, ``(n,)``.
    """
    height, width = feature.shape[2:]
    look = around(height, width, branch.radius, feature.device).of(targets.rows * width + targets.columns)
    squares = look.squares(rows_of(feature))
    outputs, vjp = branch.of_squares(squares, look.inside)
    outputs.requires_grad_(True)
    with torch.enable_grad():
        scores = score(outputs)
        (cotangents,) = torch.autograd.grad(scores.sum(), outputs)
    gradients = vjp(cotangents, also_plain=branch.holds_gates)
    count = len(squares)
    gross = (squares * gradients[-count:]).abs().sum((1, 2, 3))
    return PatchGradients(gradients[:count], look.numbers, scores.detach(), gross)


def scatter_sum(patches: PatchGradients, feature: Tensor) -> Tensor:
    """Add up the patches on a zero map of the shape of ``feature``, ``(1, C, h, w)``, channels last in memory."""
    _, channels, height, width = feature.shape
    dense = feature.new_zeros((height * width, channels))
    dense.index_add_(0, patches.cells.flatten(), patches.values.reshape(-1, channels))
    return dense.view(height, width, channels).permute(2, 0, 1)[None]
