"""Messages between the main process and the encoder's process: small frozen records, sent as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class EncodeJob:
    """Description of a file to encode.

    Attributes:
        path: the file, existing or not, under its unfinished name. For pictures, the pattern.
        writer: the module of ``sinks/encoder`` that writes it.
        muxer: FFmpeg's name of the container; "" for pictures.
        size_wh: width and height of every frame, in pixels.
        fps: nominal rate as ``(numerator, denominator)``.
        codec: a key of ``codecs.CODECS``; "" for GIF and pictures.
        crf: constant rate factor on the codec's own scale; None for codecs without one.
        audio_from: file whose first audio track is copied unchanged, or "".
        origin_s: for a segment, the time of the whole recording's first frame, in seconds; None for a complete file.
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
        """Nominal frames per second."""
        return self.fps[0] / self.fps[1]


@dataclass(frozen=True)
class JoinJob:
    """Segments of one recording to join without re-encoding.

    Attributes:
        segments: the files, in order; each stores its own start.
        path: the file to write.
        muxer: FFmpeg's name of the container.
        fps: nominal rate as ``(numerator, denominator)``; ``(0, 1)`` takes the rate that a segment states.
        audio_from: file whose audio is copied; "" takes the audio of the segments.
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
    """Result of a job.

    Attributes:
        frames: number of frames in the file.
        error: the reason of a failure, or "".
        note: a note for the user, such as audio that could not be copied, or "".
        seconds: duration of the file; 0 for a job that does not measure it.
    """

    frames: int
    error: str = ""
    note: str = ""
    seconds: float = 0.0


def to_line(record: EncodeJob | JoinJob | Outcome) -> bytes:
    """Convert a record to one line of JSON."""
    return json.dumps(asdict(record)).encode() + b"\n"


def job_from(line: bytes | bytearray) -> EncodeJob:
    """Parse an ``EncodeJob`` from a line that ``to_line`` made."""
    return EncodeJob(**_tuples(json.loads(line)))


def join_job_from(line: bytes | bytearray) -> JoinJob:
    """Parse a ``JoinJob`` from a line that ``to_line`` made."""
    return JoinJob(**_tuples(json.loads(line)))


def outcome_from(line: bytes) -> Outcome:
    """Parse an ``Outcome`` from a line that ``to_line`` made."""
    return Outcome(**json.loads(line))


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
