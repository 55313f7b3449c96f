"""Duration of an MP4 without the parts that its edit list leaves out.

A video cut without re-encoding (``ffmpeg -ss 1.1 -c copy``) holds frames before its first one that are never shown. OpenCV
counts them (80, of which 72 are shown), so by its count alone the video would seem damaged.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

MP4_SUFFIXES = (".mp4", ".m4v", ".mov", ".3gp")


def presentation_s(path: Path) -> float | None:
    """Return the duration in ``moov/mvhd``, that of the longest track as shown, in seconds; None if it cannot be read."""
    try:
        with path.open("rb") as file:
            for kind, start, end in _boxes(file, 0, path.stat().st_size):
                if kind == b"moov":
                    inner = {name: at for name, at, _ in _boxes(file, start, end)}
                    return _movie_length_s(file, inner[b"mvhd"]) if b"mvhd" in inner else None
    except (OSError, struct.error):
        pass
    return None


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield type, start and end of the content of each box between two offsets of a file."""
    while start + 8 <= end:
        file.seek(start)
        size, kind = struct.unpack(">I4s", file.read(8))
        header = 8
        if size == 1:
            size, header = struct.unpack(">Q", file.read(8))[0], 16
        size = size or end - start
        if size < header:
            return
        yield kind, start + header, min(start + size, end)
        start += size


def _movie_length_s(file: BinaryIO, start: int) -> float | None:
    file.seek(start)
    version = file.read(4)[0:1]
    times = ">8x8xIQ" if version == b"\1" else ">4x4xII"
    scale, duration = struct.unpack(times, file.read(struct.calcsize(times)))
    return duration / scale if scale and duration else None
