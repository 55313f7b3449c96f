"""Main program of a process that decodes pictures from strangers: bytes come in, pixels or a reason go out.

It reads the sources' decoder and nothing else of heatcam. Whoever started it may kill it at any time.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import struct
import sys
from typing import Any

#: Of a job: pixels at most, seconds at most, and the number of bytes of the picture, which follow.
JOB = struct.Struct("<QdQ")
#: Of an answer: its kind, width and height of the picture, and the number of bytes that follow.
ANSWER = struct.Struct("<cIIQ")
#: Kinds of answers: ready for jobs; a picture (uint8 ``(H, W, 3)`` BGR follows); a format that cannot be read, or a picture that
#: cannot, with problem and next step as JSON.
READY, PICTURE, UNKNOWN, UNREADABLE = b"R", b"P", b"U", b"X"

MOST_BYTES = (
    3 << 30
)  # of memory: the largest picture that is decoded at all takes 1 GiB; the libraries the rest
_PIPE_BYTES = 1 << 20
_NAME = "the upload"


def main() -> None:
    """Decode picture after picture until standard input is closed."""
    for name in ("SIGINT", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)  # the main process decides
    jobs, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # (what a library may print is no answer)
    _limit_memory()
    _widen(answers.fileno())
    import cv2  # noqa: PLC0415 (half a second, before the first job)

    from heatcam.sources import decode_picture  # noqa: PLC0415, F401

    cv2.setNumThreads(1)
    _send(answers, ANSWER.pack(READY, 0, 0, 0))
    while len(head := jobs.read(JOB.size)) == JOB.size:
        most_pixels, within_s, length = JOB.unpack(head)
        data = jobs.read(length)
        with _ended_after(within_s):
            header, body = _answer(data, most_pixels)
        del data
        _send(answers, header)
        _send(answers, body)


def _answer(data: bytes, most_pixels: int) -> tuple[bytes, Any]:
    """Return the header of the answer and what follows it."""
    from heatcam.errors import UnreadableInputError  # noqa: PLC0415
    from heatcam.sources import NotAPictureError, decode_picture  # noqa: PLC0415

    try:
        image = decode_picture(data, _NAME, most_pixels)
    except UnreadableInputError as error:
        kind = UNKNOWN if isinstance(error, NotAPictureError) else UNREADABLE
        words = json.dumps([error.problem, error.next_step]).encode()
        return ANSWER.pack(kind, 0, 0, len(words)), words
    height, width = image.shape[:2]
    return ANSWER.pack(PICTURE, width, height, image.nbytes), image.data.cast("B")


def _send(answers: Any, data: Any) -> None:
    left = memoryview(data)
    while left:
        left = left[answers.write(left) :]


@contextlib.contextmanager
def _ended_after(seconds: float) -> Any:
    """End this process by a signal if what is done within takes longer, so that it does not outlive who started it."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _limit_memory() -> None:
    """Limit the memory of this process, where the system can."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415 (not there on Windows)

        resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))


def _widen(descriptor: int) -> None:
    """Enlarge a pipe: Linux' default of 64 KiB costs many wake-ups for each picture."""
    if sys.platform == "linux":
        import fcntl  # noqa: PLC0415 (not there on Windows)

        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
