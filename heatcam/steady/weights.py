"""How much of what was shown stays, from frame to frame."""

from __future__ import annotations

import math

import numpy as np

from heatcam.geometry import Float32Array

MOST_KEPT = 0.9  # at ``--smooth 1``; with everything kept nothing would ever change
#: Powers of what is kept: a scale rises with the content, so that it clips no more than in a single picture, and falls in twice
#: that time. Rising at twice the speed made a tenth more flicker.
RISES, FALLS = 1.0, 0.5
#: Of ``content.difference`` between what was shown and what is new: below the first it can be noise and motion, from the second
#: on it cannot, and an average of both would be a ghost.
ALIKE, ANOTHER = 0.7, 0.9
#: The same difference as a multiple of that between the two newest frames. In noise around something steady it is about 1, on
#: people who walk it is below 2.6 nineteen times in twenty; when the scene has changed the two newest agree with one another.
NOISE, CONFIRMED = 4.0, 5.0


def kept_share(smooth: float, to_shown: float, to_newest: float) -> float:
    """The share of what was shown that stays in the next picture, in ``[0, 1]``.

    Two rules shorten the memory when it is not noise that changes the map: a scene that has nothing in common with what was shown
    is believed at once, and any other change when a second frame confirms it.

    Args:
        smooth: what the user asked for, in ``[0, 1]``.
        to_shown: how much this frame differs from what was shown (``content.difference``).
        to_newest: how much it differs from the frame before as that was, not smoothed.
    """
    other = (to_shown - ALIKE) / (ANOTHER - ALIKE)
    confirmed = (to_shown / max(to_newest, 1e-6) - NOISE) / (CONFIRMED - NOISE)
    return MOST_KEPT * smooth * (1 - min(max(other, confirmed, 0.0), 1.0))


def kept_shares(kept: float, to_shown: Float32Array) -> Float32Array:
    """The share of each cell, at most ``kept``: the first of the rules for a part of a box (``content.local_difference``)."""
    other = ((to_shown - ALIKE) / (ANOTHER - ALIKE)).clip(0, 1)
    return np.asarray(kept * (1 - other), np.float32)


def running_scale(before: float, now: float, kept: float) -> float:
    """A scale that follows the high end of what it was: in the logarithm, because scales differ by factors.

    Steps up are larger than steps down, so it settles not at the mean but at a high percentile (strictly an expectile: Newey and
    Powell, Econometrica 1987), and one weak frame does not make noise look like evidence.

    Args:
        before: the scale of the last picture, in logits; 0 for none.
        now: this frame's own, in logits; 0 where there is no evidence, which says nothing about the scale.
        kept: see ``kept_share``; 0 gives ``now``.
    """
    if not (before > 0 and now > 0):
        return before if before > 0 and kept > 0 else now
    stays = kept ** (RISES if now > before else FALLS)
    return now * math.exp(stays * math.log(before / now))
