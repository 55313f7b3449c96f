"""Devices that live sources read from, which can be connected to again and again."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from heatcam.errors import SourceError
from heatcam.geometry import Uint8Array
from heatcam.sources.capture import Capture

FALLBACK_FPS = 30.0
_PAUSE_AFTER_FAILED_READ_S = 0.05


class StreamEnded(Exception):  # noqa: N818 (an end, not an error)
    """Regular end of a stream: no reconnecting."""


@dataclass(frozen=True)
class Grab:
    """Picture as a device gave it.

    Attributes:
        image_bgr: uint8 ``(H, W, 3)``, BGR; its own memory.
        stream_s: its timestamp by the stream's own clock, in seconds from an arbitrary origin; None if there is none.
    """

    image_bgr: Uint8Array
    stream_s: float | None = None


@dataclass(frozen=True)
class ProbeResult:
    """Result of probing a device without opening it.

    Attributes:
        ready: True if an attempt to connect is worth its time.
        reason: the problem, for display, without credentials; "" if none is known.
        refused: True if a login was tried and refused: trying it often may lock the account.
        advice: remedy for the user; "" for the device's usual one.
    """

    ready: bool
    reason: str = ""
    refused: bool = False
    advice: str = ""


class Connection(Protocol):
    """An open device. Created, read and closed in one thread.

    Attributes:
        fps: nominal frames per second.
        tells_fps: True if the device stated that rate itself; else it is a guess.
        kind: pixel format or codec in transit, such as ``MJPG``; "" if unknown.
    """

    fps: float
    tells_fps: bool
    kind: str

    def grab(self) -> Grab:
        """Wait for the next picture.

        Raises:
            SourceError: the device failed.
            StreamEnded: the stream has ended regularly.
        """
        ...

    def close(self) -> None:
        """Release the device."""
        ...


class Device(Protocol):
    """A camera, stream or screen.

    Attributes:
        name: display name, never with credentials.
        accepts_rate: True if a rate can be requested; a stream has its own.
    """

    accepts_rate: bool

    @property
    def name(self) -> str:
        """Display name, never with credentials."""
        ...

    def connect(self) -> Connection:
        """Open the device; may block for long, so it is only called in a thread that can be abandoned.

        Raises:
            SourceError: the device cannot be opened.
        """
        ...

    def look(self) -> ProbeResult:
        """Probe whether the device seems to be there, within about a second and without opening it."""
        ...

    def next_step(self) -> str:
        """Return advice for the user when it gives no picture."""
        ...

    def asked(self) -> str:
        """Return the requested format, such as ``1280x720 at 30``; "" for none."""
        ...


class CaptureConnection:
    """Connection through an open ``cv2.VideoCapture``.

    Args:
        capture: the open capture; released by ``close``.
        name: name for error messages.
        forgiven_s: time for which failed reads are retried, in seconds; USB cameras return False a few times while they settle.
        has_clock: True if its position in milliseconds is the stream's own time.
    """

    def __init__(
        self, capture: Capture, name: str, *, forgiven_s: float = 0.0, has_clock: bool = True
    ) -> None:
        self._capture = capture
        self._name = name
        self._forgiven_s = forgiven_s
        self._has_clock = has_clock
        claimed = capture.get(cv2.CAP_PROP_FPS)
        believable = 1 <= claimed <= 240
        self.fps = claimed if believable else FALLBACK_FPS
        self.tells_fps = believable and has_clock
        self.kind = kind_of(capture)

    def grab(self) -> Grab:
        """Return the next picture; see ``Connection``."""
        deadline_s = time.monotonic() + self._forgiven_s
        while True:
            decoded, image = self._capture.read()
            if decoded and image is not None and image.size:
                return Grab(as_bgr(image), self._stream_s())
            if time.monotonic() >= deadline_s:
                break
            time.sleep(_PAUSE_AFTER_FAILED_READ_S)
        raise SourceError(f"{self._name} stopped giving frames")

    def close(self) -> None:
        """Release the capture."""
        self._capture.release()

    def _stream_s(self) -> float | None:
        return self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1e3 if self._has_clock else None


def as_bgr(image: Uint8Array) -> Uint8Array:
    """Return the picture as BGR: grey ``(H, W)`` or ``(H, W, 1)`` of infrared and depth cameras in all three channels."""
    if image.ndim == 3 and image.shape[2] == 3:
        return image
    return np.repeat(image.reshape(*image.shape[:2], -1)[..., :1], 3, axis=2)


def kind_of(capture: Capture) -> str:
    """Return its FourCC: ``MJPG``, ``h264``; "" if unknown."""
    fourcc = capture.get(cv2.CAP_PROP_FOURCC)
    if not 0 < fourcc < 2**32:
        return ""
    letters = int(fourcc).to_bytes(4, "little").decode("ascii", "replace").strip("\0 ")
    return letters if letters.isprintable() and letters.isascii() else ""
