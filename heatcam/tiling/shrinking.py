"""The whole picture shrunk to the network's size while its rows come by."""

from __future__ import annotations

import cv2
import numpy as np

from heatcam.geometry import Uint8Array, fitted_wh


class ShrunkPicture:
    """A small copy of a picture, averaged over areas, that is made of its rows in their order.

    Args:
        size_wh: width and height of the picture.
        longest: pixels of the longer side of the copy.
    """

    def __init__(self, size_wh: tuple[int, int], longest: int) -> None:
        self._size_wh = size_wh
        self._small_wh = fitted_wh(size_wh, (min(longest, size_wh[0]), min(longest, size_wh[1])))
        self._sum = np.zeros((self._small_wh[1], self._small_wh[0], 3), np.float64)
        self._next = 0

    def add(self, rows: Uint8Array, top: int) -> None:
        """Add rows, uint8 ``(h, W, 3)``, of which the first is number ``top``; those that were added before are passed over."""
        new = rows[max(0, self._next - top) :]
        first = max(self._next, top)
        if len(new):
            narrow = cv2.resize(new, (self._small_wh[0], len(new)), interpolation=cv2.INTER_AREA).astype(
                np.float64
            )
            self._add_down(narrow, first)
            self._next = first + len(new)

    def picture(self) -> Uint8Array:
        """Return the copy, uint8 ``(h, w, 3)``, when all rows have been added."""
        return np.asarray(np.rint(self._sum), np.uint8)

    def _add_down(self, narrow: np.ndarray, first: int) -> None:
        """Add each row to the one or two rows of the copy that it lies in, by its share of their height."""
        each = self._small_wh[1] / self._size_wh[1]  # rows of the copy to a row
        begin = (first + np.arange(len(narrow))) * each
        low = np.minimum(begin.astype(int), self._small_wh[1] - 1)
        below = np.clip(begin + each - (low + 1), 0, None)
        np.add.at(self._sum, low, narrow * (each - below)[:, None, None])
        np.add.at(self._sum, np.minimum(low + 1, self._small_wh[1] - 1), narrow * below[:, None, None])
