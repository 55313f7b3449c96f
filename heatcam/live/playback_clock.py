"""Playback clock: show a file's frames at their own timestamps, without a rush to catch up after a delay."""

from __future__ import annotations

LONGEST_WAIT_S = 5.0  # of a file's own time, for one frame: a longer gap in the timestamps is skipped
LONGEST_DELAY_S = 0.25  # after a longer delay the clock restarts instead of catching up


class PlaybackClock:
    """Converts a file's timestamps to times to show its frames. Called from one thread.

    Args:
        speed: playback speed relative to the file's own timestamps, above 0.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._offset_s: float | None = None
        self._last_s = 0.0

    def due_s(self, pts_s: float, now_s: float) -> float:
        """Return the time to show a frame.

        Args:
            pts_s: its timestamp in the stream, in seconds.
            now_s: the clock, in seconds.

        Returns:
            A time on the clock of ``now_s``; ``now_s`` or earlier for a frame that is late.
        """
        at_s, longest_s = pts_s / self._speed, LONGEST_WAIT_S / min(1.0, self._speed)
        late_s = None if self._offset_s is None else now_s - (at_s + self._offset_s)
        if self._offset_s is None or late_s is None or not -longest_s <= late_s <= LONGEST_DELAY_S:
            self._offset_s = now_s - at_s
        self._last_s = at_s + self._offset_s
        return self._last_s

    def begin(self, pts_s: float, now_s: float) -> None:
        """Restart the clock with a frame that is shown now and does not follow the one before."""
        self._offset_s, self._last_s = now_s - pts_s / self._speed, now_s

    def end_s(self, frame_s: float) -> float:
        """Return when the last frame's time is over, on the clock of ``due_s``; ``frame_s`` is its duration in the file."""
        return self._last_s + min(frame_s, LONGEST_WAIT_S) / self._speed

    def forget(self) -> None:
        """Make the next frame due at once, after a pause or a jump."""
        self._offset_s = None
