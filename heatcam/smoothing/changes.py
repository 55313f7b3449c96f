"""Change detection per cell of a box: tell a change of the scene from noise, after the earlier map is warped onto the new box.

A change must either be large in one frame, or be present in two frames and exceed the usual noise of this track. That noise
differs eightfold between tracks (0.013 to 0.118 in vtest.avi and the demo scene), so no fixed threshold fits all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatcam.geometry import Float32Array
from heatcam.smoothing.content import apart, around, difference

#: Thresholds of a difference (``content.apart``, ``content.difference``): below the first it may be noise or motion; from the
#: second on it cannot be, and averaging both maps would leave a ghost.
ALIKE, ANOTHER = 0.7, 0.9
#: Thresholds of a difference that two frames share, in units of the track's noise: below the first it is noise, from the second
#: on a change. In the demo scene, vtest.avi, bikes.mp4 and panned photographs, 3 to 5 % of the cells are above the first.
NOISE, CHANGE = 3.5, 5.5
#: The noise of a track: the value assumed for a new one, so that one odd frame is not taken for a change; the minimum, since a
#: still picture of a screen has no noise at all; and the weight of each new frame once enough frames were seen for a mean.
USUAL, LEAST_NOISE, RENEWED = 0.2, 0.04, 0.1
OUTLIER = 4.0  # times the noise; a larger difference counts as this, so that a change does not pass for noise afterwards


@dataclass(frozen=True)
class Noise:
    """Usual difference between one track's evidence and the map shown, when nothing happens.

    Attributes:
        mean: mean difference that two frames in a row share, in ``[0, 1]``.
        frames: number of frames in that mean; the first is the assumed value.
    """

    mean: float = USUAL
    frames: int = 1

    @property
    def unit(self) -> float:
        """Unit in which differences are measured; never 0."""
        return max(self.mean, LEAST_NOISE)

    def after(self, shared: float) -> Noise:
        """Return the noise after one more frame: a plain mean at first, then an exponential moving average."""
        share = max(RENEWED, 1 / (self.frames + 1))
        seen = min(shared, OUTLIER * self.unit)
        return Noise(self.mean + share * (seen - self.mean), self.frames + 1)


@dataclass(frozen=True)
class BoxChanges:
    """Changes that one frame shows in the cells of a box.

    Attributes:
        at_once: float32 ``(h, w)`` in ``[0, 1]``: certainty of a change, from this frame alone.
        confirmed: float32 ``(h, w)`` in ``[0, 1]``: certainty of a change, from this frame and the one before together.
        shared: difference to the map shown that both frames share, over the whole box, in ``[0, 1]``.
        evidence: float32 ``(h, w)``, at least 0, in logits per cell: the weight of each cell.
    """

    at_once: Float32Array
    confirmed: Float32Array
    shared: float
    evidence: Float32Array


def changes_between(shown: Float32Array, last: Float32Array, new: Float32Array, noise: Noise) -> BoxChanges:
    """Find the changes from the map shown to the new one; all ``(h, w)``, signed, in logits per cell, on the same cells.

    The change that two frames share is the median of the three maps: from the map shown to the nearer of the two frames where
    both lie on the same side of it, else none. A single odd frame does not move it.

    Args:
        shown: the map that was shown.
        last: the map of the frame before, not smoothed.
        new: the map of this frame.
        noise: noise of this track so far.
    """
    old, before, now = (around(values) for values in (shown, last, new))
    median = np.maximum(np.minimum(before, now), np.minimum(np.maximum(before, now), old))
    both, step = apart(old, median), old + median
    total = float(step.sum())
    return BoxChanges(
        np.maximum(_certainty(apart(old, now), ALIKE, ANOTHER), _certain(difference(shown, new))),
        _certainty(both / noise.unit, NOISE, CHANGE),
        float((both * step).sum()) / total if total > 0 else 0.0,
        old + now,
    )


def _certain(difference: float) -> float:
    return min(max((difference - ALIKE) / (ANOTHER - ALIKE), 0.0), 1.0)


def _certainty(values: npt.NDArray[np.float32], low: float, high: float) -> Float32Array:
    """Scale values linearly to 0 at ``low`` and 1 at ``high``, clipped."""
    return np.asarray(((values - low) / (high - low)).clip(0, 1), np.float32)
