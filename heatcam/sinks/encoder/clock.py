"""Conversion of times in seconds to ticks of a stream's time base."""

from __future__ import annotations

import math
from fractions import Fraction

_FINEST_TICKS_PER_S = 90_000
_SNAP_S = 0.0006  # times rounded to whole milliseconds (MKV, WebM) snap to the grid of the nominal rate


class Clock:
    """Converts times in seconds to strictly increasing ticks of a time base in which the nominal rate is exact.

    Args:
        fps: the nominal rate.
        origin_s: the time that becomes zero, in seconds; None takes that of the first frame.
    """

    def __init__(self, fps: Fraction, origin_s: float | None = None) -> None:
        self._fps = fps
        self.ticks_per_s = fps.numerator * math.ceil(_FINEST_TICKS_PER_S / fps.numerator)
        self.ticks_per_frame = int(self.ticks_per_s / fps)
        self.origin_s = origin_s
        self._last = -1

    def ticks(self, pts_s: float) -> int:
        """Convert ``pts_s`` to ticks from the origin; a time not after the one before is put one tick after it."""
        if self.origin_s is None:
            self.origin_s = pts_s
        offset_s = pts_s - self.origin_s
        on_grid = round(offset_s * self._fps)
        snaps = abs(offset_s - on_grid / self._fps) <= _SNAP_S
        exact = on_grid * self.ticks_per_frame if snaps else round(offset_s * self.ticks_per_s)
        self._last = max(exact, self._last + 1)
        return self._last

    @property
    def end_s(self) -> float:
        """End of the last frame, in seconds from the origin."""
        return (self._last + self.ticks_per_frame) / self.ticks_per_s
