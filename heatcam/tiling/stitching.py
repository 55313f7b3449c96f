"""The stitched map of a large picture, a few rows at a time: tiles' maps weighted so that no edge shows."""

from __future__ import annotations

import numpy as np

from heatcam.geometry import Float32Array, Letterbox
from heatcam.overlay import evidence_over
from heatcam.tiling.map_store import MapStore
from heatcam.tiling.plan import TilePlan
from heatcam.tiling.weights import StitchWeights


class StitchedMap:
    """Evidence at each pixel of a picture, from the maps of its tiles.

    Args:
        plan: the tiles.
        maps: each tile's map of all its objects; a tile without one has no evidence.
        letterbox: the geometry of every tile's map.
    """

    def __init__(self, plan: TilePlan, maps: MapStore, letterbox: Letterbox) -> None:
        self._plan, self._maps, self._letterbox = plan, maps, letterbox
        self._weights = StitchWeights(plan)

    def rows(self, top: int, bottom: int) -> Float32Array:
        """Return the positive evidence of the rows from ``top`` to before ``bottom``: float32 ``(rows, W)``, in unit per cell.

        It is smoothed as for display, and a weighted mean where tiles overlap.
        """
        total = np.zeros((bottom - top, self._plan.size_wh[0]), np.float32)
        for number, tile in self._plan.in_rows(top, bottom):
            values = self._maps.get(number)
            if values is not None and values.any():
                first, last = max(top, tile.top), min(bottom, tile.bottom)
                inner = 0, first - tile.top, tile.right - tile.left, last - tile.top
                along_y, along_x = self._weights.of(tile)
                share = along_y[inner[1] : inner[3], None] * along_x
                part = total[first - top : last - top, tile.left : tile.right]
                part += share * evidence_over(values, self._letterbox, inner)
        return total
