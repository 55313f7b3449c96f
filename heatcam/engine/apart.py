"""Gradients of several objects from one pass down to the taps, for objects whose gradients do not touch.

A pass down costs the same for one object as for all, and most of it goes through cells where one object's gradient is zero. So
objects whose gradients are not zero in rectangles apart from each other share one: in its sum each has its own rectangle. The
rectangles are measured, by what a few cells of each level reach, and leave a cell between each other that has to stay zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from heatcam.engine.interface import TapGradients
from heatcam.engine.network import HeadInputs
from heatcam.engine.patches import LevelTargets, PatchGradients

#: Gradient outside of all rectangles, of the largest one, up to which it is rounding.
_ROUNDING = 1e-5
Span = tuple[int, int]  # first cell, and the one after the last
Rectangle = tuple[Span, Span]  # rows and columns
Alone = tuple[LevelTargets, PatchGradients]
Carry = Callable[[HeadInputs, list[Tensor | None]], TapGradients]


@dataclass(frozen=True)
class Reach:
    """Reach of the gradients of one level at one tap, along one axis.

    Attributes:
        block: cells of the level that are looked at together, from a multiple of this on: what a tap's cell covers.
        before, after: cells of the tap on both sides of the block's own; None where they reach an edge of the map.
    """

    block: int
    before: int | None
    after: int | None

    def span(self, cells: Span, count: int, tap_count: int) -> Span:
        """Return what some cells of a level with ``count`` cells reach, of a tap with ``tap_count`` cells, along the axis."""
        if self.before is None or self.after is None:
            return 0, tap_count
        first, last = cells[0] // self.block * self.block, -(-cells[1] // self.block) * self.block
        low, high = first * tap_count // count - self.before, -(-last * tap_count // count) + self.after
        return max(0, low), min(tap_count, high)


class Reaches:
    """Reaches of the levels of one network at its taps; each is measured once, and again in a larger picture.

    Args:
        carry: takes gradients at the head's inputs down to the taps.
    """

    def __init__(self, carry: Carry) -> None:
        self._carry = carry
        self._known: dict[int, tuple[tuple[int, ...], list[tuple[Reach, Reach]]]] = {}

    def gradients(
        self,
        inputs: HeadInputs,
        alone: Sequence[Alone],
        summed: Callable[[list[Alone]], TapGradients],
    ) -> Iterator[tuple[int, TapGradients]]:
        """Yield the index of each object, and its gradient at the taps alone.

        Args:
            inputs: of a pass with a graph.
            alone: one object each, and its gradient in the square of cells that its score reads.
            summed: takes the sum of some of them down to the taps.
        """
        places = [self._places_of(inputs, *each) for each in alone] if len(alone) > 1 else [[] for _ in alone]
        for those in groups_apart(places):
            total = summed([alone[n] for n in those])
            parts = [total] if len(those) == 1 else split(total, [places[n] for n in those])
            yield from zip(those, parts or [summed([alone[n]]) for n in those], strict=True)

    def _places_of(self, inputs: HeadInputs, target: LevelTargets, square: PatchGradients) -> list[Rectangle]:
        """Return where one object's gradients are, at each tap."""
        radius = square.values.shape[1] // 2
        middle = int(target.rows[0]), int(target.columns[0])
        rows, columns = (
            (max(0, at - radius), min(count, at + radius + 1))
            for at, count in zip(middle, inputs.features[target.level].shape[2:], strict=True)
        )
        return self.rectangles(inputs, target.level, rows, columns)

    def rectangles(self, inputs: HeadInputs, level: int, rows: Span, columns: Span) -> list[Rectangle]:
        """Return what some cells of a level reach at each tap.

        Args:
            inputs: of a pass with a graph.
            level: index into the head's inputs.
            rows: of the level.
            columns: of the level.
        """
        tall, wide = inputs.features[level].shape[2:]
        return [
            (down.span(rows, tall, tap.shape[2]), along.span(columns, wide, tap.shape[3]))
            for tap, (down, along) in zip(inputs.taps, self._of(inputs, level), strict=True)
        ]

    def _of(self, inputs: HeadInputs, level: int) -> list[tuple[Reach, Reach]]:
        size = tuple(inputs.features[level].shape[2:])
        known = self._known.get(level)
        if known is not None:
            is_full = all(reach.before is not None for pair in known[1] for reach in pair)
            if is_full or not all(ours > before for ours, before in zip(size, known[0], strict=True)):
                return known[1]
        made = self._measured(inputs, level)
        self._known[level] = size, made
        return made

    def _measured(self, inputs: HeadInputs, level: int) -> list[tuple[Reach, Reach]]:
        feature = inputs.features[level]
        tall, wide = feature.shape[2:]
        block = max(-(-tall // tap.shape[2]) for tap in inputs.taps)
        top, left = (side // 2 // block * block for side in (tall, wide))
        cotangents: list[Tensor | None] = [None] * len(inputs.features)
        some = torch.zeros_like(feature)
        some[..., top : top + block, left : left + block] = 1
        cotangents[level] = some
        found = []
        for gradient in self._carry(inputs, cotangents):
            touched = (gradient != 0).any(0)
            down = _reach(touched.any(1), (top, top + block), tall, block)
            found.append((down, _reach(touched.any(0), (left, left + block), wide, block)))
        return found


def _reach(touched: Tensor, cells: Span, count: int, block: int) -> Reach:
    """Return the reach of a level's cells, of ``count``, along an axis.

    Args:
        touched: bool ``(n,)``, which of the tap's cells they reach.
        cells: those of the level.
        count: number of the level's cells.
        block: see ``Reach``.
    """
    where, tap_count = touched.nonzero().flatten().tolist(), len(touched)
    if not where:  # (the level does not read this tap)
        return Reach(block, 0, 0)
    if where[0] == 0 or where[-1] == tap_count - 1:
        return Reach(block, None, None)
    low, high = cells[0] * tap_count // count, -(-cells[1] * tap_count // count)
    return Reach(block, max(0, low - where[0]), max(0, where[-1] + 1 - high))


def groups_apart(rectangles: Sequence[Sequence[Rectangle]]) -> list[list[int]]:
    """Sort objects into groups whose rectangles do not touch at any tap, by first fit: lists of their indices.

    Args:
        rectangles: of each object, one a tap.
    """
    groups: list[list[int]] = []
    for n, own in enumerate(rectangles):
        fits = (
            g
            for g in groups
            if not any(_touch(a, b) for m in g for a, b in zip(own, rectangles[m], strict=True))
        )
        group = next(fits, None)
        if group is None:
            groups.append([n])
        else:
            group.append(n)
    return groups


def _touch(one: Rectangle, other: Rectangle) -> bool:
    """Return True if there is no cell between two rectangles."""
    return all(a[0] <= b[1] and b[0] <= a[1] for a, b in zip(one, other, strict=True))


def split(total: TapGradients, rectangles: Sequence[Sequence[Rectangle]]) -> list[TapGradients] | None:
    """Take a sum of gradients apart; None if it is not zero outside of the rectangles.

    Args:
        total: each ``(C, h, w)``.
        rectangles: of each object, one a tap; no two touch.
    """
    for n, gradient in enumerate(total):
        rest = gradient.abs().amax(0)
        largest = float(rest.max())
        for own in rectangles:
            rest[slice(*own[n][0]), slice(*own[n][1])] = 0
        if float(rest.max()) > _ROUNDING * largest:
            return None
    return [
        tuple(_only(gradient, place) for gradient, place in zip(total, own, strict=True))
        for own in rectangles
    ]


def _only(gradient: Tensor, place: Rectangle) -> Tensor:
    alone = torch.zeros_like(gradient)
    rows, columns = slice(*place[0]), slice(*place[1])
    alone[:, rows, columns] = gradient[:, rows, columns]
    return alone
