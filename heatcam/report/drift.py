"""Drift: what the last third of a run has more or less of than the first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from heatcam.measures import block_interval
from heatcam.report.statistics import Drift, Float64Array, Measure
from heatcam.report.time_bins import Column

BLOCKS, FEWEST_BLOCKS = 10, 5  # in a third of a film; fewer give no interval
SEED = 0

#: Columns of the values' sum and of their number; None is the number of frames.
_COLUMNS: dict[Measure, tuple[Column, Column | None]] = {
    Measure.EVIDENCE: (Column.EVIDENCE, Column.EVIDENCES),
    Measure.ENERGY: (Column.ENERGY, Column.ENERGIES),
    Measure.CONFIDENCE: (Column.CONFIDENCE, Column.OBJECTS),
    Measure.OBJECTS: (Column.OBJECTS, None),
}


def thirds_of(bins: int) -> tuple[slice, slice] | None:
    """Return the first and the last third of the bins; None where they are too few for an interval."""
    third = bins // 3
    return None if third < FEWEST_BLOCKS else (slice(0, third), slice(bins - third, bins))


def drifts_of(title: str, sums: Float64Array, frames: Float64Array, *, one_by_one: bool) -> Iterator[Drift]:
    """Yield a series' drift in each measure; none where the run is too short.

    Args:
        title: the series'.
        sums: float64 ``(bins, 6)``, see ``Column``.
        frames: float64 ``(bins,)``, number of frames in each bin.
        one_by_one: frames are unrelated, so that each bin is a block of its own.
    """
    thirds = thirds_of(len(frames))
    if thirds is None:
        return
    for measure, (values, counts) in _COLUMNS.items():
        pairs = np.column_stack([sums[:, values], frames if counts is None else sums[:, counts]])
        parts = [_blocks(pairs[third], one_by_one) for third in thirds]
        yield _drift(title, measure, parts)


def _blocks(pairs: Float64Array, one_by_one: bool) -> Float64Array:
    """Return sum and number of values in each block of a third, without blocks that have none: float64 ``(n, 2)``."""
    count = len(pairs) if one_by_one else min(BLOCKS, len(pairs))
    blocks = np.array([block.sum(0) for block in np.array_split(pairs, count)])
    return np.asarray(blocks[blocks[:, 1] > 0], np.float64)


def _drift(title: str, measure: Measure, parts: Sequence[Float64Array]) -> Drift:
    means = [float(part[:, 0].sum() / part[:, 1].sum()) if len(part) else None for part in parts]
    counts = len(parts[0]), len(parts[1])
    enough = min(counts) >= FEWEST_BLOCKS
    interval = block_interval(parts[0], parts[1], SEED) if enough else None
    return Drift(title, measure, means[0], means[1], interval, counts)
