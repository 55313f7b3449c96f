"""What the main process and the decoder's process say to one another: small records, and a header before each answer.

The main process writes lines of JSON: a ``DecodeJob``, then ``{"seek": seconds, "generation": n}`` as often as it likes. The
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
    """What stands before each answer.

    Attributes:
        kind: ``FACTS`` (``FilmFacts`` as JSON follows), ``FRAME`` (``height * width * 3`` bytes of BGR follow), ``END``, or
            ``FAILURE`` (its reason, UTF-8, follows).
        generation: how many seeks had been heard when it was made.
        size_wh: of a frame, in pixels.
        pts_s: of a frame, in seconds from the film's first one.
        length: bytes that follow.
    """

    kind: bytes
    generation: int = 0
    size_wh: tuple[int, int] = (0, 0)
    pts_s: float = 0.0
    length: int = 0

    def packed(self) -> bytes:
        """As it is sent."""
        return HEADER.pack(self.kind, self.generation, *self.size_wh, self.pts_s, self.length)

    @classmethod
    def unpacked(cls, data: bytes | bytearray) -> Header:
        """What ``packed`` made."""
        kind, generation, width, height, pts_s, length = HEADER.unpack(data)
        return cls(kind, generation, (width, height), pts_s, length)


@dataclass(frozen=True)
class DecodeJob:
    """What to decode.

    Attributes:
        target: the path, bytes that are not UTF-8 as surrogates, or the address.
        is_url: whether it is an address.
    """

    target: str
    is_url: bool = False

    def line(self) -> bytes:
        """One line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def of(cls, line: bytes | bytearray) -> DecodeJob:
        """What ``line`` made."""
        return cls(**json.loads(line))


@dataclass(frozen=True)
class FilmFacts:
    """What a film says of itself.

    Attributes:
        size_wh: of the frames as they come out, rotation applied, in pixels.
        fps: mean rate; 0 where nobody says.
        frame_count: how many frames the container claims, counted or from its length; None where it does not say.
        counts_frames: whether that is a count and no length.
        container, codec, pix_fmt: FFmpeg's names.
        interlaced: whether its frames are two fields, taken one after the other.
        opencv_reads_it: whether OpenCV's reader is known to give its frames right.
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
        """JSON."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decoded(cls, data: bytes | bytearray) -> FilmFacts:
        """What ``encoded`` made."""
        values: dict[str, Any] = json.loads(data)
        return cls(**{**values, "size_wh": tuple(values["size_wh"])})
