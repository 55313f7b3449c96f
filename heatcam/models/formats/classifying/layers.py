"""The layers of any classifier that maps are taken from: the last one of each resolution, found by running it once.

Layers whose output does not reach the likeliest class's logit are left out, which a gradient tells: with a class token those are
the tokens after the last attention. A transformer's blocks all have one resolution: the last and the middle one are taken.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from heatcam.engine import Tap

#: Layers of this stride and coarser are taken where there are any.
_FINEST_STRIDE = 7.5  # (299 pixels make 35 cells)
_LIVE_LEVELS = 2
#: Numbers of tokens before those of the cells.
_PREFIXES = (0, 1, 2, 4, 5)


@dataclass(frozen=True)
class FoundTaps:
    """The layers of both maps, each in the order in which they run."""

    live: tuple[Tap, ...]
    fine: tuple[Tap, ...]


@dataclass(frozen=True, eq=False)
class _Seen:
    """A layer's output in the pass.

    Attributes:
        tap: the layer.
        order: when it was done.
        output: as it is.
        cells_hw: of its map.
        is_tokens: True for cells in one row, as transformers have them.
    """

    tap: Tap
    order: int
    output: Tensor
    cells_hw: tuple[int, int]
    is_tokens: bool

    @property
    def depth(self) -> int:
        return self.tap.layer.count(".")

    @property
    def parent(self) -> str:
        return self.tap.layer.rpartition(".")[0]

    def holds(self, other: _Seen) -> bool:
        """Return True if the other layer is a part of this one."""
        return other.tap.layer.startswith(f"{self.tap.layer}.")


@dataclass(frozen=True)
class _Layout:
    """The things by which an output is recognised as a map.

    Attributes:
        side: of the square picture, in pixels.
        grids: height and width of all that could be maps.
        channels_last: see ``find_taps``.
    """

    side: int
    grids: set[tuple[int, ...]]
    channels_last: bool


def channels_first(output: Tensor, _input_hw: tuple[int, int]) -> Tensor:
    """Return ``(1, h, w, C)`` as ``(1, C, h, w)``."""
    return output.permute(0, 3, 1, 2)


def tokens_as_map(output: Tensor, input_hw: tuple[int, int], prefix: int, patch: float) -> Tensor:
    """Return tokens ``(1, prefix + h * w, C)`` as a map ``(1, C, h, w)``; the first ``prefix`` of them are no cells."""
    rows, columns = (round(length / patch) for length in input_hw)
    return output[:, prefix:].transpose(1, 2).reshape(1, output.shape[2], rows, columns)


def find_taps(
    network: nn.Module,
    logits_of: Callable[[Tensor], Tensor],
    shape: Sequence[int],
    *,
    channels_last: bool = False,
) -> FoundTaps:
    """Find the layers of a network's maps; none where no layer makes a map.

    Args:
        network: on the CPU, in eval mode.
        logits_of: runs a picture, float ``(1, C, H, W)`` in ``[0, 1]``, and returns logits ``(1, classes)``.
        shape: channels, height and width of a square picture.
        channels_last: read ``(1, n, n, n)`` as a map whose channels come last; else they come second.
    """
    generator = torch.Generator().manual_seed(0)
    picture = torch.rand(1, *shape, generator=generator).requires_grad_(True)
    seen = _reaching(*_run(network, logits_of, picture, channels_last))
    chains = {name for name, one in network.named_modules() if isinstance(one, nn.Sequential | nn.ModuleList)}
    levels = _levels_of(seen, shape[1], chains)
    if len(levels) == 1 and levels[0][0].is_tokens:
        blocks = levels[0]
        middle, last = blocks[(len(blocks) - 1) // 2].tap, blocks[-1].tap
        return FoundTaps((last,), (last,) if middle == last else (middle, last))
    picked = sorted(_one_each(levels), key=lambda one: one.order)
    taps = tuple(one.tap for one in picked)
    return FoundTaps(taps[-_LIVE_LEVELS:], taps)


def _run(
    network: nn.Module, logits_of: Callable[[Tensor], Tensor], picture: Tensor, channels_last: bool
) -> tuple[list[_Seen], Tensor]:
    """Return the layers that ran once and made something like a map, in the order in which they were done, and the logits."""
    done: list[tuple[str, Any]] = []

    def note(name: str, _module: nn.Module, _given: Any, output: Any) -> None:
        done.append((name, output))

    hooks = [
        module.register_forward_hook(partial(note, name)) for name, module in network.named_modules() if name
    ]
    try:
        with torch.enable_grad():
            logits = logits_of(picture)
    finally:
        for hook in hooks:
            hook.remove()
    times = Counter(name for name, _ in done)
    grids = {tuple(out.shape[2:]) for _, out in done if isinstance(out, Tensor) and out.ndim == 4}
    layout = _Layout(picture.shape[2], grids, channels_last)
    found = [
        one
        for order, (name, output) in enumerate(done)
        if times[name] == 1 and isinstance(output, Tensor) and output.requires_grad
        if (one := _as_seen(name, order, output, layout))
    ]
    return found, logits


def _as_seen(name: str, order: int, output: Tensor, layout: _Layout) -> _Seen | None:
    """Return a layer whose output can be a map of a square picture; None for any other."""
    if output.ndim == 3:
        return _tokens(name, order, output, layout)
    if output.ndim != 4:
        return None
    _, second, third, last = output.shape
    if second == third and (layout.channels_last or third != last):
        return _Seen(Tap(name, channels_first), order, output, (second, third), is_tokens=False)
    return _Seen(Tap(name), order, output, (third, last), is_tokens=False) if third == last else None


def _tokens(name: str, order: int, output: Tensor, layout: _Layout) -> _Seen | None:
    """Return a layer of tokens, one for each cell of a square and maybe a few before them; grids that were seen come first."""
    count = output.shape[1]
    fitting = [
        (p, math.isqrt(count - p)) for p in _PREFIXES if count > p and math.isqrt(count - p) ** 2 == count - p
    ]
    fitting.sort(key=lambda one: (one[1], one[1]) not in layout.grids)
    if not fitting or fitting[0][1] < 2:
        return None
    prefix, cells = fitting[0]
    tap = Tap(name, partial(tokens_as_map, prefix=prefix, patch=layout.side / cells))
    return _Seen(tap, order, output, (cells, cells), is_tokens=True)


def _reaching(seen: Sequence[_Seen], logits: Tensor) -> list[_Seen]:
    """Return the layers whose cells the likeliest class's logit depends on; all that it is made from if its head is zero."""
    if not seen:
        return []
    gradients = torch.autograd.grad(logits.max(), [one.output for one in seen], allow_unused=True)

    def reaches(one: _Seen, gradient: Tensor | None) -> bool:
        if gradient is None:
            return False
        prefix = gradient.shape[1] - one.cells_hw[0] * one.cells_hw[1] if one.is_tokens else 0
        return bool(gradient[:, prefix:].any())

    found = [one for one, gradient in zip(seen, gradients, strict=True) if reaches(one, gradient)]
    return found or [one for one, gradient in zip(seen, gradients, strict=True) if gradient is not None]


def _levels_of(seen: Sequence[_Seen], side: int, chains: set[str]) -> list[list[_Seen]]:
    """Return the layers of each resolution that is coarse enough, the finest first, of two cells a side and more."""
    by_cells: dict[tuple[int, int], list[_Seen]] = {}
    for one in seen:
        if one.cells_hw[0] > 1:
            by_cells.setdefault(one.cells_hw, []).append(one)
    every = [_trunk_of(by_cells[cells], chains) for cells in sorted(by_cells, reverse=True)]
    coarse = [level for level in every if side / level[0].cells_hw[0] >= _FINEST_STRIDE]
    return coarse or every[-_LIVE_LEVELS:]


def _trunk_of(level: Sequence[_Seen], chains: set[str]) -> list[_Seen]:
    """Return the layers of one resolution that are alternatives: of tokens, the parts of the outermost chain of blocks alone."""
    blocks = [one for one in level if one.is_tokens and one.parent in chains]
    outermost = min((one.depth for one in blocks), default=0)
    return [one for one in blocks if one.depth == outermost] or list(level)


def _one_each(levels: Sequence[Sequence[_Seen]]) -> Iterator[_Seen]:
    """Yield the last layer of each level among the outermost ones, none of which holds another."""
    left = [sorted(level, key=lambda one: (-one.depth, one.order)) for level in levels]
    while True:
        picked = [level[-1] for level in left if level]
        around = [one for one in picked if any(one.holds(other) for other in picked)]
        if not around:
            yield from picked
            return
        for level in left:
            if level and level[-1] in around:
                level.pop()
