"""Main program of the encoder process: reads raw frames from standard input and writes a video file.

Why a process: PyAV imported beside cv2 makes the first ``imshow`` hang for ever, and frames that were handed over must survive
the main process. So this one ignores Ctrl-C, and finishes its file when the pipe closes, for whatever reason.

The pipe carries one line of JSON (``EncodeJob``), then for each frame its time as a little-endian double, in seconds, and its
``height * width * 3`` bytes of BGR. The answer, one line of JSON (``Outcome``), goes to standard output at the end.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import queue
import signal
import struct
import sys
import threading
from collections.abc import Iterator
from typing import BinaryIO, Protocol

import numpy as np
import numpy.typing as npt

from heatcam.errors import HeatcamError, reason_of
from heatcam.sinks.recording.codecs import held_frames
from heatcam.sinks.recording.messages import EncodeJob, Outcome, job_from, to_line

_QUEUE_BYTES = 48 << 20  # frames waiting for the encoder; beyond that the pipe blocks the sender
_PIPE_BYTES = 1 << 20  # Linux' default of 64 KiB costs 42 wake-ups for each frame of 1280x720

TimedFrame = tuple[float, npt.NDArray[np.uint8]]


class FrameFile(Protocol):
    """File, or files, that frames are written to."""

    frames: int

    @property
    def note(self) -> str:
        """Note for the user, or ""."""
        ...

    def write(self, pts_s: float, image_bgr: npt.NDArray[np.uint8]) -> None:
        """Write the next frame, uint8 ``(H, W, 3)`` BGR, at its time in seconds."""
        ...

    def finish(self) -> None:
        """Finish the file after the last frame."""
        ...


def read_frames(pipe: BinaryIO, job: EncodeJob) -> Iterator[TimedFrame]:
    """Yield the frames on the pipe until it closes; a truncated one is left out."""
    while True:
        stamp = _read_exactly(pipe, 8)
        raw = _read_exactly(pipe, job.frame_bytes) if stamp is not None else None
        if stamp is None or raw is None:
            return
        image = np.frombuffer(raw, np.uint8).reshape(job.size_wh[1], job.size_wh[0], 3)
        yield struct.unpack("<d", stamp)[0], image


def _read_exactly(pipe: BinaryIO, count: int) -> bytearray | None:
    data = bytearray(count)
    view = memoryview(data)
    while view:
        got = pipe.readinto(view)  # type: ignore[attr-defined]
        if not got:
            return None
        view = view[got:]
    return data


def _read_ahead(frames: Iterator[TimedFrame], waiting: queue.Queue[TimedFrame | None]) -> None:
    """Take frames off the pipe while the encoder works, then put None; runs in a thread."""
    for frame in frames:
        waiting.put(frame)
    waiting.put(None)


def _queued(frames: Iterator[TimedFrame], job: EncodeJob) -> Iterator[TimedFrame]:
    room = max(1, min(held_frames(job.rate), _QUEUE_BYTES // job.frame_bytes))
    waiting: queue.Queue[TimedFrame | None] = queue.Queue(room)
    threading.Thread(target=_read_ahead, args=(frames, waiting), daemon=True).start()
    while (frame := waiting.get()) is not None:
        yield frame


def record(frames: Iterator[TimedFrame], job: EncodeJob) -> Outcome:
    """Write ``frames`` to ``job.path``. On an error the file stays as it is: playable up to the last complete fragment."""
    made: FrameFile | None = None
    try:
        made = _writer_of(job)
        for pts_s, image in frames:
            made.write(pts_s, image)
        if made.frames:
            made.finish()
    except HeatcamError as error:
        return Outcome(made.frames if made else 0, error.problem)
    except (OSError, ValueError, MemoryError) as error:
        return Outcome(made.frames if made else 0, reason_of(error), made.note if made else "")
    return Outcome(made.frames, "", made.note)


def _writer_of(job: EncodeJob) -> FrameFile:
    writer = importlib.import_module(f"heatcam.sinks.encoder.{job.writer}")
    opened: FrameFile = writer.open_writer(job)
    return opened


def _ignore_signals() -> None:
    """Ignore Ctrl-C and termination signals: the main process handles them and closes the pipe, or dies and so closes it."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def _set_width(pipe: BinaryIO, job: EncodeJob) -> None:
    """Set the pipe's capacity to one frame, up to a limit: less costs many wake-ups, more would hold many small frames back."""
    if sys.platform == "linux":
        import fcntl  # noqa: PLC0415 (not there on Windows)

        with contextlib.suppress(OSError):  # above the system's limit: the pipe stays as it is, only slower
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, min(_PIPE_BYTES, job.frame_bytes))


def main() -> None:
    """Read the job and its frames from standard input, write the file, answer on standard output, end the process."""
    _ignore_signals()
    os.environ.setdefault(
        "SVT_LOG", "1"
    )  # else SVT-AV1 logs to standard error, whose last line should be the reason of a failure
    pipe = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115 (unbuffered: a thread may hang in it at the end)
    line = bytearray()
    while not line.endswith(b"\n"):
        line += pipe.read(1) or b"\n"
    job = job_from(line)
    _set_width(pipe, job)
    outcome = record(_queued(read_frames(pipe, job), job), job)
    os.write(1, to_line(outcome))
    sys.exit(1 if outcome.error else 0)
