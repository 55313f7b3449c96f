"""Camera device: requests MJPG, size and rate, and finds the camera again when it is plugged in again."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2

from heatcam.errors import SourceError
from heatcam.sources.cameras import names_by_index
from heatcam.sources.capture import Capture, open_camera
from heatcam.sources.device import CaptureConnection, Connection, ProbeResult
from heatcam.sources.options import CaptureOptions

_MJPG = cv2.VideoWriter.fourcc(*"MJPG")
_FAILED_READS_FORGIVEN_S = 0.5
_DEVICES = Path("/dev") if sys.platform.startswith("linux") else None


class CameraDevice:
    """Camera at an index.

    A camera that is plugged in again may get another index. Its name is remembered, and it is looked up by that name if another
    device, or none, has its old index.

    Args:
        index: 0, 1, ...
        options: size and rate to request.
        open_capture: opens the device; tests pass fakes.
        list_names: returns indices and names of the available cameras; empty if the system does not tell.
        devices: folder in which Linux keeps ``video0``, ``video1``; None on other systems, where only opening tells if a camera
            is there.
    """

    accepts_rate = True

    def __init__(
        self,
        index: int,
        options: CaptureOptions | None = None,
        *,
        open_capture: Callable[[int], Capture] = open_camera,
        list_names: Callable[[], Mapping[int, str]] = names_by_index,
        devices: Path | None = _DEVICES,
    ) -> None:
        self._index = index
        self._options = options or CaptureOptions()
        self._open_capture = open_capture
        self._list_names = list_names
        self._devices = devices
        self._called: str | None = None

    @property
    def name(self) -> str:
        """Display name, ``camera 0``, by the index it was opened with."""
        return f"camera {self._index}"

    def connect(self) -> Connection:
        """Open the camera and request size and rate; see ``Device``."""
        names = self._list_names()
        index = self._place(names)
        if index is None:
            raise SourceError(f"cannot open {self.name}: {self._called} is not plugged in")
        capture = self._open_capture(index)
        if not capture.isOpened():
            capture.release()
            raise SourceError(f"cannot open {self.name}")
        self._called = self._called or names.get(index)
        self._ask(capture)
        return CaptureConnection(capture, self.name, forgiven_s=_FAILED_READS_FORGIVEN_S)

    def look(self) -> ProbeResult:
        """Check that its device file exists and may be opened; see ``Device``."""
        if self._devices is None:
            return ProbeResult(True)
        index = self._place(self._list_names())
        device = self._devices / f"video{index}"
        if index is None or not device.exists():
            return ProbeResult(False, f"{self.name} is not plugged in")
        readable = os.access(device, os.R_OK | os.W_OK)
        return ProbeResult(readable, "" if readable else f"you may not read {device}")

    def next_step(self) -> str:
        """Return advice for the user."""
        return camera_advice(self._index, self._devices)

    def asked(self) -> str:
        """Return the requested size and rate as text."""
        size = "x".join(map(str, self._options.size_wh)) if self._options.size_wh else ""
        rate = f"at {self._options.fps:g}" if self._options.fps else ""
        return " ".join(word for word in (size, rate) if word)

    def _place(self, names: Mapping[int, str]) -> int | None:
        """Return the camera's current index, found by its name if that is known; None if it is not plugged in."""
        if self._called is None or names.get(self._index) == self._called:
            return self._index
        return next((index for index, name in names.items() if name == self._called), None)

    def _ask(self, capture: Capture) -> None:
        # MJPG before the size: uncompressed, USB 2 carries 1280x720 only at 10 frames per second
        capture.set(cv2.CAP_PROP_FOURCC, _MJPG)
        if self._options.size_wh:
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, self._options.size_wh[0])
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self._options.size_wh[1])
        if self._options.fps:
            capture.set(cv2.CAP_PROP_FPS, self._options.fps)


def camera_advice(index: int, devices: Path | None) -> str:
    """Return advice for a camera at ``index`` that does not open; ``devices`` is as in ``CameraDevice``."""
    if devices is None:
        return "see `heatcam cameras`, close other programs that use it, or use --source demo"
    device = devices / f"video{index}"
    if device.exists():
        if not os.access(device, os.R_OK | os.W_OK):
            return f"you may not read {device}: join its group with `sudo usermod -aG video $USER` and log in again"
        return f"close other programs that use {device}, try another index, or use --source demo"
    others = sorted(int(d.name[5:]) for d in devices.glob("video*") if d.name[5:].isdecimal())
    if others:
        return f"there is no {device}; try {', '.join(map(str, others))}, or use --source demo"
    return f"there is no {device} nor any other camera; plug one in, or use --source demo"
