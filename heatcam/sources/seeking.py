"""Seeking: the requested time for sources that can seek, and the refusal of those that cannot."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from heatcam.errors import UsageError
from heatcam.sources.base import Source, SourceBase

TOLERANCE_S = 0.0005  # times get rounded to milliseconds: a seek to 1.24 means the frame at 1.2399


class Playhead:
    """Requested seek position of a source. Set from any thread, taken by the one that reads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._to_s: float | None = None

    def ask(self, to_s: float) -> None:
        """Request ``to_s`` seconds as the next position, at least 0; replaces an earlier request that was not taken."""
        with self._lock:
            self._to_s = max(0.0, to_s)

    @property
    def is_asked(self) -> bool:
        """True if there is a request to take."""
        return self._to_s is not None

    def take(self) -> float | None:
        """Return the requested time, once; None if there is none."""
        with self._lock:
            to_s, self._to_s = self._to_s, None
            return to_s


class ForwardOnly(SourceBase):
    """Base of sources that cannot seek: cameras, streams, screens, standard input."""

    name = ""
    can_seek = False
    duration_s: float | None = None

    def seek(self, to_s: float) -> None:
        """Refuse to seek.

        Raises:
            UsageError: always.
        """
        raise UsageError(
            f"{self.name} cannot go to {to_s:g} s", "only files can be started elsewhere or sought in"
        )


def frame_at(to_s: float, fps: float) -> int:
    """Return the index of the first frame at or after ``to_s`` seconds, where frame ``n`` is shown at ``n / fps``."""
    exact = to_s * fps
    nearest = round(exact)
    return nearest if abs(nearest - exact) <= TOLERANCE_S * fps else int(exact) + 1


def indices(playhead: Playhead, count: int | None, fps: float) -> Iterator[int]:
    """Yield the indices of the frames to show, one after the other from 0, with jumps requested at ``playhead``.

    Args:
        playhead: checked before each frame.
        count: total number of frames; None is endless.
        fps: frames per second.
    """
    index = 0
    while True:
        if (to_s := playhead.take()) is not None:
            index = frame_at(to_s, fps) if count is None else min(frame_at(to_s, fps), count - 1)
        if count is not None and index >= count:
            return
        yield index
        index += 1


def require_start(source: Source, start_s: float) -> None:
    """Refuse to start past the end; ``source`` is entered.

    Raises:
        UsageError: the source is known to be no longer than ``start_s`` seconds.
    """
    if start_s and source.duration_s is not None and start_s >= source.duration_s:
        raise UsageError(
            f"{source.name} is only {source.duration_s:.2f} s long", f"--start {start_s:g} is behind its end"
        )
