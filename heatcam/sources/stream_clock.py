"""Presentation times of live frames: by the stream's own clock if it is plausible, else by the time of arrival.

FFmpeg stamps MJPEG over HTTP as if it came at 25 frames per second whatever its rate (measured: 10 per second are stamped
40 ms apart), and cheap cameras' clocks jump. So a stream's clock is trusted only while it rises and agrees with our own. OpenCV
gives the first two frames of an RTSP stream the same time: up to two frames in a row may have no later time.
"""

from __future__ import annotations

_TOLERANCE_S = 3.0  # a server that sends its last group of pictures at once starts that far ahead
_SMALLEST_STEP_S = 0.001
_STANDS_FORGIVEN = 2


class StreamClock:
    """Clock of one connection's presentation times, strictly rising. Used from one thread.

    Args:
        start_s: the presentation time of its first frame, in seconds.
    """

    def __init__(self, start_s: float = 0.0) -> None:
        self._last_s = start_s
        self._last_arrived_s: float | None = None
        self._stream_last_s: float | None = None
        self._believed = True
        self._stands = 0  # frames in a row at which the stream's clock did not rise
        self._ahead_s = 0.0  # lead of the stream's clock over ours since the first frame

    def time_of(self, stream_s: float | None, arrived_s: float) -> float:
        """Return the presentation time of the next frame, in seconds.

        Args:
            stream_s: the stream's timestamp, in seconds from an arbitrary origin; None if it has none.
            arrived_s: ``time.monotonic()`` when the frame arrived.
        """
        if self._last_arrived_s is not None:
            self._last_s += max(self._step_s(stream_s, arrived_s - self._last_arrived_s), _SMALLEST_STEP_S)
        self._stream_last_s, self._last_arrived_s = stream_s, arrived_s
        return self._last_s

    def _step_s(self, stream_s: float | None, arrival_step_s: float) -> float:
        """Return the seconds since the frame before; by arrival for good once the stream's clock was implausible."""
        if not self._believed or stream_s is None or self._stream_last_s is None:
            self._believed = False
            return arrival_step_s
        step_s = stream_s - self._stream_last_s
        self._ahead_s += step_s - arrival_step_s
        self._stands = 0 if step_s > 0 else self._stands + 1
        self._believed = self._stands <= _STANDS_FORGIVEN and abs(self._ahead_s) <= _TOLERANCE_S
        return step_s if self._believed and step_s > 0 else arrival_step_s
