"""The parts of a branch of the head, for squares of cells instead of a whole map, and the gradient of each.

Squares lie channels last, ``(n, rows, columns, C)``, so that a convolution is one product of matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol

import torch
from torch import Tensor, nn
from ultralytics.nn.modules.conv import Conv

from heatcam.engine.gates import HeldSiLU
from heatcam.engine.vjp import vjp


class Part(Protocol):
    """One part of a branch, for squares of cells ``(n, s, s, C)``, without padding."""

    def __call__(self, squares: Tensor, /) -> Tensor:
        """Return the part's output, ``(n, s - 2 reach, s - 2 reach, C')``."""

    def vjp(self, squares: Tensor, cotangent: Tensor, /) -> Tensor:
        """Return the gradient at the part's input, for one at its output.

        Args:
            squares: the part's input.
            cotangent: the gradient at its output, or several of them, one after the other: ``(m n, ...)`` for n squares.
        """


def modules_of(branch: nn.Module) -> Iterator[nn.Module]:
    """Yield the convolutions of a branch and the modules between them, in the order in which they run."""
    if isinstance(branch, Conv):
        yield from (
            (branch.conv, branch.bn, branch.act) if hasattr(branch, "bn") else (branch.conv, branch.act)
        )
    elif isinstance(branch, nn.Sequential):
        for part in branch:
            yield from modules_of(part)
    else:
        if any(max(_sides(part)) > 1 for part in branch.modules() if part is not branch):
            raise NotImplementedError(f"{type(branch).__name__} in a branch of the head")
        yield branch


def reach_of(module: nn.Module) -> int:
    """Number of cells to each side that a part reads.

    Raises:
        NotImplementedError: it changes the size of the map, or its window is not square.
    """
    sides = _sides(module)
    if sides == (1, 1):
        return 0
    if not isinstance(module, nn.Conv2d) or set(module.stride) != {1}:
        raise NotImplementedError(f"{module} in a branch of the head")
    reach = {(k - 1) * d // 2 for k, d in zip(sides, module.dilation, strict=True)}
    if {int(p) for p in module.padding} != reach or len(reach) != 1:
        raise NotImplementedError(f"{module} in a branch of the head")
    return reach.pop()


def _sides(module: nn.Module) -> tuple[int, int]:
    """Height and width of a module's kernel; 1 for a module without one."""
    sides = getattr(module, "kernel_size", 1)
    return (sides, sides) if isinstance(sides, int) else (sides[0], sides[-1])


def part_of(module: nn.Module) -> Part:
    """Return the ``Part`` that runs a module of a branch on squares of cells."""
    if isinstance(module, nn.SiLU):
        return _SiLU()
    if isinstance(module, HeldSiLU):
        return _HeldSiLU()
    if not isinstance(module, nn.Conv2d):
        return _AnyPart(module)
    if module.groups == 1 and set(module.dilation) == {1} and len(set(_sides(module))) == 1:
        return _Convolution(module)
    return _AnyPart(_without_padding(module))


class _Convolution:
    """A convolution as a product of matrices: for a few cells much faster than torch's, which is made for whole maps."""

    def __init__(self, module: nn.Conv2d) -> None:
        self._side, self._channels = module.kernel_size[0], module.in_channels
        weight = module.weight.detach().permute(2, 3, 1, 0)  # (side, side, C, outputs)
        self._matrix = weight.reshape(-1, module.out_channels).contiguous()
        bias = module.bias
        self._bias = self._matrix.new_zeros(module.out_channels) if bias is None else bias.detach()

    def __call__(self, squares: Tensor) -> Tensor:
        """See ``Part``."""
        n, height, width, channels = squares.shape
        side = self._side
        rows, columns = height - side + 1, width - side + 1
        line = width * channels  # memory steps from row to row; from cell to cell it is ``channels``
        seen = squares.contiguous().as_strided(
            (n, rows, columns, side, side, channels), (height * line, line, channels, line, channels, 1)
        )
        said = torch.addmm(self._bias, seen.reshape(n * rows * columns, -1), self._matrix)
        return said.view(n, rows, columns, -1)

    def vjp(self, squares: Tensor, cotangent: Tensor) -> Tensor:
        """See ``Part``: each output's gradients at the cells of its window, added up down the columns, then along the rows."""
        n, rows, columns, outputs = cotangent.shape
        side = self._side
        shares = cotangent.reshape(-1, outputs) @ self._matrix.T
        if rows * columns == 1 or side == 1:  # each cell has its share from one output
            return shares.view(n, *squares.shape[1:])
        parts = shares.view(n, rows, columns, side, side, self._channels)
        down = parts.new_zeros((n, squares.shape[1], columns, side, self._channels))
        for offset in range(side):
            down[:, offset : offset + rows] += parts[:, :, :, offset]
        across = parts.new_zeros((n, *squares.shape[1:]))
        for offset in range(side):
            across[:, :, offset : offset + columns] += down[:, :, :, offset]
        return across


class _SiLU:
    """``x * sigmoid(x)``."""

    def __call__(self, squares: Tensor) -> Tensor:
        """See ``Part``."""
        return nn.functional.silu(squares)

    def vjp(self, squares: Tensor, cotangent: Tensor) -> Tensor:
        """See ``Part``."""
        gate = squares.sigmoid()
        return cotangent * (gate * (1 + squares * (1 - gate)))


class _HeldSiLU(_SiLU):
    """The same for gradients that take the sigmoid as a constant."""

    def vjp(self, squares: Tensor, cotangent: Tensor) -> Tensor:
        """See ``Part``."""
        return cotangent * squares.sigmoid()


class _AnyPart:
    """A module that takes ``(n, C, s, s)``, differentiated by autograd."""

    def __init__(self, module: Callable[[Tensor], Tensor]) -> None:
        self._module = module

    def __call__(self, squares: Tensor) -> Tensor:
        """See ``Part``."""
        given = squares.permute(0, 3, 1, 2).clone()  # (some activations work in place)
        return self._module(given).permute(0, 2, 3, 1)

    def vjp(self, squares: Tensor, cotangent: Tensor) -> Tensor:
        """See ``Part``."""
        with torch.enable_grad():
            times = len(cotangent) // len(squares)
            leaf = squares.detach().repeat(times, 1, 1, 1).requires_grad_(True)
            (gradient,) = vjp([self(leaf)], [leaf], [cotangent], zeros=True)
        assert gradient is not None  # (zeros)
        return gradient


def _without_padding(module: nn.Conv2d) -> Callable[[Tensor], Tensor]:
    """Return a convolution without padding: it gives only the cells whose whole window lies in the input."""
    weight, bias = module.weight.detach(), None if module.bias is None else module.bias.detach()
    return partial(
        nn.functional.conv2d, weight=weight, bias=bias, dilation=module.dilation, groups=module.groups
    )
