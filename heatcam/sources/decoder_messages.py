"""Messages between the main process and the decoder's process: small records, and a header before each answer.

The main process writes lines of JSON: a ``DecodeJob``, then ``{"seek": seconds, "generation": n}`` any number of times. The
decoder answers with messages: ``Header``, then ``length`` bytes.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass
from typing import Any

FACTS, FRAME, END, FAILURE = b"I", b"F", b"E", b"X"
HEADER = struct.Struct("<cIIIdQ")


@dataclass(frozen=True)
class Header:
    """Header of an answer.

    Attributes:
        kind: ``FACTS`` (``FilmFacts`` as JSON follows), ``FRAME`` (``height * width * 3`` bytes of BGR follow), ``END``, or
            ``FAILURE`` (its reason, UTF-8, follows).
        generation: number of the seek that it answers; 0 before the first.
        size_wh: width and height of a frame, in pixels.
        pts_s: time of a frame, in seconds from the video's first one.
        length: number of bytes that follow.
    """

    kind: bytes
    generation: int = 0
    size_wh: tuple[int, int] = (0, 0)
    pts_s: float = 0.0
    length: int = 0

    def packed(self) -> bytes:
        """Pack the header to bytes."""
        return HEADER.pack(self.kind, self.generation, *self.size_wh, self.pts_s, self.length)

    @classmethod
    def unpacked(cls, data: bytes | bytearray) -> Header:
        """Unpack a header from bytes."""
        kind, generation, width, height, pts_s, length = HEADER.unpack(data)
        return cls(kind, generation, (width, height), pts_s, length)


@dataclass(frozen=True)
class DecodeJob:
    """Description of the video to decode.

    Attributes:
        target: the path, with bytes that are not UTF-8 as surrogates, or the address.
        is_url: True if it is an address.
    """

    target: str
    is_url: bool = False

    def line(self) -> bytes:
        """Return the job as one line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def of(cls, line: bytes | bytearray) -> DecodeJob:
        """Parse a job from a line of JSON."""
        return cls(**json.loads(line))


@dataclass(frozen=True)
class FilmFacts:
    """Facts that a video states about itself.

    Attributes:
        size_wh: width and height of the output frames, rotation applied, in pixels.
        fps: mean rate; 0 if unknown.
        frame_count: number of frames that the container claims, counted or from its duration; None if unknown.
        counts_frames: True if that is a count, not derived from the duration.
        container, codec, pix_fmt: FFmpeg's names.
        interlaced: True if its frames are interlaced.
        opencv_reads_it: True if OpenCV's reader is known to decode its frames correctly.
    """

    size_wh: tuple[int, int]
    fps: float
    frame_count: int | None
    counts_frames: bool
    container: str
    codec: str
    pix_fmt: str
    interlaced: bool
    opencv_reads_it: bool

    def encoded(self) -> bytes:
        """Return the facts as JSON."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decoded(cls, data: bytes | bytearray) -> FilmFacts:
        """Parse facts from JSON."""
        values: dict[str, Any] = json.loads(data)
        return cls(**{**values, "size_wh": tuple(values["size_wh"])})
