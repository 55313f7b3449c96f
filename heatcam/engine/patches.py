"""The exact gradient of single outputs of the head with respect to its inputs, from small squares of cells.

An output of a YOLO head is made by a few convolutions and reads only a small square of cells of its own level: 5x5 with two 3x3
convolutions. Running those convolutions on the N squares of N objects as one batch, each without padding so that the square
shrinks to the one output that counts, and differentiating only that, gives the same gradient as a backward pass over the whole
map at a small part of its cost. What lies beyond the border of the map is zero before every convolution, as padding makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from ultralytics.nn.modules.conv import Conv


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
    """Gradients of n scores, each with respect to its own square of one level.

    Attributes:
        values: float ``(n, C, s, s)``: d score / d feature, zero beyond the border.
        rows: int64 ``(n, s)`` and columns: int64 ``(n, s)``, the cells that the squares cover; beyond the border, the border's.
        scores: float ``(n,)``, the scores themselves.
        gross: float ``(n,)``, the sum of ``|feature * d score / d feature|``: what speaks for a score and what speaks against it
            without their signs, in the score's unit.
    """

    values: Tensor
    rows: Tensor
    columns: Tensor
    scores: Tensor
    gross: Tensor

    def only(self, n: int) -> PatchGradients:
        """The n-th object's square alone."""
        one = slice(n, n + 1)
        return PatchGradients(
            self.values[one], self.rows[one], self.columns[one], self.scores[one], self.gross[one]
        )


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


class CellBranch:
    """A branch of the head, run for single cells.

    Args:
        branch: ``(n, C, h, w)`` features to ``(n, outputs, h, w)``: convolutions that keep the size, and what acts on each cell.

    Attributes:
        radius: how many cells to each side an output reads.

    Raises:
        NotImplementedError: the branch has a part that is neither.
    """

    def __init__(self, branch: nn.Module) -> None:
        self._steps = list(_steps(branch))
        self.radius = sum(_reach(step) for step in self._steps)

    @property
    def bias(self) -> Tensor | None:
        """What the branch says, ``(outputs,)``, when its last convolution is given nothing; None where it has no such bias."""
        last = self._steps[-1]
        return last.bias if isinstance(last, nn.Conv2d) else None

    def __call__(self, squares: Tensor, inside: Tensor) -> Tensor:
        """Outputs ``(n, outputs)`` of the middle cells of ``(n, C, s, s)`` squares, s = 2 radius + 1.

        Args:
            squares: features around each cell.
            inside: ``(n, 1, s, s)``, 1 on the map and 0 beyond its border.
        """
        for step in self._steps:
            reach = _reach(step)
            if not isinstance(step, nn.Conv2d) or reach == 0:
                squares = step(squares)
                continue
            squares = torch.nn.functional.conv2d(
                squares * inside, step.weight, step.bias, 1, 0, step.dilation, step.groups
            )
            inside = inside[:, :, reach:-reach, reach:-reach]
        return squares[:, :, 0, 0]


def _steps(branch: nn.Module) -> Iterator[nn.Module]:
    """The convolutions of a branch and what lies between them, in the order in which they run."""
    if isinstance(branch, Conv):
        yield from (
            (branch.conv, branch.bn, branch.act) if hasattr(branch, "bn") else (branch.conv, branch.act)
        )
    elif isinstance(branch, nn.Sequential):
        for part in branch:
            yield from _steps(part)
    else:
        if any(max(_sides(part)) > 1 for part in branch.modules() if part is not branch):
            raise NotImplementedError(f"{type(branch).__name__} in a branch of the head")
        yield branch


def _reach(step: nn.Module) -> int:
    """How many cells to each side a step reads.

    Raises:
        NotImplementedError: it changes the size of the map, or its window is not square.
    """
    sides = _sides(step)
    if sides == (1, 1):
        return 0
    if not isinstance(step, nn.Conv2d) or set(step.stride) != {1}:
        raise NotImplementedError(f"{step} in a branch of the head")
    reach = {(k - 1) * d // 2 for k, d in zip(sides, step.dilation, strict=True)}
    if {int(p) for p in step.padding} != reach or len(reach) != 1:
        raise NotImplementedError(f"{step} in a branch of the head")
    return reach.pop()


def _sides(step: nn.Module) -> tuple[int, int]:
    """Height and width of the window that a module looks through."""
    sides = getattr(step, "kernel_size", 1)
    return (sides, sides) if isinstance(sides, int) else (sides[0], sides[-1])


def patch_gradients(
    branch: CellBranch, feature: Tensor, targets: LevelTargets, score: Callable[[Tensor], Tensor]
) -> PatchGradients:
    """Differentiate each object's score with respect to the square of cells that it reads.

    Args:
        branch: the level's branch.
        feature: the level's head input, ``(1, C, h, w)``.
        targets: the objects on this level.
        score: what is explained, ``(n,)``, from the branch's outputs at the objects' anchors, ``(n, outputs)``.
    """
    height, width = feature.shape[2:]
    rows, row_inside = _window(targets.rows, height, branch.radius)
    columns, column_inside = _window(targets.columns, width, branch.radius)
    cells = feature.detach()[0].permute(1, 2, 0)[rows[:, :, None], columns[:, None, :]]  # (n, s, s, C)
    squares = cells.permute(0, 3, 1, 2).requires_grad_(True)
    inside = (row_inside[:, None, :, None] & column_inside[:, None, None, :]).to(feature.dtype)
    with torch.enable_grad():
        scores = score(branch(squares, inside))
        (values,) = torch.autograd.grad(scores.sum(), squares)
    gross = (squares.detach() * values).abs().sum((1, 2, 3))
    return PatchGradients(values, rows, columns, scores.detach(), gross)


def scatter_sum(patches: PatchGradients, feature: Tensor) -> Tensor:
    """The patches added up on a zero map of the shape of ``feature``, ``(1, C, h, w)``, channels last in memory."""
    _, channels, height, width = feature.shape
    dense = feature.new_zeros((height, width, channels))
    where = patches.rows[:, :, None], patches.columns[:, None, :]
    dense.index_put_(where, patches.values.permute(0, 2, 3, 1), accumulate=True)
    return dense.permute(2, 0, 1)[None]


def _window(centres: Tensor, length: int, radius: int) -> tuple[Tensor, Tensor]:
    """Indices ``(n, 2 radius + 1)`` of the cells around each centre, and which of them lie on ``[0, length)``.

    An index beyond the border is that of the border; nothing reads it and its gradient is zero.
    """
    cells = centres[:, None] + torch.arange(-radius, radius + 1, device=centres.device)
    return cells.clamp(0, length - 1), (cells >= 0) & (cells < length)
