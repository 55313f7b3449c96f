"""Rank correlation of two maps' cells."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32] | npt.NDArray[np.float64]


def rank_correlation(a: FloatArray, b: FloatArray) -> float | None:
    """Return Spearman's rank correlation of two arrays of one size, in ``[-1, 1]``; equal values share the mean of their ranks.

    None where the values of one are all equal, so that they have no order, or there are fewer than two.
    """
    if a.size < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.clip(np.corrcoef(_ranks(a), _ranks(b))[0, 1], -1, 1))


def _ranks(values: FloatArray) -> npt.NDArray[np.float64]:
    """Return the rank of each value, from 1 on, flat; equal ones share the mean of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: npt.NDArray[np.float64] = (counts.cumsum() - (counts - 1) / 2)[place.ravel()]
    return ranks
