"""A branch of the head, run for single cells instead of the whole map.

An output of a YOLO head is made by a few convolutions and reads only a small square of cells of its own level: 5x5 with two 3x3
convolutions. Where only some outputs are wanted, only what they read has to be calculated, and the result is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import torch
from torch import Tensor, nn

from heatcam.engine.cell_parts import Part, modules_of, part_of, reach_of
from heatcam.engine.gates import holds_gates, with_plain_gates


class Vjp(Protocol):
    """The backward pass of a branch's single cells."""

    def __call__(self, cotangent: Tensor, /, *, also_plain: bool = False) -> Tensor:
        """Take gradients at the outputs ``(n, outputs)`` to those at the squares ``(n, s, s, C)``.

        Args:
            cotangent: the gradients at the outputs.
            also_plain: of a branch that holds gates, let those follow that they are with plain gates: ``(2 n, s, s, C)``.
        """


class CellBranch:
    """A branch of the head, run for single cells.

    Args:
        branch: ``(n, C, h, w)`` features to ``(n, outputs, h, w)``: convolutions that keep the size, and modules that act on each
            cell alone. Its weights must not change afterwards: some are copied.

    Attributes:
        radius: number of cells to each side that an output reads.
        bias: the last convolution's bias, ``(outputs,)``; None where it has none.
        holds_gates: True if gates in the branch are held (``heatcam.engine.gates``).

    Raises:
        NotImplementedError: the branch has a part that is neither.
    """

    def __init__(self, branch: nn.Module) -> None:
        modules = list(modules_of(branch))
        self._steps = [(part_of(module), reach_of(module)) for module in modules]
        self.holds_gates = holds_gates(branch)
        self._plain = [
            part_of(with_plain_gates(module)) if holds_gates(module) else part
            for module, (part, _) in zip(modules, self._steps, strict=True)
        ]
        self.radius = sum(reach for _, reach in self._steps)
        self.bias: Tensor | None = modules[-1].bias if isinstance(modules[-1], nn.Conv2d) else None

    @torch.no_grad()
    def of_squares(self, squares: Tensor, inside: Tensor) -> tuple[Tensor, Vjp]:
        """Return the outputs ``(n, outputs)`` of the middle cells, and a function that takes their gradients back to the squares.

        Args:
            squares: features around each cell, ``(n, s, s, C)`` with s = 2 radius + 1, 0 beyond the map's border.
            inside: ``(n, s, s, 1)``, 1 on the map and 0 beyond its border.
        """
        seen: list[tuple[Part, Part, Tensor, Tensor | None]] = []
        for (part, reach), plain_part in zip(self._steps, self._plain, strict=True):
            squares = squares * inside if reach and seen else squares
            seen.append((part, plain_part, squares, inside if reach else None))
            squares = part(squares)
            inside = inside[:, reach : inside.shape[1] - reach, reach : inside.shape[2] - reach]

        @torch.no_grad()
        def vjp(cotangent: Tensor, /, *, also_plain: bool = False) -> Tensor:
            gradient, count = cotangent[:, None, None], len(cotangent)
            for part, plain_part, squares, inside in reversed(seen):
                if also_plain and part is not plain_part:
                    other = plain_part.vjp(squares, gradient[-count:])
                    gradient = torch.cat((part.vjp(squares, gradient[:count]), other))
                else:
                    gradient = part.vjp(squares, gradient)
                if inside is not None:
                    gradient = gradient * inside.repeat(len(gradient) // count, 1, 1, 1)
            return gradient

        return squares[:, 0, 0], vjp

    @torch.no_grad()
    def at(self, feature: Tensor, cells: Tensor) -> Tensor:
        """Return the outputs ``(n, outputs)`` at some cells of a map. Cells that several of them read are calculated once.

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
    """The square of cells around each of some cells.

    Attributes:
        cells: int64 ``(n,)``, numbers of the cells, counted row by row.
        numbers: int64 ``(n, s, s)``, the cells around each; where one would lie beyond the border, the middle one's number.
        inside: float ``(n, s, s, 1)``, 1 on the map and 0 beyond its border.
        count: number of all the map's cells.
    """

    cells: Tensor
    numbers: Tensor
    inside: Tensor
    count: int

    def squares(self, values: Tensor, known: Tensor | None = None) -> Tensor:
        """Return the squares ``(n, s, s, C)`` around the cells, zero beyond the border.

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
        """Return the neighbourhood of some of the cells; ``self`` must be that of all cells of a map (``around``)."""
        numbers, inside = (whole.index_select(0, cells) for whole in (self.numbers, self.inside))
        return Neighbourhood(cells, numbers.long(), inside.float(), self.count)


@lru_cache(maxsize=12)
def around(height: int, width: int, reach: int, device: torch.device) -> Neighbourhood:
    """Return the neighbourhood of every cell of a map: cached, as reading it takes a tenth of the time. Small in memory."""
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
    """Return a map ``(1, C, h, w)`` with one row per cell, ``(h * w, C)``: no copy where it lies channels last."""
    return feature.detach()[0].permute(1, 2, 0).reshape(-1, feature.shape[1])
