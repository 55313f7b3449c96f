"""Confidence interval of the difference between two rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

RESAMPLES = 10_000


def paired_interval(ours: Sequence[float], theirs: Sequence[float], seed: int) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the mean difference, ours minus theirs, over the same objects.

    Percentiles over resampled objects (Efron and Tibshirani 1993). Objects of one photograph are drawn as if they were
    independent; where they are not, the true interval is wider.

    Raises:
        ValueError: the rows are not of the same objects, or there are none.
    """
    differences = np.asarray(ours, np.float64) - np.asarray(theirs, np.float64)
    if differences.size == 0:
        raise ValueError("no objects to compare")
    drawn = np.random.default_rng(seed).integers(0, differences.size, (RESAMPLES, differences.size))
    low, high = np.percentile(differences[drawn].mean(1), [2.5, 97.5])
    return float(low), float(high)
