"""Tiled pyramid TIFF, written level by level from rows that are made as they are needed."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import cv2
import numpy as np

from heatcam import __version__
from heatcam.errors import SinkError, first_line
from heatcam.geometry import Uint8Array
from heatcam.runtime import stopping
from heatcam.sinks import what_helps

TILE = 512  # pixels of a side of the file's tiles, and rows that are made at once
_SMALLEST = 512  # pixels of the longer side of the last level at most
_QUALITY = 90  # of JPEG, without subsampled colours: heat has fine edges of colour
_CLASSIC_BYTES = 1 << 32  # uncompressed size from which the file is a BigTIFF
_BUFFER_BYTES = 16 << 20

#: Returns rows of the whole picture, from the first to before the last: uint8 ``(rows, W, 3)``, BGR, its own.
Rows = Callable[[int, int], Uint8Array]
#: Draws marks over rows of a level, in place: number of the level, the rows, and the first of them.
Mark = Callable[[int, Uint8Array, int], None]


def level_sizes(size_wh: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """Return width and height of each level, the picture first: each half as large, until it is small."""
    sizes = [size_wh]
    while max(sizes[-1]) > _SMALLEST and min(sizes[-1]) > 1:
        sizes.append((sizes[-1][0] // 2, sizes[-1][1] // 2))
    return tuple(sizes)


def write_pyramid(
    path: Path,
    size_wh: tuple[int, int],
    rows: Rows,
    mark: Mark,
    tags: Mapping[int, tuple[int, int, Any]],
    on_rows: Callable[[int], None] = lambda _: None,
) -> None:
    """Write a picture with its smaller levels, JPEG compressed: the whole file or nothing, replacing what is there.

    Levels are pages of the file in their order, marked as reduced, as OpenSlide, QuPath, GDAL and libvips read them. Smaller ones
    are made of the picture without marks, and marked by themselves. Waiting levels lie in temporary files, not in memory.

    Args:
        path: the file.
        size_wh: width and height of the picture.
        rows: makes rows of it; called once for each, in their order.
        mark: draws marks over a level's rows.
        tags: further tags: number to type, count and value.
        on_rows: called with the number of rows of the picture that have come to it since the last call.

    Raises:
        SinkError: it cannot be written; nothing is left behind.
    """
    part = path.with_name(f".{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        _write(part, level_sizes(size_wh), rows, mark, tags, on_rows)
        with stopping.held():
            part.replace(path)
    except OSError as error:
        reason = error.strerror or first_line(error)
        raise SinkError(f"cannot write {path} ({reason})", what_helps(error)) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _write(
    part: Path,
    sizes: tuple[tuple[int, int], ...],
    rows: Rows,
    mark: Mark,
    tags: Mapping[int, tuple[int, int, Any]],
    on_rows: Callable[[int], None],
) -> None:
    import tifffile  # noqa: PLC0415 (optional)

    is_big = 4 * sizes[0][0] * sizes[0][1] > _CLASSIC_BYTES
    source, extra = rows, [(code, kind, count, value, True) for code, (kind, count, value) in tags.items()]
    with tifffile.TiffWriter(part, bigtiff=is_big) as file, contextlib.ExitStack() as waiting:
        for level, (wide, tall) in enumerate(sizes):
            is_last = level + 1 == len(sizes)
            smaller = None if is_last else waiting.enter_context(_WaitingLevel(sizes[level + 1]))
            file.write(
                _tiles(source, level, (wide, tall), mark, smaller, None if level else on_rows),
                shape=(tall, wide, 3),
                dtype=np.uint8,
                tile=(TILE, TILE),
                photometric="rgb",
                compression="jpeg",
                compressionargs={"level": _QUALITY, "subsampling": "444"},
                subfiletype=1 if level else 0,
                metadata=None,
                software=f"heatcam {__version__}",
                extratags=() if level else extra,
                maxworkers=min(4, os.cpu_count() or 1),
                buffersize=_BUFFER_BYTES,
            )
            source = source if smaller is None else smaller.rows


def _tiles(
    source: Rows,
    level: int,
    size_wh: tuple[int, int],
    mark: Mark,
    smaller: _WaitingLevel | None,
    on_rows: Callable[[int], None] | None,
) -> Iterator[Uint8Array]:
    """Yield a level's tiles, uint8 ``(TILE, TILE, 3)`` RGB, row after row; what lies outside repeats the picture's edge."""
    wide, tall = size_wh
    for top in range(0, tall, TILE):
        bottom = min(top + TILE, tall)
        band = source(top, bottom)
        if smaller is not None:
            smaller.add(band)
        mark(level, band, top)
        for left in range(0, wide, TILE):
            part = cv2.cvtColor(band[:, left : left + TILE], cv2.COLOR_BGR2RGB)
            down, right = TILE - part.shape[0], TILE - part.shape[1]
            yield np.asarray(np.pad(part, ((0, down), (0, right), (0, 0)), mode="edge"), np.uint8)
        if on_rows is not None:
            on_rows(bottom - top)


class _WaitingLevel:
    """A level that is half as large as the one before, kept in a temporary file until its turn.

    Args:
        size_wh: its width and height.
    """

    def __init__(self, size_wh: tuple[int, int]) -> None:
        self._size_wh = size_wh
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (as long as this lives)

    def add(self, band: Uint8Array) -> None:
        """Add the next rows of the larger level, uint8 ``(h, W, 3)``; h is even but at the end."""
        wide, tall = self._size_wh[0], band.shape[0] // 2
        if tall:
            even = band[: 2 * tall, : 2 * wide]
            self._file.write(cv2.resize(even, (wide, tall), interpolation=cv2.INTER_AREA).tobytes())

    def rows(self, top: int, bottom: int) -> Uint8Array:
        """Return some of its rows; see ``Rows``."""
        width = 3 * self._size_wh[0]
        self._file.seek(top * width)
        read = self._file.read((bottom - top) * width)
        return np.frombuffer(bytearray(read), np.uint8).reshape(bottom - top, self._size_wh[0], 3)

    def __enter__(self) -> _WaitingLevel:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
