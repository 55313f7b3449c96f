"""A camera or network stream as a source: a thread keeps only the newest frame, so what is shown is never old.

Without that thread a consumer slower than the camera sees the driver's queue, four frames late on V4L2 and seconds late
on RTSP. So: the thread reads as fast as frames come and overwrites the one not yet taken; what it overwrites is counted.

The thread alone touches the capture, from opening to release. What kills it is stored and raised in the consumer. A read
that never returns cannot be ended from outside: after ``stop_timeout_s`` the thread, a daemon, is left behind, and
releases the device if its read ever comes back.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from heatcam.errors import HeatcamError, SourceError
from heatcam.frames import Frame
from heatcam.geometry import Uint8Array
from heatcam.sources.capture import Capture, CaptureFactory, open_camera, open_stream, public_url
from heatcam.sources.state import PLAYING

_MJPG = cv2.VideoWriter.fourcc(*"MJPG")
_FALLBACK_FPS = 30.0
_FAILED_READS_ALLOWED = 10  # USB cameras answer False a few times while they settle after opening
_PAUSE_AFTER_FAILED_READ_S = 0.05


@dataclass(frozen=True)
class CameraOptions:
    """What to ask a camera for, and how long to wait for it.

    Attributes:
        size_wh: width and height asked for, in pixels; None takes what the camera gives by itself.
        fps: rate asked for; None takes the camera's own.
        open_timeout_s: longest wait for the first frame.
        read_timeout_s: longest wait for each further frame.
        stop_timeout_s: longest wait for the thread when leaving.
    """

    size_wh: tuple[int, int] | None = None
    fps: float | None = None
    open_timeout_s: float = 15.0
    read_timeout_s: float = 10.0
    stop_timeout_s: float = 1.5


class CameraSource:
    """The camera at an index, or the stream at an address: endless, live, newest frame first.

    ``frame_index`` counts what the camera gave, so gaps are dropped frames; ``pts_s`` is the time of capture since the
    first frame. ``size_wh`` and ``fps`` are what the camera does, not what it was asked for.

    Args:
        target: 0, 1, ... or an ``rtsp://`` or ``http(s)://`` address.
        options: what to ask for, and the time limits.
        open_capture: opens the device, called in the reader's thread; tests put fakes here.

    Raises:
        SourceError: on entering, when there is no such camera or no first frame; while iterating, when frames stop.
    """

    is_live = True
    state = PLAYING
    frame_count = None

    def __init__(
        self,
        target: int | str,
        options: CameraOptions | None = None,
        *,
        open_capture: CaptureFactory | None = None,
    ) -> None:
        self._target = target
        self._options = options or CameraOptions()
        self._open_capture = open_capture or self._open_real
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._newest: Frame | None = None
        self._failure: BaseException | None = None
        self._first_at_s = 0.0
        self.size_wh = (0, 0)
        self.fps = _FALLBACK_FPS
        self.dropped = 0

    @property
    def name(self) -> str:
        """``camera 0``, or the address without credentials."""
        return f"camera {self._target}" if isinstance(self._target, int) else public_url(self._target)

    def __enter__(self) -> CameraSource:
        """Open the camera and wait for its first frame."""
        self._thread = threading.Thread(target=self._run, name=f"heatcam {self.name}", daemon=True)
        self._thread.start()
        try:
            with self._changed:
                self._wait_for_frame(self._options.open_timeout_s)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def __iter__(self) -> Iterator[Frame]:
        while not self._stopping.is_set():
            with self._changed:
                frame = self._wait_for_frame(self._options.read_timeout_s)
                self._newest = None
            yield frame

    def _wait_for_frame(self, timeout_s: float) -> Frame:
        """The newest frame not yet taken; called with the lock held. A frame in hand goes before a failure."""
        self._changed.wait_for(lambda: self._newest is not None or self._failure is not None, timeout_s)
        if self._newest is not None:
            return self._newest
        if self._failure is not None:
            raise self._failure
        raise SourceError(f"{self.name} gave no frame for {timeout_s:g} s", self._next_step())

    def _stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(self._options.stop_timeout_s)
            self._thread = None
        with self._changed:
            self._newest = None

    def _run(self) -> None:
        """The reader's thread, from opening to release."""
        try:
            capture = self._open_capture()
            try:
                self._configure(capture)
                self._read_until_stopped(capture)
            finally:
                capture.release()
        except BaseException as error:  # noqa: BLE001 (stored; raised in the consumer's thread)
            self._fail(error)

    def _configure(self, capture: Capture) -> None:
        if not capture.isOpened():
            raise SourceError(f"cannot open {self.name}", self._next_step())
        if isinstance(self._target, int):
            # MJPG before the size: uncompressed, USB 2 carries 1280x720 only at 10 frames a second
            capture.set(cv2.CAP_PROP_FOURCC, _MJPG)
            if self._options.size_wh:
                capture.set(cv2.CAP_PROP_FRAME_WIDTH, self._options.size_wh[0])
                capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self._options.size_wh[1])
            if self._options.fps:
                capture.set(cv2.CAP_PROP_FPS, self._options.fps)
        claimed = capture.get(cv2.CAP_PROP_FPS)
        self.fps = claimed if 1 <= claimed <= 240 else _FALLBACK_FPS

    def _read_until_stopped(self, capture: Capture) -> None:
        index = failed_reads = 0
        while not self._stopping.is_set():
            decoded, image = capture.read()
            if decoded and image is not None and image.size:
                self._publish(_as_bgr(image), index)
                index, failed_reads = index + 1, 0
                continue
            failed_reads += 1
            if failed_reads > _FAILED_READS_ALLOWED:
                raise SourceError(f"{self.name} stopped giving frames after {index}", self._next_step())
            self._stopping.wait(_PAUSE_AFTER_FAILED_READ_S)

    def _publish(self, image: Uint8Array, index: int) -> None:
        now_s = time.monotonic()
        with self._changed:
            self._first_at_s = self._first_at_s or now_s
            self.dropped += self._newest is not None
            self.size_wh = image.shape[1], image.shape[0]
            self._newest = Frame(image, index, now_s, now_s - self._first_at_s, self.name)
            self._changed.notify_all()

    def _fail(self, error: BaseException) -> None:
        failure = error
        if not isinstance(error, HeatcamError):
            failure = SourceError(f"reading {self.name} failed ({error})", self._next_step())
            failure.__cause__ = error
        with self._changed:
            self._failure = failure
            self._changed.notify_all()

    def _open_real(self) -> Capture:
        return open_camera(self._target) if isinstance(self._target, int) else open_stream(self._target)

    def _next_step(self) -> str:
        if not isinstance(self._target, int):
            return "check the address, the user and password, and that the camera is on"
        return camera_advice(self._target, Path("/dev"))


def camera_advice(index: int, devices: Path) -> str:
    """What to try when the camera at ``index`` does not open; ``devices`` is where Linux keeps ``video0``, ``video1``."""
    if not sys.platform.startswith("linux"):
        return "try another index, close other programs that use it, or use --source demo"
    device = devices / f"video{index}"
    if device.exists():
        if not os.access(device, os.R_OK | os.W_OK):
            return f"you may not read {device}: join its group with `sudo usermod -aG video $USER` and log in again"
        return f"close other programs that use {device}, try another index, or use --source demo"
    others = sorted(int(d.name[5:]) for d in devices.glob("video*") if d.name[5:].isdecimal())
    if others:
        return f"there is no {device}; try {', '.join(map(str, others))}, or use --source demo"
    return f"there is no {device} nor any other camera; plug one in, or use --source demo"


def _as_bgr(image: Uint8Array) -> Uint8Array:
    """Infrared and depth cameras give ``(H, W)`` or ``(H, W, 1)``: grey in all three channels then."""
    if image.ndim == 3 and image.shape[2] == 3:
        return image
    return np.repeat(image.reshape(*image.shape[:2], -1)[..., :1], 3, axis=2)
