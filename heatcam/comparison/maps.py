"""Numbers about two maps of one object: the order of their cells, their hottest tenth, their energy in the box.

Positive evidence alone counts, as in the picture and in the energy. Both maps are read on common cells: those of the coarser map,
to which the evidence of the finer one is added up by the share of each cell that lies in them. Maps of one network input and
one layer have the same cells, and are read as they are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatcam.frames import SaliencyMap
from heatcam.geometry import Float32Array
from heatcam.measures import NOTHING, boxes_in_cells, cells_touched, energy_in_box, rank_correlation

HOTTEST = 0.1  # share of the cells
Float64Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MapNumbers:
    """Differences between the maps of A and B for one object; None where there is no map, or nothing to measure in it.

    Attributes:
        map_correlation: Spearman's rank correlation of the common cells that the union of the two boxes touches, in ``[-1, 1]``.
        top10_overlap: the share of the hottest tenth of these cells that both maps have in common, in ``[0, 1]``; chance is 0.1.
        energy_in_box_difference: energy of A's map in A's box minus that of B's map in B's box, in ``[-1, 1]``.
    """

    map_correlation: float | None = None
    top10_overlap: float | None = None
    energy_in_box_difference: float | None = None


def compared_maps(
    a: SaliencyMap | None, b: SaliencyMap | None, box_a_xyxy: Float32Array, box_b_xyxy: Float32Array
) -> MapNumbers:
    """Compare the maps of A and B for one object.

    Args:
        a: A's map of the object; None for none.
        b: B's.
        box_a_xyxy: A's box, float32 ``(4,)`` in image pixels.
        box_b_xyxy: B's; the same where only one model found the object.
    """
    if a is None or b is None:
        return MapNumbers()
    cells = common_cells(a, b, np.stack([box_a_xyxy, box_b_xyxy]))
    ours, theirs = energy_in_box(a, box_a_xyxy), energy_in_box(b, box_b_xyxy)
    return MapNumbers(
        rank_correlation(*cells),
        hottest_overlap(*cells),
        None if ours is None or theirs is None else ours - theirs,
    )


def hottest_overlap(a: Float64Array, b: Float64Array) -> float | None:
    """Return the share of the hottest tenth of the cells that two maps have in common; None if one has no evidence there.

    A tenth is at least one cell; where fewer cells than a tenth have evidence, those.

    Args:
        a: positive evidence in some cells, flat.
        b: another map's in the same cells.
    """
    count = max(1, math.ceil(HOTTEST * a.size))
    hot = [_hottest(values, count) for values in (a, b)]
    most = max(map(len, hot))
    return len(hot[0] & hot[1]) / most if all(hot) else None


def _hottest(values: Float64Array, count: int) -> set[int]:
    """Return the indices of the ``count`` hottest cells with evidence; of equal ones the first."""
    order = np.argsort(-values, kind="stable")[:count]
    return {int(n) for n in order if values[n] > NOTHING}


def common_cells(
    a: SaliencyMap, b: SaliencyMap, boxes_xyxy: Float32Array
) -> tuple[Float64Array, Float64Array]:
    """Return the positive evidence of two maps of one picture in the common cells that any of some boxes touches.

    Args:
        a: a map.
        b: another one of the same picture, in any resolution and geometry.
        boxes_xyxy: float32 ``(N, 4)`` in image pixels.

    Returns:
        Two arrays float64 ``(cells,)``, each in its map's unit per cell.
    """
    coarse = a if _cell_area(a) >= _cell_area(b) else b
    touched = np.zeros(coarse.values.shape, bool)
    for box in boxes_in_cells(coarse.values.shape, coarse.letterbox, boxes_xyxy):
        touched[cells_touched(coarse.values.shape, box)] = True
    return _read_on(coarse, a)[touched], _read_on(coarse, b)[touched]


def _cell_area(saliency: SaliencyMap) -> float:
    """Return the area of one cell in square image pixels."""
    (height, width), letterbox = saliency.values.shape, saliency.letterbox
    along_x, along_y = letterbox.scale_xy
    return float(letterbox.model_wh[0] * letterbox.model_wh[1] / (width * height * along_x * along_y))


def _read_on(grid: SaliencyMap, saliency: SaliencyMap) -> Float64Array:
    """Return a map's positive evidence in the cells of another map of the same picture, float64 ``(h, w)`` of that one."""
    positive = np.maximum(saliency.values, 0).astype(np.float64)
    if grid.values.shape == saliency.values.shape and grid.letterbox == saliency.letterbox:
        return positive
    rows, columns = (_shares(_edges(saliency, axis), _edges(grid, axis)) for axis in (0, 1))
    return np.asarray(rows @ positive @ columns.T, np.float64)


def _edges(saliency: SaliencyMap, axis: int) -> Float64Array:
    """Return the edges of a map's rows (axis 0) or columns (1) in image pixels, float64 ``(n + 1,)``."""
    letterbox, count = saliency.letterbox, saliency.values.shape[axis]
    side, pad = letterbox.model_wh[1 - axis], (letterbox.pad_top, letterbox.pad_left)[axis]
    return np.asarray((np.linspace(0, side, count + 1) - pad) / letterbox.scale_xy[1 - axis], np.float64)


def _shares(cells: Float64Array, others: Float64Array) -> Float64Array:
    """Return the share of each cell that lies in each other cell, float64 ``(others, cells)``; both are given by their edges."""
    overlap = np.minimum(cells[None, 1:], others[1:, None]) - np.maximum(cells[None, :-1], others[:-1, None])
    return np.asarray(overlap.clip(0) / (cells[1] - cells[0]), np.float64)
