"""Running sum of a run's heat on a grid over the frame, and of the frames themselves for the picture below it."""

from __future__ import annotations

import cv2
import numpy as np

from heatcam.frames import SaliencyMap
from heatcam.geometry import Letterbox, Uint8Array, fitted_wh
from heatcam.overlay import draw_grid_heat
from heatcam.report.pictures import webp_of
from heatcam.report.statistics import Float64Array, HeatPlace

CELLS = 48  # along the longer side
PICTURE = 720  # pixels along its longer side
_DARK = 40  # grey level below the heat where there is no mean frame
_PALE = 0.75  # contrast of the mean frame: the heat is what is shown


class HeatGrid:
    """Sums of heat and pixels. The first frame decides the grid's shape; frames of other sizes are laid over it.

    Args:
        size_wh: width and height of the first frame.
        keeps_frames: False for unrelated pictures, whose mean shows nothing.
    """

    def __init__(self, size_wh: tuple[int, int], *, keeps_frames: bool = True) -> None:
        self._cells_wh = fitted_wh(size_wh, (CELLS, CELLS))
        self._picture_wh = fitted_wh(size_wh, (PICTURE, PICTURE))
        self._heat = np.zeros(self._cells_wh[::-1])
        self._pixels = np.zeros((*self._picture_wh[::-1], 3), np.float32) if keeps_frames else None
        self._frames = 0

    def add(self, image_bgr: Uint8Array, saliency: SaliencyMap | None) -> None:
        """Add one frame, uint8 ``(H, W, 3)``, and its positive evidence."""
        if saliency is not None:
            self._heat += heat_on_grid(saliency, self._cells_wh)
        if self._pixels is not None:
            small = cv2.resize(image_bgr, self._picture_wh, interpolation=cv2.INTER_AREA)
            cv2.accumulate(small, self._pixels)
            self._frames += 1

    def place(self) -> HeatPlace | None:
        """Return where the heat lies; None without heat."""
        total = float(self._heat.sum())
        if total <= 0:
            return None
        shares = self._heat / total
        rows, columns = (np.arange(length) + 0.5 for length in shares.shape)
        centre = (
            float(shares.sum(0) @ columns) / shares.shape[1],
            float(shares.sum(1) @ rows) / shares.shape[0],
        )
        return HeatPlace(
            shares, self._picture(shares), self._picture_wh, half_in(shares), centre, words_of(*centre)
        )

    def _picture(self, shares: Float64Array) -> bytes:
        """Draw the heat over the mean frame in grey."""
        canvas = np.full((*self._picture_wh[::-1], 3), _DARK, np.uint8)
        if self._pixels is not None and self._frames:
            grey = cv2.cvtColor((self._pixels / self._frames).astype(np.uint8), cv2.COLOR_BGR2GRAY)
            canvas[:] = (_PALE * grey + (1 - _PALE) * 128)[..., None].astype(np.uint8)
        draw_grid_heat(canvas, shares)
        return webp_of(canvas)


def heat_on_grid(saliency: SaliencyMap, cells_wh: tuple[int, int]) -> Float64Array:
    """Return a map's positive evidence on a grid over the picture: float64 ``(rows, columns)``, in the map's unit.

    Evidence is split by area where a cell of the map lies across several of the grid; none is lost but the letterbox border's.

    Args:
        saliency: the map.
        cells_wh: numbers of columns and rows.
    """
    letterbox, values = saliency.letterbox, np.maximum(saliency.values, 0)
    columns = _shares_of_cells(letterbox, 0, values.shape[1], cells_wh[0])
    rows = _shares_of_cells(letterbox, 1, values.shape[0], cells_wh[1])
    return np.asarray(rows @ values @ columns.T, np.float64)


def _shares_of_cells(letterbox: Letterbox, axis: int, cells: int, parts: int) -> Float64Array:
    """Return the share of each of the map's cells that lies in each of the grid's along an axis: float64 ``(parts, cells)``."""
    edges = np.zeros((parts + 1, 2))
    edges[:, axis] = np.linspace(0, letterbox.image_wh[axis], parts + 1)
    at = letterbox.points_to_model(edges)[:, axis].astype(float) * cells / letterbox.model_wh[axis]
    cell = np.arange(cells)
    ends = np.minimum(cell + 1, at[1:, None]) - np.maximum(cell, at[:-1, None])
    return np.asarray(ends.clip(0, 1), np.float64)


def half_in(shares: Float64Array) -> float:
    """Return the share of cells, the densest first, that hold half of the heat, in ``(0, 1]``."""
    falling = np.sort(shares.ravel())[::-1].cumsum()
    return float(np.searchsorted(falling, 0.5 - 1e-12) + 1) / shares.size


def words_of(x: float, y: float) -> str:
    """Return a place in words, ``upper left`` ... ``in the middle``, from coordinates in ``[0, 1]``."""
    across = ("left", "", "right")[min(2, int(3 * x))]
    down = ("upper", "", "lower")[min(2, int(3 * y))]
    return f"{down} {across}".strip() if across or down else "in the middle"
