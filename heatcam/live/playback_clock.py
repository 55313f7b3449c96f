"""When the next frame of a file is due: at its own time, and never in a hurry to make up for lost ones."""

from __future__ import annotations

LONGEST_WAIT_S = 5.0  # of a file's own time, for one frame: a gap in the times that is longer is jumped over
LONGEST_DELAY_S = 0.25  # later than that, time starts anew instead of being caught up with


class PlaybackClock:
    """Turns the times that a file gives its frames into times to show them. Called from one thread.

    Args:
        speed: how much faster than its own times the file plays, above 0.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._offset_s: float | None = None
        self._last_s = 0.0

    def due_s(self, pts_s: float, now_s: float) -> float:
        """When a frame is to be shown.

        Args:
            pts_s: its time in the stream, in seconds.
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
        """A frame that does not follow the one before is shown now: time starts anew with it."""
        self._offset_s, self._last_s = now_s - pts_s / self._speed, now_s

    def end_s(self, frame_s: float) -> float:
        """When the last frame has had its time, on the clock of ``due_s``; ``frame_s`` is how long a frame lasts in the file."""
        return self._last_s + min(frame_s, LONGEST_WAIT_S) / self._speed

    def forget(self) -> None:
        """The next frame is due at once: after a pause or a jump."""
        self._offset_s = None
