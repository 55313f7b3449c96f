"""Evidence of a map inside a box, read from the map's own cells before anything is resized or smoothed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatcam.frames import SaliencyMap
from heatcam.geometry import Float32Array, Letterbox

PERCENTILE = 99.0
NOTHING = 1e-9  # logits per cell; up to this a cell holds no evidence


def cells_in_box(values: Float32Array, letterbox: Letterbox, box_xyxy: npt.ArrayLike) -> Float32Array:
    """Return the cells that a box touches, at least one: a view of ``values``.

    Args:
        values: ``(h, w)`` over the whole letterbox.
        letterbox: the geometry of the map.
        box_xyxy: float ``(4,)`` in image pixels.
    """
    return values[cells_touched(values.shape, boxes_in_cells(values.shape, letterbox, box_xyxy)[0])]


def cells_touched(shape_hw: tuple[int, ...], box_cells: npt.ArrayLike) -> tuple[slice, slice]:
    """Return the rows and columns of a map of this shape that a box touches, at least one of each.

    Args:
        shape_hw: the map's height and width in cells.
        box_cells: float ``(4,)``, xyxy in cells from the map's top-left corner; the box is clipped to the map.
    """
    height, width = shape_hw
    x1, y1, x2, y2 = (float(side) for side in np.asarray(box_cells))
    left, top = min(max(int(x1), 0), width - 1), min(max(int(y1), 0), height - 1)
    right, bottom = min(int(np.ceil(x2)), width), min(int(np.ceil(y2)), height)
    return slice(top, max(bottom, top + 1)), slice(left, max(right, left + 1))


def boxes_in_cells(
    shape_hw: tuple[int, ...], letterbox: Letterbox, boxes_xyxy: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """Convert boxes from image pixels to cells of a map, not rounded: float64 ``(N, 4)``, xyxy from the map's top-left corner.

    Args:
        shape_hw: the map's height and width in cells.
        letterbox: the geometry of the map.
        boxes_xyxy: float ``(N, 4)``, or ``(4,)`` for one.
    """
    wide, tall = letterbox.model_wh[0] / shape_hw[1], letterbox.model_wh[1] / shape_hw[0]
    return np.asarray(letterbox.boxes_to_model(boxes_xyxy), np.float64) / (wide, tall, wide, tall)


def decided(saliency: SaliencyMap) -> Float32Array:
    """Return a map's values, shrunk where its trials have not decided them, float32 ``(h, w)``; of other maps as they are.

    A value of at most one standard deviation becomes 0, one of two keeps three quarters (the positive part of James and Stein's
    estimator, "Estimation with Quadratic Loss", 1961, cell by cell)::

        shown = value * max(0, 1 - (deviation / value) ** 2)
    """
    values, deviation = saliency.values, saliency.deviation
    if deviation is None:
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.where(np.abs(values) > deviation, 1 - (deviation / values) ** 2, 0)
    return np.asarray(values * kept, np.float32)


def undecided_share(saliency: SaliencyMap) -> float | None:
    """Return the share of a map's positive evidence that its trials have not decided, in ``[0, 1]``; None without any."""
    total = float(np.maximum(saliency.values, 0).sum())
    return 1 - float(np.maximum(decided(saliency), 0).sum()) / total if total > 0 else None


def relative_error(saliency: SaliencyMap) -> float | None:
    """Return the root mean square of a map's deviation as a share of its highest value; None for a map without either."""
    peak = float(saliency.values.max(initial=0.0))
    if saliency.deviation is None or peak <= 0:
        return None
    return float(np.sqrt(np.mean(saliency.deviation.astype(np.float64) ** 2))) / peak


def peak_of(cells: npt.NDArray[np.float32]) -> float:
    """Return the 99th percentile of the positive evidence among ``cells``, in their unit; 0 if there is none.

    One hot cell among many does not set it.
    """
    hot = cells[cells > NOTHING]
    if not hot.size:
        return 0.0
    rank = min(hot.size - 1, int(np.ceil(hot.size * PERCENTILE / 100)) - 1)
    return float(np.partition(hot, rank)[rank])


def inside_picture(values: Float32Array, letterbox: Letterbox) -> Float32Array:
    """Return the cells of a map ``(h, w)`` whose centre lies on the picture, not on the letterbox border; all if none does."""
    height, width = values.shape
    xs = (np.arange(width) + 0.5) * letterbox.model_wh[0] / width
    ys = (np.arange(height) + 0.5) * letterbox.model_wh[1] / height
    columns = (xs >= letterbox.pad_left) & (xs < letterbox.pad_left + letterbox.resized_wh[0])
    rows = (ys >= letterbox.pad_top) & (ys < letterbox.pad_top + letterbox.resized_wh[1])
    return values[np.ix_(rows, columns)] if rows.any() and columns.any() else values


def positive_evidence(saliency: SaliencyMap, box_xyxy: npt.ArrayLike) -> tuple[float, float]:
    """Sum a map's positive evidence inside a box, in the map's unit, and return it with the number of cells that the box covers.

    A cell that the box cuts counts by the share of it that lies inside, and so does one that the picture's edge cuts: a
    letterbox border never counts.

    Args:
        saliency: the map.
        box_xyxy: float ``(4,)`` in image pixels; ``saliency.letterbox.seen_xyxy`` is the area that the network saw.
    """
    letterbox, values = saliency.letterbox, saliency.values
    corners = np.asarray(box_xyxy, np.float64).reshape(2, 2)
    seen = letterbox.seen_xyxy.astype(np.float64).reshape(2, 2)
    inside = np.clip(corners, seen[0], seen[1]).reshape(1, 4)
    x1, y1, x2, y2 = boxes_in_cells(values.shape, letterbox, inside)[0]
    rows, columns = _covered(values.shape[0], y1, y2), _covered(values.shape[1], x1, x2)
    return float(rows @ np.maximum(values, 0) @ columns), float(rows.sum() * columns.sum())


def _covered(count: int, start: float, end: float) -> npt.NDArray[np.float64]:
    """Return the share of each of ``count`` cells in a row that lies in ``[start, end)``, float64 ``(count,)``."""
    cell = np.arange(count)
    return np.asarray(np.clip(np.minimum(cell + 1, end) - np.maximum(cell, start), 0, 1), np.float64)
