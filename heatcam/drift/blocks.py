"""Blocks of time: frames become one set of sums each block, since neighbouring frames are alike."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from heatcam.drift.series import Block, Float64Array, sums_of
from heatcam.frames import Explanation

FEWEST_FRAMES = 2
LEAST_COVERED = 0.5  # of a block's time; what began or ended in between is no block
DAY_S = 86_400.0


def local_seconds(at_s: float) -> float:
    """Return seconds since 1970 as the clocks on the wall count, without the hour's offset: its days begin at midnight here."""
    return at_s + (time.localtime(at_s).tm_gmtoff or 0)


def part_of_day(start_s: float, day_parts: int) -> int:
    """Return the part of the day, from 0 on, that a time of ``local_seconds`` lies in."""
    return min(day_parts - 1, int(start_s % DAY_S / DAY_S * day_parts))


def part_in_words(part: int, day_parts: int) -> str:
    """Return a part of the day as ``08:00-12:00``; "" where the day has one part."""
    if day_parts == 1:
        return ""
    minutes = [round(n * 24 * 60 / day_parts) for n in (part, part + 1)]
    return "-".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in minutes)


@dataclass
class _Open:
    """The block that frames are added to, with the times of its first and last frame in seconds."""

    index: int
    first_s: float
    last_s: float
    frames: int
    sums: dict[str, Float64Array]


class BlockMaker:
    """Blocks of a run, made frame by frame. Called from one thread.

    Blocks begin at multiples of their length on the clock that frames are timed by, so that those of two runs have the same
    borders. A block counts if its frames span at least half of it: else a restart or an outage lies in it.

    Args:
        block_s: length of a block in seconds.
    """

    def __init__(self, block_s: float) -> None:
        self.block_s = block_s
        #: Number of blocks that did not count.
        self.left_out = 0
        self._open: _Open | None = None

    @property
    def frames(self) -> int:
        """Number of frames in the block that is open."""
        return 0 if self._open is None else self._open.frames

    def add(self, explanation: Explanation, at_s: float) -> Block | None:
        """Add a frame.

        Args:
            explanation: with the objects' own maps; not smoothed.
            at_s: its time in seconds.

        Returns:
            The block before it, where one ended and counts; else None.
        """
        index = int(at_s // self.block_s)
        ended = None if self._open is None or self._open.index == index else self.close()
        if self._open is None:
            self._open = _Open(index, at_s, at_s, 0, {})
        own = self._open
        own.last_s, own.frames = at_s, own.frames + 1
        for name, sums in sums_of(explanation).items():
            own.sums[name] = own.sums[name] + sums if name in own.sums else sums
        return ended

    def close(self) -> Block | None:
        """End the block that is open; return it if it counts."""
        own, self._open = self._open, None
        if own is None:
            return None
        # n frames stand for n steps of time, and lie n - 1 apart
        covered_s = (own.last_s - own.first_s) * own.frames / max(1, own.frames - 1)
        if own.frames < FEWEST_FRAMES or covered_s < LEAST_COVERED * self.block_s:
            self.left_out += 1
            return None
        sums = {name: np.asarray(of, np.float64) for name, of in own.sums.items()}
        return Block(own.index, own.index * self.block_s, own.frames, sums)
