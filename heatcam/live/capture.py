"""Capture thread: opens the source, reads its frames and releases it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from heatcam.frames import Frame
from heatcam.runtime import FrameQueue, WhenFull
from heatcam.sources import Source

STOP_S = 0.8  # a read that takes longer to return is abandoned, in a thread that dies with the process
_FILE_AHEAD = 2  # frames of a file that are decoded while one is explained


@dataclass(frozen=True)
class FilmOptions:
    """Playback settings of a file; live sources ignore them.

    Attributes:
        start_s: start position, also of each loop, in seconds from the beginning of the file.
        loop: restart at the end.
        speed: playback speed relative to the file's own timestamps.
    """

    start_s: float = 0.0
    loop: bool = False
    speed: float = 1.0


@dataclass(frozen=True)
class Stretch:
    """Part of the source in which each frame follows the one before.

    Attributes:
        seeks: number of seeks requested before it was read.
        laps: number of loops finished before it was read.
    """

    seeks: int = 0
    laps: int = 0


FIRST_STRETCH = Stretch()


@dataclass(frozen=True)
class Captured:
    """Frame that was read.

    Attributes:
        frame: the picture.
        stretch: the stretch it belongs to.
    """

    frame: Frame
    stretch: Stretch = FIRST_STRETCH


@dataclass(frozen=True)
class End:
    """End marker after the last frame of a seekable source, which may continue from elsewhere after a seek.

    Attributes:
        stretch: the stretch that ended.
    """

    stretch: Stretch = FIRST_STRETCH


class CaptureThread:
    """Reads one source in a thread of its own and puts its frames into ``frames``.

    An exception in the thread is kept in ``failure`` for the display thread.

    Args:
        source: the source, not entered yet.
        film: playback settings of a file.
        realtime: read a file at its own timestamps, and drop frames that are not taken in time.
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
        self.frames: FrameQueue[Captured | End] = (
            FrameQueue(1, WhenFull.DROP_OLDEST) if self.drops else FrameQueue(_FILE_AHEAD, WhenFull.WAIT)
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
        """Start to open and read."""
        self._thread.start()

    def pause(self, paused: bool) -> None:
        """Pause or resume a file that is read in real time; frames that a camera drops while paused are not counted."""
        self.frames.counts = not paused
        if paused:
            self._goes_on.clear()
        else:
            self._goes_on.set()

    def begin_to_count(self, *, paused: bool) -> None:
        """Start to count now that frames are explained: frames that a camera gave before count neither as read nor as lost."""
        if self.source.is_live:
            self.frames_read = 0
        self.pause(paused)

    def seek(self, to_s: float) -> int:
        """Seek to ``to_s`` seconds in a seekable source; frames that were read before and not taken are discarded.

        Returns:
            The number of seeks requested so far, this one included: frames with another ``Stretch.seeks`` are older.
        """
        with self._lock:
            self._to_s, self._seeks = to_s, self._seeks + 1
            self._woken.set()
            seeks = self._seeks
        self.frames.clear()
        return seeks

    @property
    def dropped(self) -> int:
        """Number of frames dropped because a later stage was slow: by the source and by ``frames``."""
        return self.source.dropped + self.frames.dropped

    def stop(self) -> bool:
        """Stop the thread and return True if it ended. A blocked read is abandoned after ``STOP_S``."""
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
        except BaseException as error:  # noqa: BLE001 (kept; raised in the display thread)
            if not self._stopping.is_set():
                self.failure = error
        finally:
            self.frames.finish()

    def _read(self) -> Stretch | None:
        """Read the source to its end and return the stretch that ended; None if the thread was stopped."""
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
        """Restart at the end, or wait for a seek; return False if there is nothing more to read or the thread was stopped."""
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
        """Pass a requested seek on to the source in this, the reading thread; return the stretch of the next frame."""
        with self._lock:
            to_s, self._to_s = self._to_s, None
            if to_s is not None:
                self.source.seek(to_s)
                self._offset_s = None
                if not self._stopping.is_set():
                    self._woken.clear()
            return Stretch(self._seeks, self._laps)

    def _wait_until_due(self, frame: Frame, stretch: Stretch) -> None:
        """Wait for a file's own timestamp if it is read in real time; the first frame of a stretch goes at once, also paused."""
        if not self._paced:
            return
        at_s = frame.pts_s / self.film.speed
        if self._offset_s is None:
            self._offset_s = time.monotonic() - at_s
            return
        self._offset_s += self._paused_s(stretch)
        self._woken.wait(max(0.0, self._offset_s + at_s - time.monotonic()))

    def _paused_s(self, stretch: Stretch) -> float:
        """Wait while paused, and return the seconds that took."""
        begun_s = time.monotonic()
        while not self._goes_on.wait(0.05) and not self._stopping.is_set() and stretch.seeks == self._seeks:
            pass
        return time.monotonic() - begun_s
