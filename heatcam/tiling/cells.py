"""Cells of a tile's map: where their middles lie in the tile, and which of them count once in the whole picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatcam.geometry import Float32Array, Letterbox
from heatcam.tiling.plan import Tile, TilePlan

Float64Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CellGrid:
    """Middles of the cells of every tile's map, in pixels of the tile; those of letterbox borders lie outside of it.

    Attributes:
        xs: float64 ``(w,)``, along a row of cells.
        ys: float64 ``(h,)``, along a column.
    """

    xs: Float64Array
    ys: Float64Array

    @classmethod
    def of(cls, letterbox: Letterbox, shape_hw: tuple[int, ...]) -> CellGrid:
        """Return the middles of the cells of a map of this shape."""
        height, width = shape_hw
        along_x = np.stack(((np.arange(width) + 0.5) * letterbox.model_wh[0] / width, np.zeros(width)), 1)
        along_y = np.stack((np.zeros(height), (np.arange(height) + 0.5) * letterbox.model_wh[1] / height), 1)
        return cls(
            letterbox.points_to_image(along_x)[:, 0].astype(np.float64),
            letterbox.points_to_image(along_y)[:, 1].astype(np.float64),
        )

    def inside(self, tile_wh: tuple[int, int]) -> tuple[slice, slice]:
        """Return the rows and columns of cells whose middles lie in the tile."""
        return _between(self.ys, 0, tile_wh[1]), _between(self.xs, 0, tile_wh[0])

    def core(self, plan: TilePlan, tile: Tile) -> tuple[slice, slice]:
        """Return the rows and columns of cells that are nearer to this tile's middle than to its neighbours'."""
        rows = _core(plan.tops, tile.row, plan.tile_wh[1], plan.size_wh[1])
        columns = _core(plan.lefts, tile.column, plan.tile_wh[0], plan.size_wh[0])
        return _between(self.ys, *rows), _between(self.xs, *columns)


def core_of(values: Float32Array, grid: CellGrid, plan: TilePlan, tile: Tile) -> Float32Array:
    """Return the cells of a tile's map that count in the whole picture: each place is in one tile's. A view."""
    return values[grid.core(plan, tile)]


def _between(middles: Float64Array, low: float, high: float) -> slice:
    return slice(int(np.searchsorted(middles, low)), int(np.searchsorted(middles, high)))


def _core(starts: tuple[int, ...], number: int, side: int, length: int) -> tuple[float, float]:
    """Return where an interval's core begins and ends, from its own start: in the middle of what it shares with neighbours."""
    start = starts[number]
    low = 0.0 if start == 0 else (starts[number - 1] + side - start) / 2
    high = float(side) if start + side >= length else side - (start + side - starts[number + 1]) / 2
    return low, high
