"""Smoothing state of one tracked object, and its update with a new frame."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from heatcam.smoothing.changes import Noise, changes_between
from heatcam.smoothing.content import Patch, registered
from heatcam.smoothing.weights import running_scale

LEVEL_FRAMES = 3  # frames in a row from another head level before that level is accepted
#: The same from the second time on: such an object lies between two levels. With three frames each time the people in vtest.avi
#: flickered 3 % more and the demo scene 7 %; twelve frames were no better than six.
LEVEL_FRAMES_AGAIN = 6
#: The factor by which a box becomes wider, narrower, taller or flatter between two frames: up to the first it is motion and the
#: box's own noise (1.34 is exceeded once in twenty frames of vtest.avi); from the second on the box shows another part of the
#: object (one half when the other is occluded), and the earlier map cannot be warped onto it.
ALIKE_SHAPE, ANOTHER_SHAPE = 1.5, 2.0


@dataclass(frozen=True)
class TrackState:
    """One object in one frame.

    Attributes:
        patch: the smoothed cells that were shown.
        raw: the same cells of the map, not smoothed.
        scale: the evidence that was full heat, in logits.
        class_id: its class.
        level: index of the head level that the shown map comes from; -1 if unknown.
        elsewhere: number of frames in a row in which the box came from another level.
        frames_needed: number of such frames after which that level is accepted.
        noise: usual difference of its evidence from frame to frame when nothing happens.
    """

    patch: Patch
    raw: Patch
    scale: float
    class_id: int
    level: int
    elsewhere: int = 0
    frames_needed: int = LEVEL_FRAMES
    noise: Noise = field(default_factory=Noise)


def averaged(before: TrackState | None, now: TrackState, kept: float) -> TrackState:
    """Average one object's new map with the map shown before.

    Cells that have changed show the new map, and the scale follows by the share of the evidence that changed. While an object
    comes from another level, whose evidence has another size and lies in other cells, two frames that agree do not confirm a
    change; the new level is accepted once it has stayed.

    Args:
        before: the object's state so far; None for a new object.
        now: this frame alone.
        kept: weight of the map shown before where nothing has changed, in ``[0, 1)``; 0 gives ``now``.
    """
    if before is None or before.class_id != now.class_id:
        return now
    elsewhere = before.elsewhere + 1 if now.level != before.level else 0
    if elsewhere >= before.frames_needed:
        return replace(now, frames_needed=LEVEL_FRAMES_AGAIN, noise=before.noise)
    kept *= 1 - _reshaped(before.patch, now.patch)
    old, last = registered(before.patch, now.patch), registered(before.raw, now.patch)
    seen = changes_between(old, last, now.patch.values, before.noise)
    changed = seen.at_once if elsewhere else np.maximum(seen.at_once, seen.confirmed)
    evidence = float(seen.evidence.sum())
    part = float((changed * seen.evidence).sum()) / evidence if evidence > 0 else 0.0
    values = now.patch.values + kept * (1 - changed) * (old - now.patch.values)
    return replace(
        now,
        patch=replace(now.patch, values=np.asarray(values, np.float32)),
        scale=running_scale(before.scale, now.scale, kept * (1 - part)),
        level=before.level,
        elsewhere=elsewhere,
        frames_needed=before.frames_needed,
        noise=before.noise.after(seen.shared),
    )


def _reshaped(before: Patch, now: Patch) -> float:
    """Return the certainty, by the change of the box's shape, that it shows another part of the object, in ``[0, 1]``."""
    was, is_now = ((p.box_cells[2:] - p.box_cells[:2]).clip(1e-3) for p in (before, now))
    factor = float(np.maximum(was / is_now, is_now / was).max())
    return min(max((factor - ALIKE_SHAPE) / (ANOTHER_SHAPE - ALIKE_SHAPE), 0.0), 1.0)
