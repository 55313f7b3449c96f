"""Weights that tiles are stitched with: they fall to zero at a tile's edges and sum to one at every pixel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from heatcam.geometry import Float32Array
from heatcam.tiling.plan import Tile, TilePlan

Float64Array = npt.NDArray[np.float64]


class StitchWeights:
    """Weights of every tile of a plan: the product of one along its columns and one along its rows.

    A tile's raw weight rises from its edge over the pixels that it shares with its neighbour, and is flat in between; edges of
    the picture are none. The grid is the same in every row, so weights that sum to one along each axis do so at each pixel.

    Args:
        plan: the tiles.
    """

    def __init__(self, plan: TilePlan) -> None:
        self._columns = axis_weights(plan.lefts, plan.tile_wh[0], plan.size_wh[0])
        self._rows = axis_weights(plan.tops, plan.tile_wh[1], plan.size_wh[1])

    def of(self, tile: Tile) -> tuple[Float32Array, Float32Array]:
        """Return a tile's weights along its rows, float32 ``(h,)``, and along its columns, ``(w,)``, a pixel each."""
        return self._rows[tile.row], self._columns[tile.column]


def axis_weights(starts: Sequence[int], side: int, length: int) -> list[Float32Array]:
    """Return each interval's weight at each of its pixels: float32 ``(side,)``, sums of one wherever intervals overlap.

    Args:
        starts: first pixel of each interval, ascending; together they cover ``length`` pixels.
        side: pixels of an interval.
        length: pixels of the axis.
    """
    raw = [_raw(starts, number, side, length) for number in range(len(starts))]
    total = np.zeros(length)
    for start, own in zip(starts, raw, strict=True):
        total[start : start + side] += own
    return [
        (own / total[start : start + side]).astype(np.float32) for start, own in zip(starts, raw, strict=True)
    ]


def _raw(starts: Sequence[int], number: int, side: int, length: int) -> Float64Array:
    """Return one interval's weight before it is divided by the sum of all: a ramp at each end that has a neighbour."""
    middle, start = np.arange(side) + 0.5, starts[number]
    rising = falling = np.ones(side)
    if start > 0:
        shared = starts[number - 1] + side - start
        rising = np.minimum(middle / max(shared, 1), 1)
    if start + side < length:
        shared = start + side - starts[number + 1]
        falling = np.minimum((side - middle) / max(shared, 1), 1)
    return np.asarray(_smooth(np.minimum(rising, falling)))


def _smooth(ramp: Float64Array) -> Float64Array:
    """Return a ramp without kinks, which would be seen as lines."""
    return np.asarray(ramp * ramp * (3 - 2 * ramp))
