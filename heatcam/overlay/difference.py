"""Picture of the signed difference between two models' heat, over the frame without its colours."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from heatcam.comparison import ComparedObject
from heatcam.geometry import Uint8Array
from heatcam.overlay.blend import opacity_table
from heatcam.overlay.diverging import LEVELS, diverging_table
from heatcam.overlay.heat import heat_in_boxes

Int16Array = npt.NDArray[np.int16]
LEAST_ALPHA = 0.85  # opacity of a full difference at least: over grey, paler colours look like none
_CONTRAST, _LIGHTER = (
    0.6,
    60,
)  # of the frame beneath: its own colours and dark parts would be read as difference


def difference_of(
    objects: Sequence[ComparedObject], scales: tuple[float, float], size_wh: tuple[int, int]
) -> Int16Array:
    """Return A's heat minus B's, each scaled by its own full heat.

    Each object is compared in the box around both of its boxes. Objects that one of the models has no map of are left out.

    Args:
        objects: with boxes and maps in the pixels of the result.
        scales: the evidence per cell that is full heat in A and in B.
        size_wh: width and height of the result in pixels.

    Returns:
        int16 ``(H, W)`` in ``[-255, 255]``; 0 outside of the boxes.
    """
    both = [
        (each.map_a, each.map_b, each.around_xyxy)
        for each in objects
        if each.map_a is not None and each.map_b is not None
    ]
    if not both:
        return np.zeros(size_wh[::-1], np.int16)
    boxes = np.stack([box for _, _, box in both])
    a = heat_in_boxes([own for own, _, _ in both], boxes, scales[0], size_wh)
    b = heat_in_boxes([own for _, own, _ in both], boxes, scales[1], size_wh)
    return a.astype(np.int16) - b


def draw_difference(image_bgr: Uint8Array, difference: Int16Array, alpha: float) -> Uint8Array:
    """Draw a difference in diverging colours over the frame in pale grey, so that its own colours are not taken for one.

    Args:
        image_bgr: uint8 ``(H, W, 3)``, not changed.
        difference: int16 ``(H, W)`` in ``[-255, 255]``.
        alpha: opacity of a full difference, in ``[0, 1]``; small ones are clear, as small heat is.

    Returns:
        uint8 ``(H, W, 3)``, BGR, a new picture.
    """
    grey = cv2.cvtColor(image_bgr, cv2.COLOR_BGR2GRAY)
    pale = np.asarray(cv2.convertScaleAbs(grey, alpha=_CONTRAST, beta=_LIGHTER), np.uint8)
    picture = np.asarray(cv2.cvtColor(pale, cv2.COLOR_GRAY2BGR), np.uint8)
    rows, columns = np.nonzero(difference)
    if not len(rows):
        return picture
    part = slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)
    premultiplied, rest = _tables(round(alpha, 3))
    level = difference[part].astype(np.intp) + LEVELS
    kept = (picture[part].astype(np.uint16) * rest[level][..., None] + 127) // 255
    picture[part] = (kept + premultiplied[level]).astype(np.uint8)
    return picture


@lru_cache(maxsize=4)
def _tables(alpha: float) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint16]]:
    """Return for each level the colour times its opacity, ``(511, 3)``, and the picture's share, ``(511,)``, of 255."""
    opacity = opacity_table(alpha).astype(np.uint16)
    both = np.concatenate((opacity[:0:-1], opacity))
    return diverging_table().astype(np.uint16) * both[:, None] // 255, 255 - both
