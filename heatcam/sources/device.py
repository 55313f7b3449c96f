"""What a live source reads from: a device that can be connected to again and again."""

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
    """What was read is over as it should be: no reconnecting."""


@dataclass(frozen=True)
class Grab:
    """One picture as a device gave it.

    Attributes:
        image_bgr: uint8 ``(H, W, 3)``, BGR; its own memory.
        stream_s: when it was made by the stream's own clock, in seconds from anywhere; None where there is none.
    """

    image_bgr: Uint8Array
    stream_s: float | None = None


@dataclass(frozen=True)
class ProbeResult:
    """What a look at a device says without opening it.

    Attributes:
        ready: an attempt to connect is worth its time.
        reason: what is wrong, for people, without credentials; "" when nothing is known to be.
        refused: a login was tried, and refused: trying it often may lock the account.
        advice: what the user can do about it; "" where nothing more is known than usual.
    """

    ready: bool
    reason: str = ""
    refused: bool = False
    advice: str = ""


class Connection(Protocol):
    """An open device. Made, read and closed in one thread.

    Attributes:
        fps: nominal frames a second.
        tells_fps: whether the device said so itself; else it is a guess.
        kind: how pictures are packed on their way, such as ``MJPG``; "" when that is unknown.
    """

    fps: float
    tells_fps: bool
    kind: str

    def grab(self) -> Grab:
        """Wait for the next picture.

        Raises:
            SourceError: no more comes.
            StreamEnded: no more comes, and none is missing.
        """
        ...

    def close(self) -> None:
        """Give the device back."""
        ...


class Device(Protocol):
    """A camera, stream or screen.

    Attributes:
        name: for people, never with credentials.
        accepts_rate: whether it can be asked for a rate; a stream has its own.
    """

    accepts_rate: bool

    @property
    def name(self) -> str:
        """For people, never with credentials."""
        ...

    def connect(self) -> Connection:
        """Open it; may block for long, so only ever called in a thread that can be left behind.

        Raises:
            SourceError: it cannot be opened.
        """
        ...

    def look(self) -> ProbeResult:
        """Whether it seems to be there, within about a second and without opening it."""
        ...

    def next_step(self) -> str:
        """What the user can do when it gives no picture."""
        ...

    def asked(self) -> str:
        """What it was asked for, such as ``1280x720 at 30``; "" for nothing."""
        ...


class CaptureConnection:
    """An open ``cv2.VideoCapture``.

    Args:
        capture: what to read from; closed by ``close``.
        name: for errors.
        forgiven_s: for how long failed reads are no loss; USB cameras answer False a few times while they settle.
        has_clock: whether its position in milliseconds is the stream's own time.
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
        """The next picture; see ``Connection``."""
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
    """Infrared and depth cameras give ``(H, W)`` or ``(H, W, 1)``: grey in all three channels then."""
    if image.ndim == 3 and image.shape[2] == 3:
        return image
    return np.repeat(image.reshape(*image.shape[:2], -1)[..., :1], 3, axis=2)


def kind_of(capture: Capture) -> str:
    """How its pictures are packed: ``MJPG``, ``h264``; "" where that is unknown."""
    fourcc = capture.get(cv2.CAP_PROP_FOURCC)
    if not 0 < fourcc < 2**32:
        return ""
    letters = int(fourcc).to_bytes(4, "little").decode("ascii", "replace").strip("\0 ")
    return letters if letters.isprintable() and letters.isascii() else ""
