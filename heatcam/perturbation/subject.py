"""The object that trials are made of: its pixels, what covers them, and what is known of it beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from heatcam.geometry import Float32Array, Uint8Array

CELLS = 64  # about so many in a box
LEAST_CELL = (
    12.0  # crop pixels: smaller ones cannot be told apart by a network that has strides of 8 and more
)
_EDGE_BLUR = 6.0  # pixels
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Subject:
    """One object in a crop of its picture.

    Attributes:
        clear: the crop, uint8 ``(h, w, 3)`` BGR.
        backdrop: what is shown where it is covered, of the same shape.
        window: rows and columns of the crop that the object's box covers; elsewhere nothing is tried.
        priors: float32 ``(priors, wh, ww)`` over the window, in ``[0, 1]``: maps that may tell something, the first one best.
        box_xyxy: ``(4,)``, the object's box in crop pixels, which may reach beyond.
        class_id: its class.
    """

    clear: Uint8Array
    backdrop: Uint8Array
    window: tuple[slice, slice]
    priors: Float32Array
    box_xyxy: Float32Array
    class_id: int

    @property
    def shape_hw(self) -> tuple[int, int]:
        """Height and width of the window in pixels."""
        return self.priors.shape[1], self.priors.shape[2]

    @cached_property
    def grid_hw(self) -> tuple[int, int]:
        """Rows and columns of cells, about as tall as wide and about ``CELLS`` of them; fewer in small windows."""
        tall, wide = self.shape_hw
        side = max(LEAST_CELL, (tall * wide / CELLS) ** 0.5)
        return max(1, round(tall / side)), max(1, round(wide / side))

    def enlarged(self, cells: npt.NDArray[np.float64]) -> Float32Array:
        """Interpolate cells, ``(rows * columns,)``, to the window's pixels: float32 ``(wh, ww)``."""
        values = np.asarray(cells, np.float32).reshape(self.grid_hw)
        return np.asarray(cv2.resize(values, self.shape_hw[::-1], interpolation=cv2.INTER_LINEAR), np.float32)

    def shares(self, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Average a map of the window ``(wh, ww)`` over each cell: float64 ``(rows * columns,)``."""
        small = cv2.resize(values, self.grid_hw[::-1], interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.float64).ravel()

    def picture(self, chosen: BoolArray, *, shown: bool) -> Uint8Array:
        """Show a set of the window's pixels on the backdrop, or cover it in the clear crop.

        Args:
            chosen: bool ``(wh, ww)``.
            shown: show it; else cover it.

        Returns:
            uint8 ``(h, w, 3)``, a new array.
        """
        under, over = (self.backdrop, self.clear) if shown else (self.clear, self.backdrop)
        made: Uint8Array = under.copy()
        np.copyto(made[self.window], over[self.window], where=chosen[..., None])
        return made


def ranks(values: Float32Array) -> Float32Array:
    """Return the rank of each value as a share of their number, in ``[0, 1]``, of the same shape; equal values share theirs."""
    flat, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    if len(flat) < 2:
        return np.full(values.shape, 0.5, np.float32)
    middle = np.cumsum(counts) - counts / 2
    return np.asarray((middle / values.size)[which].reshape(values.shape), np.float32)


def edge_strength(picture_bgr: Uint8Array) -> Float32Array:
    """Measure edges: the blurred absolute Laplacian of the brightness, float32 ``(h, w)``, of a picture uint8 ``(h, w, 3)``."""
    grey = cv2.cvtColor(picture_bgr, cv2.COLOR_BGR2GRAY)
    change = np.abs(cv2.Laplacian(grey, cv2.CV_32F))
    return np.asarray(cv2.GaussianBlur(change, (0, 0), _EDGE_BLUR), np.float32)
