"""Decoding of pictures from requests, in processes that can be killed: no picture can take longer, or more memory, than it may.

A process takes half a second to start, so two are kept. Each is replaced after many pictures, or when one ended it.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from typing import Any

import numpy as np

from heatcam.geometry import Uint8Array
from heatcam.web.decoding_child import ANSWER, JOB, PICTURE, READY, UNKNOWN
from heatcam.web.problems import Problem
from heatcam.web.settings import UploadLimits
from heatcam.web.worker import Worker

# The child gets this process's import path, however that was started; -m would put the current folder first.
_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from heatcam.web.decoding_child import main; main()"
_PROCESSES = 2
_MOST_PICTURES = 200  # of one process, so that its memory does not grow
_START_S = 60.0
_LATER_S = 0.5  # after which the child ends itself, if this process is there no more


class PictureDecoders:
    """Decodes pictures from strangers, two at a time.

    Args:
        limits: of pixels and seconds.
    """

    def __init__(self, limits: UploadLimits) -> None:
        self._limits = limits
        self._worker = Worker("heatcam decoding", _PROCESSES)
        self._idle: queue.LifoQueue[_Decoder] = queue.LifoQueue()

    async def decode(self, data: bytes) -> Uint8Array:
        """Decode a picture file's bytes as ``heatcam snapshot`` reads it: uint8 ``(H, W, 3)``, BGR, upright, over white.

        Raises:
            Problem: 415 for what is no picture, 422 for one that is damaged, has too many pixels, or takes too long.
        """
        return await self._worker.run(lambda: self._decoded(data))

    def close(self) -> None:
        """End the processes that have nothing to do; the others end with this one."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()

    def _decoded(self, data: bytes) -> Uint8Array:
        decoder = self._any()
        try:
            image = decoder.decode(data, self._limits.most_pixels, self._limits.decoding_s)
        finally:
            if decoder.is_alive and decoder.pictures < _MOST_PICTURES:
                self._idle.put(decoder)
            else:
                decoder.close()
        return image

    def _any(self) -> _Decoder:
        """Return a process that has nothing to do, a new one if need be."""
        with contextlib.suppress(queue.Empty):
            while True:
                if (decoder := self._idle.get_nowait()).is_alive:
                    return decoder
                decoder.close()
        return _Decoder()


class _Decoder:
    """One process. Used by one thread at a time.

    Attributes:
        pictures: number of pictures that it was given.

    Raises:
        Problem: 503, it cannot be started.
    """

    def __init__(self) -> None:
        self.pictures = 0
        self._child = _started()
        assert self._child.stdin is not None and self._child.stdout is not None
        self._jobs, self._answers = self._child.stdin, self._child.stdout
        with self._killed_after(_START_S):
            if self._header()[0] != READY:
                self.close()
                raise Problem(503, "the process that decodes pictures cannot be started; see the log", 10)

    @property
    def is_alive(self) -> bool:
        """True while it can be given pictures."""
        return self._child.poll() is None

    def decode(self, data: bytes, most_pixels: int, within_s: float) -> Uint8Array:
        """Decode one picture; afterwards the process may be gone.

        Raises:
            Problem: see ``PictureDecoders.decode``.
        """
        self.pictures += 1
        with self._killed_after(within_s) as is_late:
            with contextlib.suppress(OSError):  # (then there is no answer either)
                for part in (JOB.pack(most_pixels, within_s + _LATER_S, len(data)), data):
                    left = memoryview(part)
                    while left:
                        left = left[self._jobs.write(left) :]
            kind, width, height, length = self._header()
            body = np.empty(length, np.uint8)
            is_whole = bool(kind) and self._fill(body)
        if is_late():
            self.close()
            raise Problem(422, f"the upload takes more than {within_s:g} s to decode; scale it down first")
        if not is_whole:
            self.close()
            raise Problem(422, "the upload cannot be decoded (it ended its decoder); export it again")
        if kind == PICTURE:
            return body.reshape(height, width, 3)
        problem, next_step = json.loads(body.tobytes())
        raise Problem(415 if kind == UNKNOWN else 422, f"{problem}; {next_step}")

    def close(self) -> None:
        """Kill the process; it has nothing to finish."""
        self._child.kill()
        for pipe in (self._jobs, self._answers):
            with contextlib.suppress(OSError):
                pipe.close()
        self._child.wait()

    @contextlib.contextmanager
    def _killed_after(self, seconds: float) -> Any:
        """Kill the process if what is done within takes longer; gives a function that tells if it was."""
        late = threading.Event()

        def end() -> None:
            late.set()
            self._child.kill()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield late.is_set
        finally:
            timer.cancel()

    def _header(self) -> tuple[bytes, int, int, int]:
        """Read the header of an answer; its kind is empty if there is none."""
        data = bytearray(ANSWER.size)
        return ANSWER.unpack(data) if self._fill(data) else (b"", 0, 0, 0)

    def _fill(self, buffer: Any) -> bool:
        """Fill a buffer from the pipe; False if that ends before."""
        view = memoryview(buffer)
        while view:
            got = self._answers.readinto(view)  # type: ignore[attr-defined]
            if not got:
                return False
            view = view[got:]
        return True


def _started() -> subprocess.Popen[bytes]:
    """Start a child, out of reach of this terminal's Ctrl-C."""
    return subprocess.Popen(
        [sys.executable, "-c", _START, json.dumps(sys.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        start_new_session=os.name == "posix",
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )
