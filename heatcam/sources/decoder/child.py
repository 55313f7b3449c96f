"""Main program of the decoder process: reads a job and seeks from standard input, and writes frames to standard output.

It has two threads beside the one that decodes: one reads seeks, and ends the process when its input is closed; one writes, so
that the next frame is decoded while the one before goes through the pipe.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import sys
import threading
from contextlib import closing
from typing import BinaryIO

from heatcam.errors import HeatcamError, reason_of
from heatcam.sources.decoder.film import Film, ShownFrame
from heatcam.sources.decoder_messages import END, FACTS, FAILURE, FRAME, DecodeJob, Header

_AHEAD = 2  # frames decoded and not yet in the pipe
_PIPE_BYTES = 1 << 20

Message = tuple[Header, memoryview]
_NOTHING = memoryview(b"")


class Orders:
    """Requested seeks, read in a thread of its own.

    Attributes:
        generation: number of the last seek.
    """

    def __init__(self, lines: BinaryIO) -> None:
        self.generation = 0
        self._to_s: float | None = None
        self._changed = threading.Condition()
        self._lines = lines
        threading.Thread(target=self._drain_messages, daemon=True).start()

    def take(self) -> tuple[float, int]:
        """Wait for a seek that was not taken yet; return its target in seconds, and its number."""
        with self._changed:
            self._changed.wait_for(lambda: self._to_s is not None)
            to_s, self._to_s = self._to_s or 0.0, None
            return to_s, self.generation

    @property
    def waiting(self) -> bool:
        """True if there is a seek to take."""
        return self._to_s is not None

    def _drain_messages(self) -> None:
        for line in iter(self._lines.readline, b""):
            order = json.loads(line)
            with self._changed:
                self.generation, self._to_s = order["generation"], float(order["seek"])
                self._changed.notify_all()
        os._exit(0)  # the main process has gone; ends this one even if decoding hangs in a read


class Outlet:
    """Writes messages to a pipe in a thread of its own, with a short queue."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: queue.Queue[Message] = queue.Queue(_AHEAD)
        threading.Thread(target=self._write, daemon=True).start()

    def put(self, header: Header, body: memoryview = _NOTHING) -> None:
        """Queue a message; waits while the reader is slow."""
        self._waiting.put((header, body))

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                header, body = self._waiting.get()
                for part in (memoryview(header.packed()), body):
                    left = part
                    while left:
                        left = left[os.write(self._descriptor, left) :]
        os._exit(0)  # the reader has gone


def serve(job: DecodeJob, orders: Orders, outlet: Outlet) -> None:
    """Send the video's facts, then after each seek the frames from there on; never returns."""
    try:
        film = Film(job)
        facts = film.facts.encoded()
        outlet.put(Header(FACTS, length=len(facts)), memoryview(facts))
        while True:
            from_s, generation = orders.take()
            with closing(film.frames(from_s)) as frames:
                for shown in frames:
                    _send(shown, generation, outlet)
                    if orders.waiting:
                        break
                else:
                    outlet.put(Header(END, generation))
    except HeatcamError as error:
        _fail(error.problem, orders, outlet)
    except Exception as error:  # noqa: BLE001 (FFmpeg has many kinds; sent to the main process, which raises it)
        _fail(reason_of(error), orders, outlet)


def _send(shown: ShownFrame, generation: int, outlet: Outlet) -> None:
    height, width = shown.picture.shape[:2]
    body = shown.picture.data.cast("B")
    outlet.put(Header(FRAME, generation, (width, height), shown.pts_s, len(body)), body)


def _fail(reason: str, orders: Orders, outlet: Outlet) -> None:
    words = reason.encode("utf-8", "replace")
    outlet.put(Header(FAILURE, orders.generation, length=len(words)), memoryview(words))
    threading.Event().wait()  # until the other end has read it and closes


def main() -> None:
    """Read the job from standard input and serve frames until a pipe is closed."""
    for name in ("SIGINT", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)  # the main process decides
    pipe = sys.stdin.buffer
    job = DecodeJob.of(pipe.readline())
    _widen(1)
    serve(job, Orders(pipe), Outlet(1))


def _widen(descriptor: int) -> None:
    """Enlarge a pipe: Linux' default of 64 KiB costs many wake-ups for each frame."""
    if sys.platform == "linux":
        import fcntl  # noqa: PLC0415 (not there on Windows)

        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
