"""Interest in the live view: while nobody watches, records or asks, nothing needs to be explained."""

from __future__ import annotations

import time
from collections.abc import Callable


class Interest:
    """Tells whether somebody uses the live view. From any thread.

    Args:
        viewers: returns the number of clients that watch.
        lasts_s: seconds that a request counts for, and a viewer who has left.
        clock: monotonic clock, in seconds.
    """

    def __init__(
        self, viewers: Callable[[], int], lasts_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._viewers, self._lasts_s, self._clock = viewers, lasts_s, clock
        self._noted_s = clock()

    def note(self) -> None:
        """Note a request."""
        self._noted_s = self._clock()

    @property
    def is_there(self) -> bool:
        """True if somebody watches, or asked a moment ago."""
        if self._viewers():
            self.note()
        return self._clock() - self._noted_s < self._lasts_s
