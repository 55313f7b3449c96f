"""Noise level of a class in one picture: how strongly its logit rises by chance where the object is not.

It is measured on the rest of the picture. Windows of the place's size are laid over the picture in steps of half their size (at
most 12 in each direction). Of each window the highest logit of the class counts, over the anchors whose points lie in it: the
same that is asked at the place itself, so that a large place, which holds more anchors, is held against large windows. Anchors in
the place, in the other places that the class was asked for, and in boxes of the class that were kept are left out, and so are
windows with more than half of their anchors left out. The noise level is the 95th percentile of these maxima: at a place with
nothing on it, a logit above it is one in twenty. Where fewer than 8 windows are free, they are halved, up to three times; where
not even those are, there is no noise level. Queries have no anchor points: the middles of their boxes stand for them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatcam.frames import Candidates
from heatcam.geometry import Float32Array

PERCENTILE = 95.0
LEAST_WINDOWS = 8
MOST_STEPS = 12  # windows along each side of the picture
_HALVINGS = 3
BoolArray = npt.NDArray[np.bool_]


def noise_level(
    candidates: Candidates, class_id: int, size_wh: tuple[float, float], occupied_xyxy: Float32Array
) -> float | None:
    """Return the noise level of a class, a logit; None where there is no rest of the picture to measure it on.

    Args:
        candidates: of the picture.
        class_id: the class.
        size_wh: width and height of the place in image pixels.
        occupied_xyxy: float32 ``(N, 4)`` in image pixels, boxes whose anchors are left out: the place itself, and wherever else
            the class is.
    """
    points, logits = candidates.points_xy, candidates.logits[:, class_id]
    free = np.logical_not(_inside(points, occupied_xyxy).any(1))
    wide, tall = size_wh
    for _ in range(1 + _HALVINGS):
        found = _maxima(points, logits, free, _windows(candidates.letterbox.image_wh, (wide, tall)))
        if len(found) >= LEAST_WINDOWS:
            return float(np.percentile(found, PERCENTILE))
        wide, tall = wide / 2, tall / 2
    return None


def _windows(image_wh: tuple[int, int], size_wh: tuple[float, float]) -> Float32Array:
    """Return windows over the picture: float32 ``(N, 4)``, xyxy in image pixels."""
    starts = []
    for side, wanted in zip(image_wh, size_wh, strict=True):
        own = min(max(wanted, 1.0), side)
        steps = min(MOST_STEPS, 1 + round(2 * (side - own) / own))
        starts.append(np.linspace(0, side - own, steps))
    lefts, tops = np.meshgrid(*starts)
    corners = np.stack((lefts.ravel(), tops.ravel()), 1)
    return np.concatenate((corners, corners + np.minimum(size_wh, image_wh)), 1).astype(np.float32)


def _maxima(
    points: Float32Array, logits: Float32Array, free: BoolArray, windows: Float32Array
) -> Float32Array:
    """Return the highest free logit of each window, of those with at least half of their anchors free.

    Column by column of windows, each with the anchors that can lie in it: a sixth of the work where windows are small.
    """
    maxima = [np.zeros(0, np.float32)]
    for left, right in np.unique(windows[:, [0, 2]], axis=0):
        column = windows[(windows[:, 0] == left) & (windows[:, 2] == right)]
        near = np.flatnonzero((points[:, 0] >= left) & (points[:, 0] < right))
        if len(near):
            inside = _inside(points[near], column).T  # (windows, anchors)
            usable = inside & free[near]
            enough = (usable.sum(1) > 0) & (2 * usable.sum(1) >= inside.sum(1))
            maxima.append(np.where(usable, logits[near], -np.inf).max(1)[enough])
    return np.concatenate(maxima)


def _inside(points: Float32Array, boxes_xyxy: Float32Array) -> BoolArray:
    """Tell for each of ``(K, 2)`` points and ``(N, 4)`` boxes whether the point lies in the box: bool ``(K, N)``."""
    x, y = points[:, :1], points[:, 1:]
    left, top, right, bottom = boxes_xyxy.T
    return np.asarray((x >= left) & (x < right) & (y >= top) & (y < bottom))
