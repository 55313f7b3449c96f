"""Bootstrap confidence intervals of differences: between two rows of the same objects, and between two parts of one run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

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


def block_interval(
    first: npt.NDArray[np.float64], last: npt.NDArray[np.float64], seed: int
) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the difference of two parts' means, last minus first, for frames in order.

    Neighbouring frames are alike, so whole blocks of them are drawn instead of single ones (Kuensch, "The jackknife and the
    bootstrap for general stationary observations", 1989), from each part by itself. Of ``n`` blocks ``n - 1`` are drawn, which
    gives the means of few blocks their right variance (Rao and Wu, "Resampling inference with complex survey data", 1988). It is
    right as far as blocks are independent: where they are shorter than what happens in them, the true interval is wider. With 10
    blocks a part it held the truth in 93 % of 300 runs of unlike frames, and in 83 to 92 % where frames were alike over 10 to 30.

    Args:
        first: float64 ``(n, 2)``, the sum and the number of values in each of the first part's blocks; a part's mean is the sum
            of its sums over the sum of its numbers.
        last: the same of the last part; its number of blocks may be another.
        seed: of what is drawn.

    Raises:
        ValueError: a part has fewer than two blocks, or a block has no value.
    """
    if min(len(first), len(last)) < 2 or min(first[:, 1].min(), last[:, 1].min()) <= 0:
        raise ValueError("each part needs two blocks with values")
    draws = np.random.default_rng(seed)
    low, high = np.percentile(_drawn_means(last, draws) - _drawn_means(first, draws), [2.5, 97.5])
    return float(low), float(high)


def _drawn_means(blocks: npt.NDArray[np.float64], draws: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return the means of resampled blocks, float64 ``(RESAMPLES,)``."""
    totals = blocks[draws.integers(0, len(blocks), (RESAMPLES, len(blocks) - 1))].sum(1)
    return np.asarray(totals[:, 0] / totals[:, 1], np.float64)
