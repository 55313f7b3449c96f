"""Recorder for a thread that must not wait, such as the window's: frames that come too fast are dropped and counted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from heatcam.errors import HeatcamError, SinkError
from heatcam.geometry import Uint8Array
from heatcam.runtime import FrameQueue, WhenFull
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
        self.failure: HeatcamError | None = None
        self._finish_s = finish_s
        self._on_failure = on_failure
        waiting = max(2, min(_MOST_WAITING, _QUEUE_BYTES // (size_wh[0] * size_wh[1] * 3)))
        self._waiting: FrameQueue[tuple[Uint8Array, float]] = FrameQueue(waiting, WhenFull.DROP_NEWEST)
        self._thread = threading.Thread(target=self._run, name="live recorder", daemon=True)
        self._thread.start()

    @property
    def frames(self) -> int:
        """Number of frames handed to the encoder."""
        return self._recorder.frames_written

    @property
    def dropped(self) -> int:
        """Number of frames not taken, because too many waited or the recording had ended."""
        return self._waiting.dropped

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
        return self._waiting.put((picture, pts_s))

    def close(self) -> None:
        """Record the waiting frames, finish the file and give it its name; a second call is harmless.

        An encoder that does not finish within ``finish_s`` is killed; the file so far plays, and ``failure`` says so.
        """
        self._waiting.finish()
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
                self._write_all()
        except HeatcamError as failure:
            self._fail(failure)
        except Exception as error:  # noqa: BLE001 (no thread may die in silence: ``failure`` tells its reader)
            self._fail(SinkError(f"recording {self.path} failed ({error})"))

    def _write_all(self) -> None:
        """Write each frame until the end; check meanwhile that the file still exists: a source may give nothing for long.

        Raises:
            SinkError: the file was deleted or moved, or cannot be written.
        """
        while not self._waiting.exhausted:
            taken = self._waiting.take(_LOOK_S)
            if taken is not None:
                self._recorder.write(*taken)
            elif not self._waiting.exhausted:
                self._recorder.require_place()

    def _fail(self, failure: HeatcamError) -> None:
        """Refuse further frames and report the failure."""
        self._waiting.abandon()
        self.failure = failure
        self._on_failure()
