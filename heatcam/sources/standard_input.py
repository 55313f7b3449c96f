"""Source of frames from standard input: MJPEG, or raw BGR frames of a given size.

Nothing is dropped: a slow reader blocks the writer.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

import cv2
import numpy as np

from heatcam.errors import UnreadableInputError, UsageError
from heatcam.frames import Frame
from heatcam.geometry import Uint8Array
from heatcam.sources.jpeg_splitter import START, JpegSplitter
from heatcam.sources.options import CaptureOptions
from heatcam.sources.seeking import ForwardOnly

STANDARD_INPUT = "-"
_FALLBACK_FPS = 25.0
_PIECE = 1 << 16
_JPEG_SEGMENTS = {
    *range(0xE0, 0xF0),
    0xDB,
    0xC4,
    0xC0,
    0xC2,
    0xDD,
    0xFE,
}  # markers that may follow the start of a JPEG

Read = Callable[[int], bytes]


class StandardInputSource(ForwardOnly):
    """Frames that another program writes: ``ffmpeg ... -f mjpeg - | heatcam record -``.

    Input that begins like a JPEG is MJPEG. Anything else is raw frames, rows from the top, 3 bytes (blue, green, red) per pixel,
    and needs ``options.size_wh``. Frames get times at ``options.fps`` (25 if left out): neither kind carries times.

    Args:
        options: size of raw frames, and rate.
        read: reads up to a number of bytes, none at the end; None reads standard input.

    Attributes:
        frames_read: number of frames given so far.
        damaged: number of pictures that could not be decoded, and were left out.
        cut_off: True if the input ended in the middle of a frame.

    Raises:
        UsageError: on entering, if standard input is a terminal; while iterating, for raw frames without a size.
        UnreadableInputError: while iterating, if it holds no complete frame.
    """

    name = "standard input"
    frame_count = None
    dropped = 0

    def __init__(self, options: CaptureOptions | None = None, *, read: Read | None = None) -> None:
        options = options or CaptureOptions()
        self._raw_size_wh = options.size_wh
        self._read = read
        self.size_wh = options.size_wh or (0, 0)
        self.fps = options.fps or _FALLBACK_FPS
        self.frames_read = self.damaged = 0
        self.cut_off = False

    @property
    def reopenable(self) -> bool:
        """False: bytes that were read are gone."""
        return False

    @property
    def accepts_rate(self) -> bool:
        """True: its frames have no times of their own."""
        return True

    def shortfall(self) -> str:
        """Return a line about damaged or cut-off frames; see ``Source``."""
        if not (self.damaged or self.cut_off):
            return ""
        what = "ended in the middle of a frame" if self.cut_off else f"held {self.damaged} damaged frames"
        return f"{self.name} {what}; {self.frames_read} frames could be decoded"

    def __enter__(self) -> StandardInputSource:
        self.is_closed = False
        if self._read is None:
            self._read = _reader_of(sys.stdin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing: standard input is not ours to close."""

    def __iter__(self) -> Iterator[Frame]:
        if self._read is None:
            raise RuntimeError("enter the source first: with source: ...")
        head = _exactly(self._read, 4)
        pictures = self._jpegs(head) if _is_jpeg(head) else self._raw(head)
        for image in pictures:
            if self.is_closed:
                return
            index, self.frames_read = self.frames_read, self.frames_read + 1
            self.size_wh = image.shape[1], image.shape[0]
            yield Frame(image, index, time.monotonic(), index / self.fps, self.name)
        if not self.frames_read:
            raise UnreadableInputError(
                "standard input holds no whole frame", "pipe MJPEG into it, or raw BGR frames with --size WxH"
            )

    def _jpegs(self, head: bytes) -> Iterator[Uint8Array]:
        read, splitter = (
            self._read or _nothing,
            JpegSplitter(self.name, "send MJPEG, or raw frames with --size"),
        )
        piece = head
        while piece:
            for data in splitter.add(piece):
                image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
                if image is None:
                    self.damaged += 1
                else:
                    yield np.asarray(image, np.uint8)
            piece = read(_PIECE)
        self.cut_off = splitter.begun

    def _raw(self, head: bytes) -> Iterator[Uint8Array]:
        if self._raw_size_wh is None:
            if not head:
                return
            raise UsageError(
                "standard input is not MJPEG, and raw frames have no size of their own",
                "say it: --size 1280x720 (3 bytes a pixel: ffmpeg's -f rawvideo -pix_fmt bgr24)",
            )
        width, height = self._raw_size_wh
        size = width * height * 3
        read = self._read or _nothing
        data = head + _exactly(read, size - len(head))
        while len(data) == size:
            yield np.frombuffer(data, np.uint8).reshape(height, width, 3)
            data = _exactly(read, size)
        self.cut_off = bool(data)


def _is_jpeg(head: bytes) -> bool:
    """Return True for the start of a JPEG, or of the boundary of a multipart stream of JPEGs."""
    return (head.startswith(START) and head[3:4] and head[3] in _JPEG_SEGMENTS) or head.startswith(b"--")


def _exactly(read: Read, count: int) -> bytes:
    """Read ``count`` bytes, fewer only at the end."""
    pieces: list[bytes] = []
    missing = count
    while missing > 0 and (piece := read(min(missing, 1 << 20))):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def _reader_of(stdin: Any) -> Read:
    """Return a function that reads the file descriptor: a pipe's bytes arrive at once, not when a buffer is full.

    Raises:
        UsageError: nothing is piped into it.
    """
    if stdin is None or stdin.isatty():
        raise UsageError(
            "nothing is piped into standard input",
            "for example: ffmpeg -i clip.mp4 -f mjpeg - | heatcam record -",
        )
    descriptor = stdin.fileno()
    return lambda count: os.read(descriptor, count)


def _nothing(_count: int) -> bytes:
    return b""
