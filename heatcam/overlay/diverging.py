"""Diverging colours of a signed difference: blue below zero, nearly white at it, red above.

The anchors are ColorBrewer's RdBu (Cynthia Brewer, Mark Harrower and The Pennsylvania State University, Apache-2.0), one of the
schemes that they found readable with every common kind of colour blindness. Its darkest ends are left out, since over a picture
dark blue and dark red are both black. Between the anchors colours are interpolated in CIELAB and placed at equal steps of
distance there on each side, so that equal differences look equally far apart.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from heatcam.geometry import Uint8Array
from heatcam.overlay.text import Colour

#: Red, green and blue from full negative to zero, and from zero to full positive.
_BELOW = ("2166ac", "4393c3", "92c5de", "d1e5f0", "f7f7f7")
_ABOVE = ("f7f7f7", "fddbc7", "f4a582", "d6604d", "b2182b")
LEVELS = 255  # steps on each side of zero
_FINE = 2048

Float64Array = npt.NDArray[np.float64]


@lru_cache(maxsize=1)
def diverging_table() -> Uint8Array:
    """Return the colour of each level from -255 to 255: uint8 ``(511, 3)``, BGR, read-only."""
    below, above = _evenly(_BELOW), _evenly(_ABOVE)
    table = np.concatenate((below[:-1], above))
    table.flags.writeable = False
    return table


def end_colours() -> tuple[Colour, Colour]:
    """Return the colours of full negative and full positive differences, BGR."""
    first, last = diverging_table()[[0, -1]].tolist()
    return (first[0], first[1], first[2]), (last[0], last[1], last[2])


def _evenly(anchors: tuple[str, ...]) -> Uint8Array:
    """Return 256 colours along the anchors at equal distances in CIELAB: uint8 ``(256, 3)``, BGR."""
    bgr = np.array([[int(text[n : n + 2], 16) for n in (4, 2, 0)] for text in anchors], np.float32) / 255
    lab = np.asarray(cv2.cvtColor(bgr[None], cv2.COLOR_BGR2LAB)[0], np.float64)
    fine = _along(lab, np.linspace(0, len(anchors) - 1, _FINE), np.arange(len(anchors), dtype=np.float64))
    way = np.concatenate(([0.0], np.linalg.norm(np.diff(fine, axis=0), axis=1).cumsum()))
    even = _along(fine, np.linspace(0, way[-1], LEVELS + 1), way)
    back = cv2.cvtColor(even.astype(np.float32)[None], cv2.COLOR_LAB2BGR)[0]
    return np.asarray(np.rint(255 * np.clip(back, 0, 1)), np.uint8)


def _along(points: Float64Array, places: Float64Array, known: Float64Array) -> Float64Array:
    """Interpolate each column of ``points``, which lie at ``known``, at ``places``."""
    return np.stack([np.interp(places, known, column) for column in points.T], axis=1)
