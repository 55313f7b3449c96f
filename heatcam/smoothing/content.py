"""Evidence in one box, averaged along its track after the earlier map is warped onto the new box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from heatcam.geometry import Float32Array
from heatcam.measures import cells_touched

AROUND = 5  # cells; evidence that hops to the next cell and back is noise
FAINT = 0.05


@dataclass(frozen=True)
class Patch:
    """The cells of a map that a box touches.

    Attributes:
        values: float32 ``(h, w)``, signed, in logit units.
        left, top: column and row of ``values[0, 0]`` in the map.
        box_cells: float ``(4,)``, the box, xyxy in cells of the map from its top-left corner.
    """

    values: Float32Array
    left: int
    top: int
    box_cells: Float32Array

    @property
    def place(self) -> tuple[slice, slice]:
        """Rows and columns in the map."""
        height, width = self.values.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


def patch_of(values: Float32Array, box_cells: Float32Array) -> Patch:
    """Return the part of a map ``(h, w)`` that a box touches, at least one cell; a view."""
    rows, columns = cells_touched(values.shape, box_cells)
    return Patch(values[rows, columns], columns.start, rows.start, box_cells)


def registered(before: Patch, now: Patch) -> Float32Array:
    """Warp ``before`` onto the cells of ``now``: shifted and stretched as its box became the other box.

    Returns:
        float32, the shape of ``now.values``; beyond the edge of ``before`` its border cells are replicated.
    """
    sides_before, sides_now = ((p.box_cells[2:] - p.box_cells[:2]).clip(1e-3) for p in (before, now))
    stretch = sides_before / sides_now
    middle = np.array([now.left + 0.5, now.top + 0.5])  # of the first cell
    first = (
        (middle - now.box_cells[:2]) * stretch + before.box_cells[:2] - (before.left + 0.5, before.top + 0.5)
    )
    back = np.array([[stretch[0], 0, first[0]], [0, stretch[1], first[1]]], np.float64)
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size_wh = now.values.shape[1], now.values.shape[0]
    laid = cv2.warpAffine(before.values, back, size_wh, flags=how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(laid, np.float32)


def with_patches(values: Float32Array, patches: Sequence[Patch]) -> Float32Array:
    """Return a copy of a map ``(h, w)`` with the patches' values under the boxes; their mean where boxes overlap."""
    total, count = np.zeros_like(values), np.zeros_like(values)
    for patch in patches:
        total[patch.place] += patch.values
        count[patch.place] += 1
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), values), np.float32)


def difference(before: Float32Array, now: Float32Array) -> float:
    """Return the share of positive evidence that lies elsewhere: 0 for equal maps, 1 for maps that share nothing.

    This is the Bray-Curtis dissimilarity (1957): the sum of the differences over the sum of both. Two maps without evidence are
    equal.
    """
    old, new = np.maximum(before, 0), np.maximum(now, 0)
    both = float(old.sum() + new.sum())
    return float(np.abs(new - old).sum()) / both if both > 0 else 0.0


def around(values: Float32Array) -> Float32Array:
    """Return the positive evidence around each cell: float32 ``(h, w)``, the mean of ``AROUND`` x ``AROUND`` cells."""
    return np.asarray(cv2.blur(np.maximum(values, 0), (AROUND, AROUND)), np.float32)


def apart(before: Float32Array, now: Float32Array) -> Float32Array:
    """Return ``difference`` for each cell, to find a change in one part of a box only: float32 ``(h, w)`` in ``[0, 1]``.

    Both arguments are evidence *around* the cells, where the grain of single cells cancels out. Cells with little evidence around
    them, compared with the box's highest, count as alike.
    """
    both = now + before
    return np.asarray(np.abs(now - before) / (both + FAINT * float(both.max()) + 1e-12), np.float32)
