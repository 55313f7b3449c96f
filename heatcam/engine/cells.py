"""A branch of the head, run for single cells instead of the whole map.

An output of a YOLO head is made by a few convolutions and reads only a small square of cells of its own level: 5x5 with two 3x3
convolutions. Where only some outputs are wanted, only what they read has to be calculated, and the result is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn

from heatcam.engine.cell_parts import Part, modules_of, part_of, reach_of

#: From gradients at the outputs ``(n, outputs)`` to those at the squares ``(n, s, s, C)``.
PullBack = Callable[[Tensor], Tensor]


class CellBranch:
    """A branch of the head, run for single cells.

    Args:
        branch: ``(n, C, h, w)`` features to ``(n, outputs, h, w)``: convolutions that keep the size, and what acts on each cell.
            Its weights must not change afterwards: some are copied.

    Attributes:
        radius: how many cells to each side an output reads.
        bias: what the branch says, ``(outputs,)``, when its last convolution is given nothing; None where it has no such bias.

    Raises:
        NotImplementedError: the branch has a part that is neither.
    """

    def __init__(self, branch: nn.Module) -> None:
        modules = list(modules_of(branch))
        self._steps = [(part_of(module), reach_of(module)) for module in modules]
        self.radius = sum(reach for _, reach in self._steps)
        self.bias: Tensor | None = modules[-1].bias if isinstance(modules[-1], nn.Conv2d) else None

    @torch.no_grad()
    def of_squares(self, squares: Tensor, inside: Tensor) -> tuple[Tensor, PullBack]:
        """Outputs ``(n, outputs)`` of the middle cells, and how their gradients come back to the squares.

        Args:
            squares: features around each cell, ``(n, s, s, C)`` with s = 2 radius + 1, 0 beyond the map's border.
            inside: ``(n, s, s, 1)``, 1 on the map and 0 beyond its border.
        """
        seen: list[tuple[Part, Tensor, Tensor | None]] = []
        for part, reach in self._steps:
            squares = squares * inside if reach and seen else squares
            seen.append((part, squares, inside if reach else None))
            squares = part(squares)
            inside = inside[:, reach : inside.shape[1] - reach, reach : inside.shape[2] - reach]

        @torch.no_grad()
        def vjp(cotangent: Tensor) -> Tensor:
            gradient = cotangent[:, None, None]
            for part, squares, inside in reversed(seen):
                gradient = part.vjp(squares, gradient)
                gradient = gradient if inside is None else gradient * inside
            return gradient

        return squares[:, 0, 0], vjp

    @torch.no_grad()
    def at(self, feature: Tensor, cells: Tensor) -> Tensor:
        """Outputs ``(n, outputs)`` at some cells of a map. What several of them read is calculated once.

        Args:
            feature: ``(1, C, h, w)``.
            cells: int64 ``(n,)``, counted row by row.
        """
        height, width = feature.shape[2:]
        looks: list[Neighbourhood] = []
        for _, reach in reversed(self._steps):
            if reach:
                looks.append(around(height, width, reach, feature.device).of(cells))
                cells = torch.unique(looks[-1].numbers)
        values, known = rows_of(feature), None
        if not self._steps[0][1]:
            values, known = values.index_select(0, cells), cells
        values = values[:, None, None]
        for part, reach in self._steps:
            if reach:
                look = looks.pop()
                values, known = look.squares(values[:, 0, 0], known), look.cells
            values = part(values)
        return values[:, 0, 0]


@dataclass(frozen=True)
class Neighbourhood:
    """What some cells read around them.

    Attributes:
        cells: int64 ``(n,)``, numbers of the cells, counted row by row.
        numbers: int64 ``(n, s, s)``, the cells around each; where one would lie beyond the border, the middle one's number.
        inside: float ``(n, s, s, 1)``, 1 on the map and 0 beyond its border.
        count: of all the map's cells.
    """

    cells: Tensor
    numbers: Tensor
    inside: Tensor
    count: int

    def squares(self, values: Tensor, known: Tensor | None = None) -> Tensor:
        """The squares ``(n, s, s, C)`` around the cells, zero beyond the border.

        Args:
            values: ``(m, C)`` at the cells ``known``; at all cells of the map for None.
            known: int64 ``(m,)``.
        """
        places = self.numbers
        if known is not None:
            place_of = known.new_zeros(self.count)
            place_of[known] = torch.arange(len(known), device=known.device)
            places = place_of[places]
        return values.index_select(0, places.flatten()).view(*places.shape, -1) * self.inside

    def of(self, cells: Tensor) -> Neighbourhood:
        """The same for some of the cells, where this is for all of a map (``around``)."""
        numbers, inside = (whole.index_select(0, cells) for whole in (self.numbers, self.inside))
        return Neighbourhood(cells, numbers.long(), inside.float(), self.count)


@lru_cache(maxsize=12)
def around(height: int, width: int, reach: int, device: torch.device) -> Neighbourhood:
    """What every cell of a map reads: made once, since looking it up takes a tenth of the time. Kept small in memory."""
    cells = torch.arange(height * width, device=device)
    rows, row_inside = _window(cells // width, height, reach)
    columns, column_inside = _window(cells % width, width, reach)
    inside = row_inside[:, :, None] & column_inside[:, None]
    numbers = torch.where(inside, rows[:, :, None] * width + columns[:, None], cells[:, None, None])
    return Neighbourhood(cells, numbers.int(), inside[..., None], len(cells))


def _window(centres: Tensor, length: int, radius: int) -> tuple[Tensor, Tensor]:
    """Indices ``(n, 2 radius + 1)`` around each centre along one axis, and which of them lie on ``[0, length)``."""
    cells = centres[:, None] + torch.arange(-radius, radius + 1, device=centres.device)
    return cells, (cells >= 0) & (cells < length)


def rows_of(feature: Tensor) -> Tensor:
    """A map ``(1, C, h, w)`` as one row a cell, ``(h * w, C)``: no copy where it lies channels last."""
    return feature.detach()[0].permute(1, 2, 0).reshape(-1, feature.shape[1])
