"""The gradient of objects' class logits at one input of the head, inside a graph: from squares of cells that it gathers itself.

It is what ``engine.patches`` calculates, written with operations that every exporter knows. All K objects run on every level;
those of other levels are multiplied by zero, so that shapes do not depend on the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from heatcam.engine import holds_gates, modules_of, reach_of, with_plain_gates
from heatcam.exporting.selection import one_where


@dataclass(frozen=True)
class SquareGradients:
    """K logits on one level and their gradients there.

    Attributes:
        logits: float ``(K,)``.
        gross: float ``(K,)``, the sum of ``|feature * gradient|``, with plain gradients also where gates are held.
        dense: float ``(K, 1, C, h, w)``, the gradients at the level's input, zero but for a square.
    """

    logits: Tensor
    gross: Tensor
    dense: Tensor


def square_gradients(
    branch: nn.Module, feature: Tensor, cells: Tensor, class_ids: Tensor, here: Tensor
) -> SquareGradients:
    """Differentiate K class logits with respect to the cells that they read.

    Args:
        branch: the level's class branch.
        feature: the level's head input, float ``(1, C, h, w)``.
        cells: int64 ``(K,)``, each object's cell, counted row by row.
        class_ids: int64 ``(K,)``.
        here: float ``(K,)``, 1 for objects of this level, 0 for all others.

    Raises:
        NotImplementedError: the branch has a part that reads the whole map.
    """
    height, width = feature.shape[2:]
    radius = sum(reach_of(module) for module in modules_of(branch))
    places, inside = _square_places(cells, height, width, radius)
    padded = nnf.pad(feature, (radius,) * 4).flatten(2)[0]  # (C, cells with the border)
    side, channels = 2 * radius + 1, padded.shape[0]
    gathered = padded.index_select(1, places.flatten())
    squares = gathered.view(channels, -1, side, side).transpose(0, 1)  # (K, C, side, side)
    logits, gradients = _differentiated(branch, squares, inside, class_ids, here)
    plain = gradients
    if holds_gates(branch):
        plain = _differentiated(with_plain_gates(branch), squares, inside, class_ids, here)[1]
    zeros = feature.new_zeros((cells.shape[0], channels, padded.shape[1]))
    flat = zeros.scatter(2, places[:, None].expand(-1, channels, -1), gradients.flatten(2))
    whole = flat.view(-1, 1, channels, height + 2 * radius, width + 2 * radius)
    dense = whole[..., radius : radius + height, radius : radius + width]
    return SquareGradients(logits, (squares * plain).abs().sum((1, 2, 3)), dense)


def _differentiated(
    branch: nn.Module, squares: Tensor, inside: Tensor, class_ids: Tensor, here: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the logits ``(K,)`` of squares ``(K, C, side, side)``, and their gradients there, zero beyond the border."""
    with torch.enable_grad():
        leaf = squares.detach().contiguous().requires_grad_(True)
        logits = _middle(branch, leaf, inside).gather(1, class_ids[:, None]).flatten()
        (gradients,) = torch.autograd.grad(logits, leaf, here)
    return logits.detach(), gradients * inside


def _square_places(cells: Tensor, height: int, width: int, radius: int) -> tuple[Tensor, Tensor]:
    """Return the places of each object's square on the level with a border of ``radius`` cells, and which lie on the level.

    Returns:
        int64 ``(K, side * side)``, counted row by row over the map with its border; and float ``(K, 1, side, side)``, 1 on the
        level and 0 on the border.
    """
    steps = torch.arange(2 * radius + 1)
    rows, columns = (cells // width)[:, None] + steps, (cells % width)[:, None] + steps
    places = rows[:, :, None] * (width + 2 * radius) + columns[:, None]
    on_rows = (rows >= radius) & (rows < height + radius)
    on_columns = (columns >= radius) & (columns < width + radius)
    inside = one_where(on_rows[:, :, None] & on_columns[:, None])[:, None]
    return places.flatten(1), inside


def _middle(branch: nn.Module, squares: Tensor, inside: Tensor) -> Tensor:
    """Return the branch's outputs ``(K, outputs)`` in the middles of squares ``(K, C, side, side)``."""
    is_first = True
    for module in modules_of(branch):
        reach = reach_of(module)
        if not reach:
            squares = module(squares)
            continue
        assert isinstance(module, nn.Conv2d)  # (no other part reads its neighbours)
        squares = squares if is_first else squares * inside
        squares = nnf.conv2d(
            squares, module.weight, module.bias, dilation=module.dilation, groups=module.groups
        )
        inside = inside[:, :, reach : inside.shape[2] - reach, reach : inside.shape[3] - reach]
        is_first = False
    return squares.flatten(1)  # (one cell is left)
