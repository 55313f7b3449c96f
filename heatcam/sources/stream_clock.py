"""When a live frame was meant to be seen: the stream's own clock where it can be believed, else the time it arrived.

FFmpeg stamps MJPEG over HTTP as if it came at 25 frames a second whatever its rate (measured: 10 a second are stamped
40 ms apart), and cheap cameras jump. So a stream's clock is believed only while it rises and keeps to our own. OpenCV gives
the first two frames of an RTSP stream the same time: standing still is forgiven twice in a row.
"""

from __future__ import annotations

_TOLERANCE_S = 3.0  # a server that sends its last group of pictures at once starts as far ahead as that
_SMALLEST_STEP_S = 0.001
_STANDS_FORGIVEN = 2


class StreamClock:
    """The presentation times of one connection, strictly rising. One thread uses it.

    Args:
        start_s: the presentation time of its first frame, in seconds.
    """

    def __init__(self, start_s: float = 0.0) -> None:
        self._last_s = start_s
        self._last_arrived_s: float | None = None
        self._stream_last_s: float | None = None
        self._believed = True
        self._stands = 0  # frames in a row at which the stream's clock did not rise
        self._ahead_s = 0.0  # how far the stream's clock has run ahead of ours since the first frame

    def time_of(self, stream_s: float | None, arrived_s: float) -> float:
        """Presentation time of the next frame, in seconds.

        Args:
            stream_s: what the stream says, in seconds from anywhere; None when it says nothing.
            arrived_s: ``time.monotonic()`` when the frame was in hand.
        """
        if self._last_arrived_s is not None:
            self._last_s += max(self._step_s(stream_s, arrived_s - self._last_arrived_s), _SMALLEST_STEP_S)
        self._stream_last_s, self._last_arrived_s = stream_s, arrived_s
        return self._last_s

    def _step_s(self, stream_s: float | None, arrival_step_s: float) -> float:
        """Seconds since the frame before; by arrival for good once the stream's clock was caught."""
        if not self._believed or stream_s is None or self._stream_last_s is None:
            self._believed = False
            return arrival_step_s
        step_s = stream_s - self._stream_last_s
        self._ahead_s += step_s - arrival_step_s
        self._stands = 0 if step_s > 0 else self._stands + 1
        self._believed = self._stands <= _STANDS_FORGIVEN and abs(self._ahead_s) <= _TOLERANCE_S
        return step_s if self._believed and step_s > 0 else arrival_step_s
