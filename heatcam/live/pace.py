"""When the next frame of a file is due: at its own time, and never in a hurry to make up for lost ones."""

from __future__ import annotations

LONGEST_WAIT_S = 5.0  # for one frame: a gap in the times that is longer is jumped over
PATIENCE_S = 0.25  # later than that, time starts anew instead of being caught up with


class Pace:
    """Turns the times that a file gives its frames into times to show them. Called from one thread."""

    def __init__(self) -> None:
        self._offset_s: float | None = None

    def due_s(self, pts_s: float, now_s: float) -> float:
        """When a frame is to be shown.

        Args:
            pts_s: its time in the stream, in seconds.
            now_s: the clock, in seconds.

        Returns:
            A time on the clock of ``now_s``; ``now_s`` or earlier for a frame that is late.
        """
        late_s = None if self._offset_s is None else now_s - (pts_s + self._offset_s)
        if self._offset_s is None or late_s is None or not -LONGEST_WAIT_S <= late_s <= PATIENCE_S:
            self._offset_s = now_s - pts_s
        return pts_s + self._offset_s

    def forget(self) -> None:
        """The next frame is due at once: after a pause."""
        self._offset_s = None
