"""What the main process and the encoder's process say to one another, as JSON: small frozen records."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class EncodeJob:
    """A file to write.

    Attributes:
        path: the file, existing or not; what it is called while unfinished. For pictures, the pattern.
        writer: the module of ``sinks/encoder`` that writes it.
        muxer: FFmpeg's name of the container; "" for pictures.
        size_wh: width and height of every frame, in pixels.
        fps: nominal rate as ``(numerator, denominator)``.
        codec: a key of ``codecs.CODECS``; "" for GIF and pictures.
        crf: constant rate factor on the codec's own scale; None for codecs without one.
        audio_from: file whose first sound track is copied unchanged, or "".
        origin_s: the time, in seconds, of the first frame of the whole that this file goes on with; None for a whole file.
    """

    path: str
    writer: str
    muxer: str
    size_wh: tuple[int, int]
    fps: tuple[int, int]
    codec: str = ""
    crf: int | None = None
    audio_from: str = ""
    origin_s: float | None = None

    @property
    def frame_bytes(self) -> int:
        """Bytes of one raw frame."""
        return self.size_wh[0] * self.size_wh[1] * 3

    @property
    def rate(self) -> float:
        """Nominal frames a second."""
        return self.fps[0] / self.fps[1]


@dataclass(frozen=True)
class JoinJob:
    """Segments of one recording to put together, without encoding them again.

    Attributes:
        segments: the files, in order; each says itself when it begins.
        path: the file to write.
        muxer: FFmpeg's name of the container.
        fps: nominal rate as ``(numerator, denominator)``; ``(0, 1)`` takes what the first segment says.
        audio_from: file whose sound is copied; "" takes the sound of the segments.
        origin_s: the time of the first frame in ``audio_from``, in seconds.
    """

    segments: tuple[str, ...]
    path: str
    muxer: str
    fps: tuple[int, int] = (0, 1)
    audio_from: str = ""
    origin_s: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """How it went.

    Attributes:
        frames: frames in the file.
        error: why the file ends early, or "".
        note: what else is worth saying, or "": sound that could not be carried over.
        seconds: how long the file plays, where that was asked for.
    """

    frames: int
    error: str = ""
    note: str = ""
    seconds: float = 0.0


def to_line(record: EncodeJob | JoinJob | Outcome) -> bytes:
    """One line of JSON."""
    return json.dumps(asdict(record)).encode() + b"\n"


def job_from(line: bytes | bytearray) -> EncodeJob:
    """What ``to_line`` made of an ``EncodeJob``."""
    return EncodeJob(**_tuples(json.loads(line)))


def join_job_from(line: bytes | bytearray) -> JoinJob:
    """What ``to_line`` made of a ``JoinJob``."""
    return JoinJob(**_tuples(json.loads(line)))


def outcome_from(line: bytes) -> Outcome:
    """What ``to_line`` made of an ``Outcome``."""
    return Outcome(**json.loads(line))


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
