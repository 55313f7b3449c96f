"""The thread that reads the source, from opening it to giving it back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from heatcam.frames import Frame
from heatcam.live.belt import Belt
from heatcam.sources.base import Source

STOP_S = 0.8  # a read that takes longer to come back is left behind, in a thread that dies with the process
_FILE_AHEAD = 2  # frames of a file that are decoded while one is explained


class Capture:
    """Reads one source in a thread of its own and lays its frames on ``frames``.

    What goes wrong in the thread is kept in ``failure`` for the thread that shows it.

    Args:
        source: not entered yet.
        realtime: let frames of a file go at their own times, and lose those that nobody takes.
        on_open: called in the thread, once the source is open.
    """

    def __init__(
        self, source: Source, *, realtime: bool = False, on_open: Callable[[Source], None] | None = None
    ) -> None:
        self.source = source
        self._on_open = on_open or (lambda _: None)
        self.drops = source.is_live or realtime
        self.frames: Belt[Frame] = Belt(1 if self.drops else _FILE_AHEAD, drops=self.drops)
        self.frames_read = 0
        self.failure: BaseException | None = None
        self._paced = realtime and not source.is_live
        self._stopping = threading.Event()
        self._goes_on = threading.Event()
        self._goes_on.set()
        self._thread = threading.Thread(target=self._run, name="heatcam capture", daemon=True)

    def start(self) -> None:
        """Begin to open and read."""
        self._thread.start()

    def pause(self, paused: bool) -> None:
        """Let a file that keeps its own times stand still, or go on; what a camera gives meanwhile counts as no loss."""
        self.frames.counts = not paused
        if paused:
            self._goes_on.clear()
        else:
            self._goes_on.set()

    @property
    def dropped(self) -> int:
        """Frames lost because what follows was slow: the source's own and ours."""
        return self.source.dropped + self.frames.dropped

    def stop(self) -> bool:
        """End the thread; whether it did end. A blocked read is left behind after ``STOP_S``."""
        self._stopping.set()
        self.frames.abandon()
        if self.source.is_live and self._thread.is_alive():
            self.source.__exit__(None, None, None)  # wakes an iterator that waits for a camera
        if self._thread.ident is not None:
            self._thread.join(STOP_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            with self.source:
                self._on_open(self.source)
                self._read()
        except BaseException as error:  # noqa: BLE001 (kept; raised in the thread that shows)
            if not self._stopping.is_set():
                self.failure = error
        finally:
            self.frames.finish()

    def _paused_s(self) -> float:
        """Waits while the picture stands still; how long that was, in seconds."""
        begun_s = time.monotonic()
        while not self._goes_on.wait(0.05) and not self._stopping.is_set():
            pass
        return time.monotonic() - begun_s

    def _read(self) -> None:
        started_s: float | None = None
        for frame in self.source:
            self.frames_read += 1
            if self._paced:
                started_s = time.monotonic() - frame.pts_s if started_s is None else started_s
                started_s += self._paused_s()
                self._stopping.wait(max(0.0, started_s + frame.pts_s - time.monotonic()))
            if self._stopping.is_set() or not self.frames.put(frame):
                return
