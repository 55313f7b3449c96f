"""Interface to ``cv2.VideoCapture``, opened without OpenCV's warnings, and replaceable by a fake in tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import cv2

_SILENT = 0  # cv2.utils.logging.LOG_LEVEL_SILENT
_OPEN_TIMEOUT_MS = 10_000  # FFmpeg's own default of 30 s is too long in front of a dead camera
_READ_TIMEOUT_MS = 8_000  # (for one frame, however slowly its bytes drip; a live source has moved on by then)


class Capture(Protocol):
    """Methods of ``cv2.VideoCapture`` that heatcam uses; one thread at a time."""

    def isOpened(self) -> bool:  # noqa: N802 (OpenCV's names)
        """Return True if it is open."""
        ...

    def read(self) -> tuple[bool, Any]:
        """Return True and the next picture as a new array, or ``(False, None)``."""
        ...

    def get(self, propId: int, /) -> float:  # noqa: N803
        """Return a property's value, 0 if it is unknown."""
        ...

    def set(self, propId: int, value: float, /) -> bool:  # noqa: N803
        """Request a property; drivers may return True and do otherwise."""
        ...

    def release(self) -> None:
        """Release the device or file."""
        ...


@contextmanager
def silent_opencv() -> Iterator[None]:
    """Suppress OpenCV's warnings on standard error: our own errors say the same in one line.

    FFmpeg's are suppressed by ``environment``, because its log level is read once, when OpenCV first uses it.
    """
    log: Any = cv2.utils.logging
    before = log.getLogLevel()
    log.setLogLevel(_SILENT)
    try:
        yield
    finally:
        log.setLogLevel(before)


def open_camera(index: int) -> Capture:
    """Return the camera at ``index``, opened if possible. On Linux only V4L2 is tried: other backends just cost time."""
    backend = cv2.CAP_V4L2 if sys.platform.startswith("linux") else cv2.CAP_ANY
    with silent_opencv():
        return cv2.VideoCapture(index, backend)


def open_stream(url: str) -> Capture:
    """Return the stream at ``url``, opened if possible; the timeout is 10 s for opening and 8 s for each read."""
    limits = [
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
        _OPEN_TIMEOUT_MS,
        cv2.CAP_PROP_READ_TIMEOUT_MSEC,
        _READ_TIMEOUT_MS,
    ]
    with silent_opencv():
        return cv2.VideoCapture(url, cv2.CAP_FFMPEG, limits)


def open_video(path: str) -> Capture:
    """Return the video file at ``path``, opened if possible; frames are rotated as its metadata says.

    Raises:
        ValueError: the name is not UTF-8, on which OpenCV would crash the whole process with a segmentation fault.
    """
    os.path.abspath(path).encode()  # noqa: PTH100
    with silent_opencv():
        # absolute: FFmpeg takes text before a colon for a protocol
        capture = cv2.VideoCapture(os.path.abspath(path), cv2.CAP_FFMPEG)  # noqa: PTH100
        capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        return capture
