"""Weights of the smoothing: the share of the previous map that is kept, and the running scale."""

from __future__ import annotations

import math

MOST_KEPT = 0.95  # at ``--smooth 1``; with everything kept nothing would ever change
PALEST = 1.1  # the hottest cell shown of an object has at least 1 / 1.1 of full heat
#: Powers of the kept share: a scale rises as fast as the content, so that it clips no more than in a single picture, and takes
#: twice as long to fall. Rising at twice the speed made a tenth more flicker.
RISES, FALLS = 1.0, 0.5


def kept_share(smooth: float) -> float:
    """Return the weight of the previous map where nothing has changed, for ``--smooth`` in ``[0, 1]``."""
    return MOST_KEPT * smooth


def running_scale(before: float, now: float, kept: float) -> float:
    """Update a running scale with one frame: an asymmetric average of logarithms, because scales differ by factors.

    Steps up are larger than steps down, so it settles not at the mean but at a high percentile (strictly an expectile: Newey and
    Powell, Econometrica 1987), and one weak frame does not make noise look like evidence.

    Args:
        before: the scale of the last picture, in logits; 0 for none.
        now: this frame's own, in logits; 0 where there is no evidence, and then the scale stays.
        kept: see ``kept_share``; 0 gives ``now``.
    """
    if not (before > 0 and now > 0):
        return before if before > 0 and kept > 0 else now
    stays = kept ** (RISES if now > before else FALLS)
    return now * math.exp(stays * math.log(before / now))
