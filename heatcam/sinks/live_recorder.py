"""Recorder for a thread that must not wait, such as the window's: frames that come too fast are dropped and counted."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from heatcam.errors import HeatcamError, SinkError
from heatcam.geometry import Uint8Array
from heatcam.sinks.recorder import Recorder, RecorderOptions

# It fills up only at the start: the encoder's process needs half a second or more before it takes the first frame.
_QUEUE_BYTES = 160 << 20
_MOST_WAITING = 64
_FINISH_S = 5.0
_LOOK_S = 1.0


class LiveRecorder:
    """``Recorder`` behind a short queue and a thread of its own.

    Everything but ``close`` returns at once, and may be called from any thread. After the start no failure of the recording is
    raised: it is kept in ``failure``, and the file so far plays.

    Args:
        path, size_wh, fps, overwrite, options: as in ``Recorder``.
        finish_s: time that ``close`` waits for the encoder, in seconds.
        on_failure: called from another thread when the recording has failed.

    Attributes:
        path: the finished file.
        frames: number of frames handed to the encoder.
        dropped: number of frames dropped because too many were waiting or the recording had failed.
        failure: the reason the recording failed, None while it has not.

    Raises:
        UsageError, SinkError, ValueError: as ``Recorder``, at the start.
    """

    def __init__(
        self,
        path: str | Path,
        size_wh: tuple[int, int],
        fps: float,
        *,
        overwrite: bool = False,
        options: RecorderOptions | None = None,
        finish_s: float = _FINISH_S,
        on_failure: Callable[[], object] = lambda: None,
    ) -> None:
        self._recorder = Recorder(path, size_wh, fps, overwrite=overwrite, options=options)
        self.path = self._recorder.path
        self.size_wh = size_wh
        self.dropped = 0
        self.failure: HeatcamError | None = None
        self._finish_s = finish_s
        self._on_failure = on_failure
        self._ended = threading.Event()
        waiting = max(2, min(_MOST_WAITING, _QUEUE_BYTES // (size_wh[0] * size_wh[1] * 3)))
        self._waiting: queue.Queue[tuple[Uint8Array, float] | None] = queue.Queue(waiting + 1)
        self._room = threading.Semaphore(waiting)  # the queue's last place is kept for None, the end
        self._thread = threading.Thread(target=self._run, name="live recorder", daemon=True)
        self._thread.start()

    @property
    def frames(self) -> int:
        """Number of frames handed to the encoder."""
        return self._recorder.frames_written

    def offer(self, picture: Uint8Array, pts_s: float) -> bool:
        """Queue a frame and return True, or drop and count it and return False; never waits.

        Args:
            picture: uint8 ``(H, W, 3)``, BGR, of ``size_wh``. Not copied: do not draw on it afterwards.
            pts_s: its presentation time, in seconds.

        Raises:
            ValueError: a picture of another size.
        """
        width, height = self.size_wh
        if picture.shape != (height, width, 3):
            raise ValueError(f"frame of shape {picture.shape} offered to a recording of {height}x{width}x3")
        if self._ended.is_set() or self.failure is not None or not self._room.acquire(blocking=False):
            self.dropped += 1
            return False
        self._waiting.put_nowait((picture, pts_s))
        return True

    def close(self) -> None:
        """Record the waiting frames, finish the file and give it its name; a second call is harmless.

        An encoder that does not finish within ``finish_s`` is killed; the file so far plays, and ``failure`` says so.
        """
        if not self._ended.is_set():
            self._ended.set()
            self._waiting.put_nowait(None)
        self._thread.join(self._finish_s)
        if self._thread.is_alive():
            self._recorder.abandon()
            self._thread.join(self._finish_s)

    def __enter__(self) -> LiveRecorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        """Pass frames from the queue to the encoder until the end or a failure (the thread's function)."""
        try:
            with self._recorder:
                while (taken := self._next()) is not None:
                    self._room.release()
                    self._recorder.write(*taken)
        except HeatcamError as failure:
            self.failure = failure
        except Exception as error:  # noqa: BLE001 (no thread may die in silence: ``failure`` tells its reader)
            self.failure = SinkError(f"recording {self.path} failed ({error})")
        if self.failure is not None:
            self._on_failure()

    def _next(self) -> tuple[Uint8Array, float] | None:
        """Wait for the next frame, and check meanwhile that the file still exists: a source may give nothing for long.

        Raises:
            SinkError: the file was deleted or moved.
        """
        while True:
            try:
                return self._waiting.get(timeout=_LOOK_S)
            except queue.Empty:
                self._recorder.require_place()
