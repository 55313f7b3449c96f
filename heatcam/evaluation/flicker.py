"""How much heat flickers in video, and how soon it shows that the scene has changed.

Flicker is what changes although nothing in the picture does: each object's heat is compared with the heat of the frame before,
moved along by optical flow as the picture moved (as the stability of filtered video is measured: Lai et al., "Learning Blind
Video Temporal Consistency", ECCV 2018), and the mean difference is divided by the mean heat, so that pale heat wins nothing.
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

#: Rows and columns of a part of a picture.
Place = tuple[slice, slice]
SHOWN = 0.9  # of the way from what was to what is: then a change shows


@dataclass(frozen=True)
class Motion:
    """How one frame's pixels moved since the frame before.

    Attributes:
        flow: float32 ``(H, W, 2)``, x and y in pixels from where a pixel is now to where it was.
        trusted: bool ``(H, W)``, where the way there and back agree; not where something was uncovered.
    """

    flow: Float32Array
    trusted: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class HeatFrame:
    """One frame as it is judged.

    Attributes:
        heat: ``(H, W)``, 0 for cold, any unit that stays the same.
        boxes: float ``(4,)`` xyxy in pixels of the picture, of each object by its number.
    """

    heat: Float32Array | Uint8Array
    boxes: Mapping[int, Float32Array]


def motion_between(before_bgr: Uint8Array, now_bgr: Uint8Array) -> Motion:
    """Dense optical flow (Kroeger et al., "DIS", ECCV 2016) from ``now`` back to ``before``, both uint8 ``(H, W, 3)``.

    What is trusted is decided as by Sundaram, Brox and Keutzer (ECCV 2010): forth and back must end where they began, to within a
    hundredth of the way squared and half a pixel squared.
    """
    grey = [np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)) for picture in (now_bgr, before_bgr)]
    finder: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    back, forth = (finder.calc(a, b, None) for a, b in (grey, grey[::-1]))
    forth_there = moved(np.asarray(forth, np.float32), np.asarray(back, np.float32))
    missed = ((back + forth_there) ** 2).sum(-1)
    way = (back**2).sum(-1) + (forth_there**2).sum(-1)
    return Motion(np.asarray(back, np.float32), np.asarray(missed <= 0.01 * way + 0.5))


def moved(before: Float32Array, flow: Float32Array, place: Place | None = None) -> Float32Array:
    """What each pixel showed where it was: ``before``, ``(H, W)`` or ``(H, W, C)``, read along ``flow``; 0 from outside.

    With ``place`` for the pixels there only.
    """
    origin = _origins(flow, place or (slice(0, flow.shape[0]), slice(0, flow.shape[1])))
    return np.asarray(cv2.remap(before, origin[..., 0], origin[..., 1], cv2.INTER_LINEAR), np.float32)


def flicker_of(
    frames: Sequence[HeatFrame], motions: Sequence[Motion], least_pairs: int = 5
) -> dict[int, float]:
    """The flicker of each object: mean change of its heat from frame to frame over its mean heat; 0 is steady.

    Counted are trusted pixels in the object's box whose origin lay in its box before: that a box moves is no flicker.

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
    """How many frames a change needs: 1 when the first picture after it shows it.

    The way from ``was`` to ``will_be`` is measured along itself, so that noise across it does not count.

    Args:
        shown: the heat of the frames from the change on.
        was: the heat before.
        will_be: the heat that the change leads to.

    Returns:
        None when it is not there at the end, or there is no change.
    """
    way = will_be.astype(np.float64) - was
    length = float((way**2).sum())
    progress = [float(((heat - was) * way).sum()) / length if length else 0.0 for heat in shown]
    return next((n for n, share in enumerate(progress, 1) if share >= SHOWN), None)


def _origins(flow: Float32Array, place: Place) -> Float32Array:
    """Where the pixels of a part of the picture were: float32 ``(h, w, 2)``, x and y, whole numbers in the pixels' middles."""
    rows, columns = np.mgrid[place].astype(np.float32)
    return np.stack([columns, rows], -1) + flow[place]


def _whole_pixels(box_xyxy: Float32Array, shape_hw: tuple[int, ...]) -> Place:
    """The pixels of a picture that lie wholly in a box."""
    left, top = (max(0, int(np.ceil(side))) for side in box_xyxy[:2])
    right, bottom = min(int(box_xyxy[2]), shape_hw[1]), min(int(box_xyxy[3]), shape_hw[0])
    return slice(top, bottom), slice(left, right)


def _came_from(box_xyxy: Float32Array, flow: Float32Array, place: Place) -> npt.NDArray[np.bool_]:
    """Which pixels of a part of the picture lay wholly in a box before."""
    rows, columns = _whole_pixels(box_xyxy, flow.shape)
    origin = _origins(flow, place)
    first, last = (columns.start, rows.start), (columns.stop - 1, rows.stop - 1)
    return np.asarray(((origin >= first) & (origin <= last)).all(-1))
