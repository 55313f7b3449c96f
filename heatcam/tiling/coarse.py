"""The whole picture's map in at most a thousand cells a side, for its numbers: added up tile by tile."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heatcam.frames import SaliencyMap
from heatcam.geometry import Float32Array, Letterbox
from heatcam.tiling.cells import CellGrid
from heatcam.tiling.plan import Tile, TilePlan
from heatcam.tiling.weights import StitchWeights

_LONGEST = 1024  # cells: 4 MB


class CoarseMap:
    """Stitched map of the whole picture in few cells; the evidence of tiles adds up to that of the whole.

    Args:
        plan: the tiles.
        weights: that they are stitched with.
    """

    def __init__(self, plan: TilePlan, weights: StitchWeights) -> None:
        self._plan, self._weights = plan, weights
        self._sum: Float32Array | None = None
        self._like: SaliencyMap | None = None

    def add(self, tile: Tile, own: SaliencyMap) -> None:
        """Add one tile's map."""
        grid = CellGrid.of(own.letterbox, own.values.shape)
        if self._sum is None:
            self._like, self._sum = own, np.zeros(self._shape(own), np.float32)
        rows, columns = grid.inside(self._plan.tile_wh)
        ys, xs = grid.ys[rows], grid.xs[columns]
        along_y, along_x = self._weights.of(tile)
        shares = along_y[ys.astype(int)][:, None] * along_x[xs.astype(int)]
        self._spread(own.values[rows, columns] * shares, xs + tile.left, ys + tile.top)

    def saliency(self) -> SaliencyMap | None:
        """Return the map, over a letterbox without borders; None if no tile had one."""
        if self._sum is None or self._like is None:
            return None
        height, width = self._sum.shape
        model_wh = 8 * width, 8 * height
        letterbox = Letterbox(self._plan.size_wh, model_wh, model_wh, 0, 0)
        return replace(self._like, values=self._sum, letterbox=letterbox, deviation=None)

    def _shape(self, own: SaliencyMap) -> tuple[int, int]:
        """Return rows and columns: cells twice as wide as a tile's, or wider, so that each gets some of theirs."""
        cell = own.letterbox.model_wh[0] / own.values.shape[1] / own.letterbox.scale_xy[0]
        wide, tall = self._plan.size_wh
        cell = max(2 * cell, max(wide, tall) / _LONGEST)
        return max(1, round(tall / cell)), max(1, round(wide / cell))

    def _spread(self, values: Float32Array, xs: np.ndarray, ys: np.ndarray) -> None:
        """Add values at points of the picture, each to the four cells around it by its nearness to their middles."""
        assert self._sum is not None
        (height, width), (wide, tall) = self._sum.shape, self._plan.size_wh
        for columns, along_x in _nearest(xs * width / wide - 0.5, width):
            for rows, along_y in _nearest(ys * height / tall - 0.5, height):
                np.add.at(self._sum, np.ix_(rows, columns), values * along_y[:, None] * along_x)


def _nearest(places: np.ndarray, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return for each place the cell before and the one after it, each with its share."""
    low = np.floor(places)
    share = places - low
    first, second = (np.clip(cell, 0, count - 1).astype(int) for cell in (low, low + 1))
    return [(first, 1 - share), (second, share)]
