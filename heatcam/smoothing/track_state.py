"""What is remembered of one object, and how one frame more changes it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from heatcam.smoothing.changes import Noise, changes_between
from heatcam.smoothing.content import Patch, registered
from heatcam.smoothing.weights import running_scale

LEVEL_FRAMES = 3  # that an object comes from another level of the head until that is believed
#: The same from the second time on: such an object lies between two levels. With three frames each time the people in vtest.avi
#: flickered 3 % more and the demo scene 7 %; with twelve no less than with six.
LEVEL_FRAMES_AGAIN = 6
#: The factor by which a box becomes wider, narrower, taller or flatter between two frames: up to the first it is motion and the
#: box's own noise (1.34 is exceeded once in twenty frames of vtest.avi); from the second on it shows another part of the object,
#: one half when the other is covered, and what was seen before cannot be laid under it.
ALIKE_SHAPE, ANOTHER_SHAPE = 1.5, 2.0


@dataclass(frozen=True)
class TrackState:
    """One object in one frame.

    Attributes:
        patch: what was shown.
        raw: what the map held.
        scale: the evidence that was full heat, in logits.
        class_id: its class.
        level: the head's input that what was shown comes from; -1 where that is not known.
        elsewhere: for how many frames in a row the box has come from another level.
        frames_needed: after how many of them that level is believed.
        noise: how much its evidence differs from frame to frame when nothing happens.
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
    """What is shown of one object, from what was shown and what is new.

    What has changed is shown as it is in the cells where it has, and the scale follows by the share of the evidence that did.
    While an object comes from another level, whose evidence is of another size and in other cells, two frames that agree with
    one another confirm nothing; that level is believed when it has stayed.

    Args:
        before: what is remembered; None for a new object.
        now: this frame alone.
        kept: the share of what was shown that stays where nothing has changed, in ``[0, 1)``; 0 gives ``now``.
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
    """How certain it is by the shape of its box that it shows another part of the object, in ``[0, 1]``."""
    was, is_now = ((p.box_cells[2:] - p.box_cells[:2]).clip(1e-3) for p in (before, now))
    factor = float(np.maximum(was / is_now, is_now / was).max())
    return min(max((factor - ALIKE_SHAPE) / (ANOTHER_SHAPE - ALIKE_SHAPE), 0.0), 1.0)
