"""Has the scene changed, or is it noise? Asked of each cell of a box, after what was seen before was laid under the new box.

A change has to be large at once, or to be there in two frames and stand out from what is usual on this track: from one track to
another that differs eightfold (0.013 to 0.118 in vtest.avi and the demo scene), so that no fixed threshold serves all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatcam.geometry import Float32Array
from heatcam.smoothing.content import apart, around, difference

#: Of a difference (``content.apart``, ``content.difference``): below the first it can be noise and motion, from the second on it
#: cannot, and an average of both would be a ghost.
ALIKE, ANOTHER = 0.7, 0.9
#: Of a difference that two frames share, in units of the track's noise: below the first it is noise, from the second on a change.
#: Of the demo scene, vtest.avi, bikes.mp4 and panned photographs 3 to 5 cells in a hundred are above the first.
NOISE, CHANGE = 3.5, 5.5
#: The noise of a track: what is assumed of a new one, so that one odd frame more is no change; the least, since a still picture
#: of a screen has none at all; and how much of it each frame renews, once so many frames were seen that a mean says something.
USUAL, LEAST_NOISE, RENEWED = 0.2, 0.04, 0.1
OUTLIER = 4.0  # times the noise; a larger difference counts as this, so that a change does not pass for noise afterwards


@dataclass(frozen=True)
class Noise:
    """How much the evidence of one track differs from what is shown, when nothing happens.

    Attributes:
        mean: mean difference that two frames in a row share, in ``[0, 1]``.
        frames: how many it is the mean of; the first is the assumption.
    """

    mean: float = USUAL
    frames: int = 1

    @property
    def unit(self) -> float:
        """What differences are measured in; never 0."""
        return max(self.mean, LEAST_NOISE)

    def after(self, shared: float) -> Noise:
        """With one more frame: a mean at first, then one that forgets."""
        share = max(RENEWED, 1 / (self.frames + 1))
        seen = min(shared, OUTLIER * self.unit)
        return Noise(self.mean + share * (seen - self.mean), self.frames + 1)


@dataclass(frozen=True)
class Changes:
    """What one frame says about the cells of a box.

    Attributes:
        at_once: float32 ``(h, w)`` in ``[0, 1]``: how certain a change is by this frame alone.
        confirmed: float32 ``(h, w)`` in ``[0, 1]``: the same by this frame and the one before together.
        shared: how much both frames differ from what is shown, all in all, in ``[0, 1]``.
        evidence: float32 ``(h, w)``, at least 0, in logits per cell: how much each cell counts.
    """

    at_once: Float32Array
    confirmed: Float32Array
    shared: float
    evidence: Float32Array


def changes_between(shown: Float32Array, last: Float32Array, new: Float32Array, noise: Noise) -> Changes:
    """What changed from what was shown to what is new; all ``(h, w)``, signed, in logits per cell, on the same cells.

    Two frames share only what is between what is shown and the nearer of them, where both lie on the same side: the median of the
    three. One odd frame among others moves it not at all.

    Args:
        shown: what was shown.
        last: what the frame before held, not steadied.
        new: what this frame holds.
        noise: of this track so far.
    """
    old, before, now = (around(values) for values in (shown, last, new))
    median = np.maximum(np.minimum(before, now), np.minimum(np.maximum(before, now), old))
    both, step = apart(old, median), old + median
    total = float(step.sum())
    return Changes(
        np.maximum(_certainty(apart(old, now), ALIKE, ANOTHER), _certain(difference(shown, new))),
        _certainty(both / noise.unit, NOISE, CHANGE),
        float((both * step).sum()) / total if total > 0 else 0.0,
        old + now,
    )


def _certain(difference: float) -> float:
    return min(max((difference - ALIKE) / (ANOTHER - ALIKE), 0.0), 1.0)


def _certainty(values: npt.NDArray[np.float32], low: float, high: float) -> Float32Array:
    """From 0 at ``low`` to 1 at ``high``."""
    return np.asarray(((values - low) / (high - low)).clip(0, 1), np.float32)
