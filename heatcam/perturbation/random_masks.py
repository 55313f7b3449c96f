"""D-RISE's masks: coarse random grids, enlarged smoothly and shifted, in which each cell is shown or covered by chance.

Petsiuk et al., "Black-box Explanation of Object Detectors via Saliency Maps", CVPR 2021, add the masks up, each times its score.
That sum is mostly the masks' own noise, since all scores are positive. Here the map is the slope of the score over the mask, cell
by cell::

    value = mean((score - c) * (mask - p)) / v

where ``p`` and ``v`` are mean and variance of a mask, which are known, and ``c`` is the mean score of the first masks, which
count for nothing else. Whatever ``c`` is, the mean has the same expectation, which is D-RISE's up to a factor and a constant; and
since it is a mean of independent numbers, its standard error is known.
"""

from __future__ import annotations

import numpy as np

from heatcam.geometry import Float32Array
from heatcam.perturbation.masks import Float64Array, MaskedMap

GRID, SHOWN = 16, 0.5  # cells along the longer side, and the chance that one is shown, as in the paper
_PILOT = 16  # masks for ``c``
_LEAST = 64  # for a map
_LOOK_EVERY, _FIRST_LOOK = 50, 200  # masks
#: Expected correlation between the map and one by as many other masks, from which it no longer moves.
STILL = 0.9


class RandomMasks:
    """See ``MaskPlan``.

    Args:
        shape_hw: rows and columns of the maps.
        seed: of the masks.
        grid: cells along the longer side.
        shown: chance that one is shown.
        settles: stop when no map moves any more.
    """

    def __init__(
        self,
        shape_hw: tuple[int, int],
        seed: int = 0,
        grid: int = GRID,
        shown: float = SHOWN,
        *,
        settles: bool = True,
    ) -> None:
        self.masks, self.is_settled = 0, False
        self._shape_hw, self._shown, self._settles = shape_hw, shown, settles
        self._cell = max(1, -(-max(shape_hw) // grid))
        self._rng = np.random.default_rng(seed)
        self._asked = np.zeros((0, *shape_hw), np.float32)
        self._pilot: list[Float64Array] = []
        self._mean: RunningMean | None = None
        self._next_look = _FIRST_LOOK

    @property
    def variance(self) -> float:
        """Variance of a mask at any cell, over grids and shifts."""
        steps = np.arange(self._cell) / self._cell
        kept = float(np.mean(steps**2 + (1 - steps) ** 2))  # of one axis, by linear interpolation
        return self._shown * (1 - self._shown) * kept**2

    @property
    def is_known(self) -> bool:
        """See ``MaskPlan``."""
        return self.masks >= _LEAST

    def ask(self, most: int) -> Float32Array:
        """See ``MaskPlan``."""
        self._asked = np.stack([self._mask() for _ in range(most)])
        return self._asked

    def tell(self, scores: Float64Array) -> None:
        """See ``MaskPlan``."""
        self.masks += len(scores)
        used = max(0, min(len(scores), _PILOT - sum(map(len, self._pilot))))
        if used:
            self._pilot.append(scores[:used])
        if used == len(scores):
            return
        middle = np.concatenate(self._pilot).mean(0)
        away = (self._asked[used:].reshape(len(scores) - used, -1) - self._shown) / self.variance
        if self._mean is None:
            self._mean = RunningMean((scores.shape[1], away.shape[1]))
        self._mean.add(scores[used:] - middle, away)
        self._look()

    def maps(self) -> tuple[MaskedMap, ...]:
        """See ``MaskPlan``; before there is one, zeros of which nothing is known."""
        if self._mean is None or self._mean.count < 2:
            return ()
        pairs = zip(self._mean.mean, self._mean.error(), strict=True)
        return tuple(MaskedMap(self._shaped(values), self._shaped(error)) for values, error in pairs)

    def _shaped(self, values: Float64Array) -> Float32Array:
        return np.asarray(values.reshape(self._shape_hw), np.float32)

    def _mask(self) -> Float32Array:
        """Draw a mask: a grid of zeros and ones, enlarged bilinearly and shifted by less than a cell."""
        tall, wide = self._shape_hw
        cell = self._cell
        rows, columns = -(-tall // cell) + 2, -(-wide // cell) + 2
        grid = (self._rng.random((rows, columns)) < self._shown).astype(np.float32)
        # By hand, since every shift by a whole cell has to see the same weights: cv2.resize repeats its first half cell.
        top, left = self._rng.integers(0, cell, 2)
        return self._enlarged(grid, (int(top), int(left)))

    def _enlarged(self, grid: Float32Array, shift: tuple[int, int]) -> Float32Array:
        """Interpolate a grid between its points, which lie a cell apart, from a shift on: float32 ``(h, w)``."""
        tall, wide = self._shape_hw
        down = _weights(tall, grid.shape[0], self._cell, shift[0])
        across = _weights(wide, grid.shape[1], self._cell, shift[1])
        return np.asarray(down @ grid @ across.T, np.float32)

    def _look(self) -> None:
        """Settle if every map would be much the same by other masks."""
        if not self._settles or self.masks < self._next_look:
            return
        self._next_look = self.masks + _LOOK_EVERY
        self.is_settled = all(sameness(one) >= STILL for one in self.maps()[:-1] or self.maps())


def _weights(count: int, points: int, cell: int, shift: int) -> Float32Array:
    """Return linear weights of grid points at cells of the map, float32 ``(count, points)``."""
    place = (np.arange(count) + shift) / cell
    return np.asarray(np.maximum(0, 1 - np.abs(place[:, None] - np.arange(points))), np.float32)


def sameness(own: MaskedMap) -> float:
    """Return the correlation to be expected between a map and one by as many other masks; 0 for one without any structure.

    It is the share of the map's variance that is not its own noise.
    """
    spread = float(np.var(own.values, dtype=np.float64))
    noise = float(np.mean(own.error.astype(np.float64) ** 2))
    return max(0.0, 1 - noise / spread) if spread > 0 else 0.0


class RunningMean:
    """Mean and standard error of products ``a[t] * b[k]`` over many draws, for all ``t`` and ``k``, in one pass.

    Batches are merged as Chan, Golub and LeVeque do ("Updating Formulae and a Pairwise Algorithm for Computing Sample Variances",
    1979), which is Welford's update for one draw at a time.

    Args:
        shape: numbers of ``t`` and ``k``.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self.count = 0
        self.mean = np.zeros(shape)
        self._squares = np.zeros(shape)

    def add(self, a: Float64Array, b: Float64Array | Float32Array) -> None:
        """Add draws: ``a`` is ``(n, t)``, ``b`` is ``(n, k)``."""
        count, whole = len(a), self.count + len(a)
        b = np.asarray(b, np.float64)
        mean = a.T @ b / count
        squares = np.maximum((a**2).T @ b**2 - count * mean**2, 0)
        apart = mean - self.mean
        self.mean += apart * (count / whole)
        self._squares += squares + apart**2 * (self.count * count / whole)
        self.count = whole

    def error(self) -> Float64Array:
        """Return the standard error of each mean; needs two draws."""
        return np.sqrt(self._squares / (self.count - 1) / self.count)
