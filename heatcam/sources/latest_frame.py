"""Latest frame of a live source, between its readers and its consumer: only the newest is kept.

A consumer slower than a camera would else get frames from the driver's queue, four frames late on V4L2 and seconds late on RTSP.
So a reader overwrites the frame not yet taken; overwritten frames are counted.
"""

from __future__ import annotations

import threading
import time

from heatcam.frames import Frame
from heatcam.runtime import FrameQueue, WhenFull
from heatcam.sources.device import FALLBACK_FPS, Connection, Grab
from heatcam.sources.stream_clock import StreamClock

_GAPS_FORGIVEN = 2.5


class LatestFrame:
    """Newest frame of one connection after another; indices and times continue through all of them.

    Connections are numbered too: frames of a connection that was given up are ignored. ``changed`` guards all of it.

    Attributes:
        changed: notified whenever a frame comes, and by others on other events.
        size_wh: width and height of the frame that came last.
        fps, kind, tells_fps: as stated by the connection; see ``Connection``.
        playing_since_s: ``time.monotonic()`` at this connection's first frame; 0 before it.
        last_frame_s: ``time.monotonic()`` at the last frame of any connection.
    """

    def __init__(self, name: str) -> None:
        self.changed = threading.Condition()
        self.size_wh = (0, 0)
        self.fps = FALLBACK_FPS
        self.kind = ""
        self.tells_fps = False
        self.playing_since_s = self.last_frame_s = 0.0
        self._name = name
        self._frames: FrameQueue[Frame] = FrameQueue(1, WhenFull.DROP_OLDEST, changed=self.changed)
        self._connection = 0
        self._next_index = 0
        self._first_frame_s = self._last_pts_s = self._usual_gap_s = 0.0
        self._clock = StreamClock()

    @property
    def last_pts_s(self) -> float:
        """Presentation time of the last frame of any connection, in seconds."""
        return self._last_pts_s

    @property
    def is_waiting(self) -> bool:
        """True if there is a frame that was not taken yet."""
        return self._frames.peek() is not None

    @property
    def dropped(self) -> int:
        """Number of frames overwritten before they were taken."""
        return self._frames.dropped

    def expect(self) -> int:
        """Return the number of a new connection; from now on only its frames are accepted."""
        with self.changed:
            self._connection += 1
            self.playing_since_s = 0.0
            return self._connection

    def put(self, number: int, connection: Connection, grab: Grab) -> None:
        """Put a picture of connection ``number``; called in its reader's thread."""
        now_s = time.monotonic()
        with self.changed:
            if number != self._connection:
                return
            if not self.playing_since_s:
                self._begin(connection, now_s)
            else:
                self._usual_gap_s += 0.1 * (now_s - self.last_frame_s - self._usual_gap_s)
            self._last_pts_s = self._clock.time_of(grab.stream_s, now_s)
            self.size_wh = grab.image_bgr.shape[1], grab.image_bgr.shape[0]
            self._next_index += 1
            self.last_frame_s = now_s
            self._frames.put(Frame(grab.image_bgr, self._next_index - 1, now_s, self._last_pts_s, self._name))

    def take(self) -> Frame | None:
        """Take the newest frame, once; called with ``changed`` held."""
        return self._frames.take(0)

    def longest_gap_s(self, limit_s: float) -> float:
        """Return the limit for the gap between two frames, raised for slow sources (such as a picture every 5 s)."""
        return max(limit_s, _GAPS_FORGIVEN * self._usual_gap_s)

    def _begin(self, connection: Connection, now_s: float) -> None:
        """Start a connection at its first frame: its clock continues from where the one before would be now."""
        if self._next_index == 0:
            self._first_frame_s = now_s
            self._clock = StreamClock()
        else:
            self._clock = StreamClock(max(now_s - self._first_frame_s, self._last_pts_s + 1e-3))
        self.fps, self.tells_fps, self.kind = connection.fps, connection.tells_fps, connection.kind
        self._usual_gap_s = 0.0
        self.playing_since_s = now_s
