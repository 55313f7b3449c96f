"""Flicker of heatmaps in video, and their delay in showing that the scene has changed.

Flicker is a change of heat where nothing in the picture changes: each object's heat is compared with that of the frame before,
warped by optical flow (as the stability of filtered video is measured: Lai et al., "Learning Blind Video Temporal Consistency",
ECCV 2018), and the mean difference is divided by the mean heat, so that pale heat has no advantage.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from heatcam.geometry import Float32Array, Uint8Array

#: Slices of rows and columns: a part of a picture.
Region = tuple[slice, slice]
SHOWN = 0.9  # of the way from the heat before to the heat after: from here on a change counts as shown


@dataclass(frozen=True)
class Motion:
    """Motion of one frame's pixels since the frame before.

    Attributes:
        flow: float32 ``(H, W, 2)``, x and y in pixels from a pixel's position now to the one before.
        trusted: bool ``(H, W)``, where forward and backward flow agree; False where something was uncovered.
    """

    flow: Float32Array
    trusted: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class HeatFrame:
    """Heat and boxes of one frame.

    Attributes:
        heat: ``(H, W)``, 0 for cold, any unit that stays the same.
        boxes: float ``(4,)`` xyxy in pixels of the picture, by the object's number.
    """

    heat: Float32Array | Uint8Array
    boxes: Mapping[int, Float32Array]


def motion_between(before_bgr: Uint8Array, now_bgr: Uint8Array) -> Motion:
    """Measure dense optical flow (Kroeger et al., "DIS", ECCV 2016) from ``now`` back to ``before``, both uint8 ``(H, W, 3)``.

    A pixel is trusted as in Sundaram, Brox and Keutzer (ECCV 2010): flow back and forth must end where it began, with a squared
    error of at most a hundredth of the squared lengths plus half a square pixel.
    """
    grey = [np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)) for picture in (now_bgr, before_bgr)]
    finder: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    back, forth = (finder.calc(a, b, None) for a, b in (grey, grey[::-1]))
    forth_there = moved(np.asarray(forth, np.float32), np.asarray(back, np.float32))
    missed = ((back + forth_there) ** 2).sum(-1)
    way = (back**2).sum(-1) + (forth_there**2).sum(-1)
    return Motion(np.asarray(back, np.float32), np.asarray(missed <= 0.01 * way + 0.5))


def moved(before: Float32Array, flow: Float32Array, place: Region | None = None) -> Float32Array:
    """Warp ``before``, ``(H, W)`` or ``(H, W, C)``, by ``flow``: each pixel's value at its old position, 0 from outside.

    With ``place``, only the pixels there are returned.
    """
    origin = _origins(flow, place or (slice(0, flow.shape[0]), slice(0, flow.shape[1])))
    return np.asarray(cv2.remap(before, origin[..., 0], origin[..., 1], cv2.INTER_LINEAR), np.float32)


def flicker_of(
    frames: Sequence[HeatFrame], motions: Sequence[Motion], least_pairs: int = 5
) -> dict[int, float]:
    """Return the flicker of each object: mean change of its heat from frame to frame over its mean heat; 0 is steady.

    Only trusted pixels in the object's box that came from its box in the frame before count: a moving box is no flicker.

    Args:
        frames: in order.
        motions: one between each two of them.
        least_pairs: objects that were seen in fewer pairs of frames are left out, and those without any heat.
    """
    changes: dict[int, list[float]] = defaultdict(list)
    heats: dict[int, list[float]] = defaultdict(list)
    for (before, now), motion in zip(pairwise(frames), motions, strict=True):
        for number in before.boxes.keys() & now.boxes.keys():
            rows, columns = place = _whole_pixels(now.boxes[number], now.heat.shape)
            if rows.stop <= rows.start or columns.stop <= columns.start:
                continue
            heat = np.asarray(now.heat[place], np.float32)
            change = np.abs(heat - moved(np.asarray(before.heat, np.float32), motion.flow, place))
            counted = motion.trusted[place] & _came_from(before.boxes[number], motion.flow, place)
            if counted.any():
                changes[number].append(float(change[counted].mean()))
                heats[number].append(float(heat[counted].mean()))
    seen = (n for n in changes if len(changes[n]) >= least_pairs and sum(heats[n]) > 0)
    return {n: sum(changes[n]) / sum(heats[n]) for n in seen}


def frames_until_shown(shown: Sequence[Float32Array], was: Float32Array, will_be: Float32Array) -> int | None:
    """Return the number of frames until a change shows: 1 when the first picture after it shows it.

    Progress is the projection onto the line from ``was`` to ``will_be``, so that noise across it does not count.

    Args:
        shown: the heat of the frames from the change on.
        was: the heat before.
        will_be: the heat that the change leads to.

    Returns:
        None when the change has not shown by the last frame, or there is none.
    """
    way = will_be.astype(np.float64) - was
    length = float((way**2).sum())
    progress = [float(((heat - was) * way).sum()) / length if length else 0.0 for heat in shown]
    return next((n for n, share in enumerate(progress, 1) if share >= SHOWN), None)


def _origins(flow: Float32Array, place: Region) -> Float32Array:
    """Return the old positions of the pixels of ``place``: float32 ``(h, w, 2)``, x and y; pixel centres are whole numbers."""
    rows, columns = np.mgrid[place].astype(np.float32)
    return np.stack([columns, rows], -1) + flow[place]


def _whole_pixels(box_xyxy: Float32Array, shape_hw: tuple[int, ...]) -> Region:
    """Return the pixels of a picture that lie wholly in a box."""
    left, top = (max(0, int(np.ceil(side))) for side in box_xyxy[:2])
    right, bottom = min(int(box_xyxy[2]), shape_hw[1]), min(int(box_xyxy[3]), shape_hw[0])
    return slice(top, bottom), slice(left, right)


def _came_from(box_xyxy: Float32Array, flow: Float32Array, place: Region) -> npt.NDArray[np.bool_]:
    """Return a mask of the pixels of ``place`` whose old position was wholly in a box."""
    rows, columns = _whole_pixels(box_xyxy, flow.shape)
    origin = _origins(flow, place)
    first, last = (columns.start, rows.start), (columns.stop - 1, rows.stop - 1)
    return np.asarray(((origin >= first) & (origin <= last)).all(-1))
