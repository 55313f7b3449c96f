"""The one door to ``cv2.VideoCapture``: what we use of it, opened in silence, so that tests can put a fake in its place."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import cv2

_SILENT = 0  # cv2.utils.logging.LOG_LEVEL_SILENT
_OPEN_TIMEOUT_MS = 10_000  # FFmpeg's own default is 30 s, as long as an eternity in front of a dead camera
_READ_TIMEOUT_MS = 8_000  # (of one frame, however slowly its bytes drip; a live source has moved on by then)


class Capture(Protocol):
    """What we use of ``cv2.VideoCapture``; one thread at a time."""

    def isOpened(self) -> bool:  # noqa: N802 (OpenCV's names)
        """Whether there is something to read from."""
        ...

    def read(self) -> tuple[bool, Any]:
        """The next picture as a new array, or ``(False, None)``."""
        ...

    def get(self, propId: int, /) -> float:  # noqa: N803
        """A property's value, 0 where it is unknown."""
        ...

    def set(self, propId: int, value: float, /) -> bool:  # noqa: N803
        """Ask for a property; drivers may answer True and do otherwise."""
        ...

    def release(self) -> None:
        """Give the device or file back."""
        ...


@contextmanager
def silent_opencv() -> Iterator[None]:
    """Keep OpenCV's warnings off standard error: our own errors say the same in one line.

    FFmpeg's are silenced by ``environment``, because its level is read once, when OpenCV first uses it.
    """
    log: Any = cv2.utils.logging
    before = log.getLogLevel()
    log.setLogLevel(_SILENT)
    try:
        yield
    finally:
        log.setLogLevel(before)


def open_camera(index: int) -> Capture:
    """The camera at ``index``, perhaps not opened. On Linux only V4L2 is asked: the other back ends just cost time."""
    backend = cv2.CAP_V4L2 if sys.platform.startswith("linux") else cv2.CAP_ANY
    with silent_opencv():
        return cv2.VideoCapture(index, backend)


def open_stream(url: str) -> Capture:
    """The stream at ``url``, perhaps not opened; opening ends after 10 s, each read after 8."""
    limits = [
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
        _OPEN_TIMEOUT_MS,
        cv2.CAP_PROP_READ_TIMEOUT_MSEC,
        _READ_TIMEOUT_MS,
    ]
    with silent_opencv():
        return cv2.VideoCapture(url, cv2.CAP_FFMPEG, limits)


def open_video(path: str) -> Capture:
    """The video file at ``path``, perhaps not opened; turned as its rotation mark says.

    Raises:
        ValueError: the name is not UTF-8; OpenCV would end the whole process on it, by a segmentation fault.
    """
    os.path.abspath(path).encode()  # noqa: PTH100
    with silent_opencv():
        # absolute: FFmpeg takes what stands before a colon for a protocol
        capture = cv2.VideoCapture(os.path.abspath(path), cv2.CAP_FFMPEG)  # noqa: PTH100
        capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        return capture
