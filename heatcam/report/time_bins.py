"""Sums over time in a fixed number of bins, whatever the length of the run: when all are full, neighbours are merged."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from heatcam.report.statistics import Float64Array, OverTime

BINS = 400  # of which half to all are in use; one a frame in shorter runs


class Column(IntEnum):
    """Columns of a series' sums: numbers of values, and the values added up."""

    OBJECTS = 0
    CONFIDENCE = 1
    EVIDENCES = 2
    EVIDENCE = 3
    ENERGIES = 4
    ENERGY = 5


class BinnedSums:
    """Sums of one series.

    Attributes:
        sums: float64 ``(BINS, 6)``, a bin a row, with the columns of ``Column``.
    """

    def __init__(self) -> None:
        self.sums: Float64Array = np.zeros((BINS, len(Column)))

    def over_time(self, frames: Float64Array) -> OverTime:
        """Return the means in the first ``len(frames)`` bins; ``frames`` is the number of frames in each, float64."""
        sums = self.sums[: len(frames)]
        return OverTime(
            _means(sums[:, Column.EVIDENCE], sums[:, Column.EVIDENCES]),
            _means(sums[:, Column.ENERGY], sums[:, Column.ENERGIES]),
            _means(sums[:, Column.CONFIDENCE], sums[:, Column.OBJECTS]),
            sums[:, Column.OBJECTS] / frames,
        )


class Timeline:
    """Bins of a run, common to all its series. One bin holds one frame, then two, four ... as the run gets longer.

    Attributes:
        size: number of frames in each bin that is full.
        count: number of frames so far.
    """

    def __init__(self) -> None:
        self.size, self.count = 1, 0
        self._frames, self._times = np.zeros(BINS), np.zeros(BINS)
        self._series: list[BinnedSums] = []

    def begin_frame(self, time_s: float) -> None:
        """Begin the next frame: what is added from now on is of its bin."""
        if self.count == BINS * self.size:
            self._merge()
        self.count += 1
        self._frames[self.bin] += 1
        self._times[self.bin] += time_s

    @property
    def bin(self) -> int:
        """Index of the current frame's bin."""
        return (self.count - 1) // self.size

    def new_series(self) -> BinnedSums:
        """Return a new series, whose bins are merged with all others."""
        self._series.append(BinnedSums())
        return self._series[-1]

    def forget(self, series: BinnedSums) -> None:
        """Drop a series."""
        self._series.remove(series)

    @property
    def frames(self) -> Float64Array:
        """Number of frames in each bin in use, float64 ``(bins,)``."""
        return np.array(self._frames[: self.bin + 1], np.float64)

    @property
    def times(self) -> Float64Array:
        """Mean time of the frames in each bin in use, float64 ``(bins,)``."""
        return np.asarray(self._times[: self.bin + 1] / self.frames, np.float64)

    def _merge(self) -> None:
        """Merge each two neighbouring bins, which frees half of them."""
        self.size *= 2
        self._frames, self._times = _merged(self._frames), _merged(self._times)
        for series in self._series:
            series.sums = _merged(series.sums)


def _merged(rows: Float64Array) -> Float64Array:
    """Return the sums of each two neighbouring rows, followed by as many rows of zeros."""
    halved = rows[::2] + rows[1::2]
    return np.concatenate([halved, np.zeros_like(halved)])


def _means(sums: Float64Array, counts: Float64Array) -> Float64Array:
    """Return the means; NaN for none."""
    means: Float64Array = np.full(len(sums), np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return means
