"""The thread that reads the source, from opening it to giving it back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from heatcam.frames import Frame
from heatcam.live.frame_queue import FrameQueue
from heatcam.sources import Source

STOP_S = 0.8  # a read that takes longer to come back is left behind, in a thread that dies with the process
_FILE_AHEAD = 2  # frames of a file that are decoded while one is explained


@dataclass(frozen=True)
class FilmOptions:
    """How a file plays; of what is live nothing of it counts.

    Attributes:
        start_s: where it begins, and begins again, in seconds from its own beginning.
        loop: begin again at its end.
        speed: how much faster than its own times it plays.
    """

    start_s: float = 0.0
    loop: bool = False
    speed: float = 1.0


@dataclass(frozen=True)
class Stretch:
    """A part of the source in which each frame follows the one before.

    Attributes:
        seeks: how many seeks had been asked for when it was read.
        laps: how often the source had begun again.
    """

    seeks: int = 0
    laps: int = 0


FIRST_STRETCH = Stretch()


@dataclass(frozen=True)
class Captured:
    """A frame that was read.

    Attributes:
        frame: the picture.
        stretch: what it belongs to.
    """

    frame: Frame
    stretch: Stretch = FIRST_STRETCH


@dataclass(frozen=True)
class End:
    """The mark behind the last frame of a source that can be sought in: it may go on from elsewhere.

    Attributes:
        stretch: what ended.
    """

    stretch: Stretch = FIRST_STRETCH


class CaptureThread:
    """Reads one source in a thread of its own and lays its frames on ``frames``.

    What goes wrong in the thread is kept in ``failure`` for the thread that shows it.

    Args:
        source: not entered yet.
        film: how a file plays.
        realtime: let frames of a file go at their own times, and lose those that nobody takes.
        on_open: called in the thread, once the source is open.
    """

    def __init__(
        self,
        source: Source,
        film: FilmOptions | None = None,
        *,
        realtime: bool = False,
        on_open: Callable[[Source], None] | None = None,
    ) -> None:
        self.source = source
        self.film = film or FilmOptions()
        self._on_open = on_open or (lambda _: None)
        self.drops = source.is_live or realtime
        self.frames: FrameQueue[Captured | End] = FrameQueue(
            1 if self.drops else _FILE_AHEAD, drops=self.drops
        )
        self.frames_read = 0
        #: Width and height of the first frame in pixels; None before it.
        self.first_wh: tuple[int, int] | None = None
        self.failure: BaseException | None = None
        self._paced = realtime and not source.is_live
        self._offset_s: float | None = None
        self._lock = threading.Lock()
        self._seeks = self._laps = 0
        self._to_s: float | None = None
        self._woken = threading.Event()
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

    def begin_to_count(self, *, paused: bool) -> None:
        """From now on frames are explained: what a camera gave before counts neither as read nor as lost."""
        if self.source.is_live:
            self.frames_read = 0
        self.pause(paused)

    def seek(self, to_s: float) -> int:
        """Go to ``to_s`` seconds, of a source that can; what was read before and not taken is gone.

        Returns:
            How many seeks were asked for by now, this one included: frames of another ``Stretch.seeks`` are older.
        """
        with self._lock:
            self._to_s, self._seeks = to_s, self._seeks + 1
            self._woken.set()
            seeks = self._seeks
        self.frames.clear()
        return seeks

    @property
    def dropped(self) -> int:
        """Frames lost because what follows was slow: the source's own and ours."""
        return self.source.dropped + self.frames.dropped

    def stop(self) -> bool:
        """End the thread; whether it did end. A blocked read is left behind after ``STOP_S``."""
        self._stopping.set()
        self._woken.set()
        self.frames.abandon()
        if self._thread.is_alive():
            self.source.close()  # wakes an iterator that waits for a camera
        if self._thread.ident is not None:
            self._thread.join(STOP_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            with self.source:
                self._on_open(self.source)
                while (ended := self._read()) is not None and self._goes_on_behind(ended):
                    pass
        except BaseException as error:  # noqa: BLE001 (kept; raised in the thread that shows)
            if not self._stopping.is_set():
                self.failure = error
        finally:
            self.frames.finish()

    def _read(self) -> Stretch | None:
        """One pass over the source; the stretch that ended with it, None when nobody wants more."""
        frames = iter(self.source)
        while True:
            stretch = self._go_where_asked()
            frame = next(frames, None)
            if frame is None:
                return stretch
            self.frames_read += 1
            self.first_wh = self.first_wh or frame.size_wh
            self._wait_until_due(frame, stretch)
            if self._stopping.is_set():
                return None
            if stretch.seeks == self._seeks and not self.frames.put(Captured(frame, stretch)):
                return None

    def _goes_on_behind(self, ended: Stretch) -> bool:
        """Begin again, or wait for a seek; False where that was all, or nobody wants more."""
        if self.film.loop and self.source.frame_count != 1 and self.frames_read:
            self.source.seek(self.film.start_s)
            self._laps, self._offset_s = self._laps + 1, None
        elif self.source.can_seek and not self.source.is_live:
            self.frames.put(End(ended), waits=True)
            self._woken.wait()
        else:
            return False
        return not self._stopping.is_set()

    def _go_where_asked(self) -> Stretch:
        """Pass a seek on to the source, which reads in this thread; what is read next belongs to the stretch."""
        with self._lock:
            to_s, self._to_s = self._to_s, None
            if to_s is not None:
                self.source.seek(to_s)
                self._offset_s = None
                if not self._stopping.is_set():
                    self._woken.clear()
            return Stretch(self._seeks, self._laps)

    def _wait_until_due(self, frame: Frame, stretch: Stretch) -> None:
        """Keep a file's own times, where they are kept here; the first frame of a stretch goes at once, also while paused."""
        if not self._paced:
            return
        at_s = frame.pts_s / self.film.speed
        if self._offset_s is None:
            self._offset_s = time.monotonic() - at_s
            return
        self._offset_s += self._paused_s(stretch)
        self._woken.wait(max(0.0, self._offset_s + at_s - time.monotonic()))

    def _paused_s(self, stretch: Stretch) -> float:
        """Waits while the picture stands still; how long that was, in seconds."""
        begun_s = time.monotonic()
        while not self._goes_on.wait(0.05) and not self._stopping.is_set() and stretch.seeks == self._seeks:
            pass
        return time.monotonic() - begun_s
