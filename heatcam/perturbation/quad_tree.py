"""A hierarchical mask: cells are covered one by one, and those whose cover counts for something are quartered.

Most of a picture is told of no object by a few covers, so that small cells are tried only where large ones count. A cell is
covered several times with its edges moved by chance, because the effect of a cover depends on where its edges fall; it is
quartered if its mean effect is larger than twice its standard error, and than a small share of the object's score. Trials end by
themselves when no cell is left that may be quartered.

A first cell's effect is its evidence, and the effects of its quarters say how that is shared among them, and so on down to the
smallest cells: a small cover alone hardly ever takes away what a large one does, since objects are found by several parts. Unlike
the slope of random masks, effects are asked with all else shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np

from heatcam.geometry import Float32Array
from heatcam.perturbation.masks import Float64Array, MaskedMap

FIRST_CELLS = 4  # along the longer side of the picture
COVERS = 3  # of a cell, each with other edges
_MOVED = 0.2  # of a cell's sides, at most
_SIGMAS, _LEAST_EFFECT = (
    2.0,
    0.02,
)  # standard errors, and share of the object's score, that an effect has to be above
_LEAST_SIDE = 3  # cells of the map
_SMOOTHED = 0.35  # of a cell's side


@dataclass(frozen=True)
class TreeCell:
    """A cell of the tree, in cells of the map.

    Attributes:
        top, left, bottom, right: its edges.
        level: 0 for the first cells.
    """

    top: int
    left: int
    bottom: int
    right: int
    level: int

    @property
    def area(self) -> int:
        """Number of cells of the map."""
        return (self.bottom - self.top) * (self.right - self.left)

    def quarters(self) -> list[TreeCell]:
        """Return its halves both ways, as far as they are not too small."""
        rows = _halves(self.top, self.bottom)
        columns = _halves(self.left, self.right)
        if len(rows) == len(columns) == 1:
            return []
        return [TreeCell(t, x, b, y, self.level + 1) for t, b in rows for x, y in columns]


@dataclass(eq=False)
class _Covered:
    """A cell that is covered.

    Attributes:
        region: the cell.
        effects: of covering it so far, float64 ``(T,)`` each.
        parts: its quarters; none where it was not quartered.
    """

    region: TreeCell
    effects: list[Float64Array] = field(default_factory=list)
    parts: list[_Covered] = field(default_factory=list)

    @property
    def is_shared(self) -> bool:
        """True if its quarters are known, so that its evidence is theirs."""
        return bool(self.parts) and all(part.effects for part in self.parts)


class _Drawn:
    """Evidence of the cells of one level that were not shared, and its variance, each float64 ``(T, h, w)``."""

    def __init__(self, count: int, shape_hw: tuple[int, int]) -> None:
        self.values, self.variances = np.zeros((count, *shape_hw)), np.zeros((count, *shape_hw))
        self._sides: list[float] = []

    def add(self, region: TreeCell, mass: Float64Array, variance: Float64Array) -> None:
        """Draw a cell's evidence, evenly."""
        place = (slice(None), slice(region.top, region.bottom), slice(region.left, region.right))
        self.values[place] += mass[:, None, None] / region.area
        self.variances[place] += variance[:, None, None] / region.area**2
        self._sides.append(region.area**0.5)

    def smoothed(self, sharp: Float64Array, seen: tuple[int, int, int, int]) -> Float64Array:
        """Smooth by a share of the cells' side, since their edges mean nothing; nothing comes into the border."""
        made = np.zeros_like(sharp)
        if not self._sides:
            return made
        top, left, bottom, right = seen
        sigma = _SMOOTHED * float(np.mean(self._sides))
        for own, smooth in zip(sharp, made, strict=True):
            part = own[top:bottom, left:right]
            smooth[top:bottom, left:right] = cv2.GaussianBlur(
                part, (0, 0), sigma, borderType=cv2.BORDER_REFLECT
            )
        return made


class QuadTree:
    """See ``MaskPlan``.

    Args:
        shape_hw: rows and columns of the maps.
        seen: top, left, bottom, right of the picture in them, without the letterbox's border.
        scores: float64 ``(T,)``, the scores where nothing is covered.
        seed: of the edges.
    """

    def __init__(
        self, shape_hw: tuple[int, int], seen: tuple[int, int, int, int], scores: Float64Array, seed: int = 0
    ) -> None:
        self.masks, self.is_settled = 0, False
        self._shape_hw, self._seen, self._scores = shape_hw, seen, np.asarray(scores, np.float64)
        self._rng = np.random.default_rng(seed)
        self._levels: list[list[_Covered]] = [[_Covered(region) for region in first_regions(seen)]]
        self._asked: list[_Covered] = []
        self._waiting = self._covers()

    @property
    def is_known(self) -> bool:
        """See ``MaskPlan``."""
        return all(own.effects for own in self._levels[0])

    def ask(self, most: int) -> Float32Array:
        """See ``MaskPlan``."""
        self._asked = [own for _, own in zip(range(most), self._waiting, strict=False)]
        if not self._asked and self._grow():
            return self.ask(most)
        self.is_settled = not self._asked
        return np.array([self._mask(own.region) for own in self._asked], np.float32).reshape(
            -1, *self._shape_hw
        )

    def tell(self, scores: Float64Array) -> None:
        """See ``MaskPlan``."""
        for own, found in zip(self._asked, scores, strict=True):
            own.effects.append(self._scores - found)
        self.masks += len(scores)

    def maps(self) -> tuple[MaskedMap, ...]:
        """See ``MaskPlan``. Values are per cell of the map, and sum up to the effects of the first cells."""
        count = len(self._scores)
        values, variances = (np.zeros((count, *self._shape_hw)) for _ in range(2))
        self._noises = [_noise(level, count) for level in self._levels]
        drawn = [_Drawn(count, self._shape_hw) for _ in self._levels]
        for own in self._levels[0]:
            if own.effects:
                self._share(own, _mean(own), _squared_error(own, self._noises[0]), drawn)
        for level in drawn:
            values += level.smoothed(level.values, self._seen)
            variances += level.smoothed(level.variances, self._seen)
        each = zip(values, np.sqrt(variances), strict=True)
        return tuple(MaskedMap(np.asarray(v, np.float32), np.asarray(e, np.float32)) for v, e in each)

    def _share(self, own: _Covered, mass: Float64Array, variance: Float64Array, drawn: list[_Drawn]) -> None:
        """Give a cell's evidence to its quarters as their effects are, or draw it.

        Args:
            own: the cell.
            mass: float64 ``(T,)``, its evidence.
            variance: of ``mass``.
            drawn: what is drawn of each level.
        """
        if not own.is_shared:
            drawn[own.region.level].add(own.region, mass, variance)
            return
        noise = self._noises[own.region.level + 1]
        effects = np.maximum([_mean(part) for part in own.parts], 1e-9)  # (4, T)
        squares = np.array([_squared_error(part, noise) for part in own.parts])
        total = effects.sum(0)
        for part, effect, square in zip(own.parts, effects, squares, strict=True):
            share = effect / total
            of_share = ((1 - share) ** 2 * square + share**2 * (squares.sum(0) - square)) / total**2
            of_share = np.minimum(of_share, 1.0)  # (a share of nothing is not known, and no more than all)
            self._share(part, mass * share, variance * share**2 + mass**2 * of_share, drawn)

    def _covers(self) -> Iterator[_Covered]:
        """Yield the cells of the last level, each as often as it is covered."""
        for own in self._levels[-1]:
            for _ in range(COVERS):
                yield own

    def _grow(self) -> bool:
        """Quarter the cells of the last level that count, the most effective first; return False if there are none."""
        level = self._levels[-1]
        noise = _noise(level, len(self._scores))
        counting = [own for own in level if self._counts(own, noise)]
        counting.sort(key=lambda own: -float((_mean(own) / np.maximum(self._scores, 1e-9)).max()))
        for own in counting:
            own.parts = [_Covered(part) for part in own.region.quarters()]
        below = [part for own in counting for part in own.parts]
        if not below:
            return False
        self._levels.append(below)
        self._waiting = self._covers()
        return True

    def _counts(self, own: _Covered, noise: Float64Array) -> bool:
        """Return True if a cell's effect on any object is larger than chance, and not tiny."""
        error = np.sqrt(_squared_error(own, noise))
        return bool((_mean(own) > np.maximum(_SIGMAS * error, _LEAST_EFFECT * self._scores)).any())

    def _mask(self, region: TreeCell) -> Float32Array:
        """Return the mask that covers a cell, with its edges moved by chance, but not into the border."""
        made = np.ones(self._shape_hw, np.float32)
        top, left, bottom, right = self._moved(region)
        made[top:bottom, left:right] = 0
        return made

    def _moved(self, region: TreeCell) -> tuple[int, int, int, int]:
        tall, wide = region.bottom - region.top, region.right - region.left
        away = self._rng.uniform(-_MOVED, _MOVED, 4) * (tall, wide, tall, wide)
        edges = np.array([region.top, region.left, region.bottom, region.right]) + np.rint(away).astype(int)
        low = np.array([self._seen[0], self._seen[1]] * 2)
        high = np.array([self._seen[2], self._seen[3]] * 2)
        top, left, bottom, right = (int(edge) for edge in edges.clip(low, high))
        return top, left, max(bottom, top + 1), max(right, left + 1)


def first_regions(seen: tuple[int, int, int, int]) -> list[TreeCell]:
    """Return the first cells: about as tall as wide, and ``FIRST_CELLS`` along the longer side."""
    top, left, bottom, right = seen
    side = max(bottom - top, right - left) / FIRST_CELLS
    rows = np.linspace(top, bottom, 1 + max(1, round((bottom - top) / side))).round().astype(int)
    columns = np.linspace(left, right, 1 + max(1, round((right - left) / side))).round().astype(int)
    return [
        TreeCell(int(t), int(x), int(b), int(y), 0) for t, b in pairwise(rows) for x, y in pairwise(columns)
    ]


def _halves(start: int, end: int) -> list[tuple[int, int]]:
    """Return the halves of a side, or the side itself where they would be too small."""
    if end - start < 2 * _LEAST_SIDE:
        return [(start, end)]
    middle = (start + end) // 2
    return [(start, middle), (middle, end)]


def _mean(own: _Covered) -> Float64Array:
    return np.asarray(np.mean(own.effects, 0))


def _noise(level: list[_Covered], count: int) -> Float64Array:
    """Return the variance of one cover's effect over the cells of a level, float64 ``(count,)``."""
    known = [np.var(own.effects, 0, ddof=1) for own in level if len(own.effects) > 1]
    return np.asarray(np.mean(known, 0)) if known else np.full(count, 1.0)


def _squared_error(own: _Covered, noise: Float64Array) -> Float64Array:
    """Return the squared standard error of a cell's effect: by its own covers and by those of its level, half each.

    Two or three covers alone would often be alike by chance.
    """
    covers = len(own.effects)
    variance = np.var(own.effects, 0, ddof=1) if covers > 1 else noise
    return np.asarray((variance + noise) / 2 / covers)
