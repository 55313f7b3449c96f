"""Rows of a picture read as they are needed, whatever the file: the one place that knows which kinds can be."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from heatcam.errors import UnreadableInputError, UsageError
from heatcam.geometry import Uint8Array
from heatcam.sources import read_picture

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_INSTEAD = "make it a tiled TIFF: `vips copy {name} big.tif[tile,compression=deflate,bigtiff]` or `gdal_translate -of COG`"


class RowReader(Protocol):
    """A picture of which rows can be read.

    Attributes:
        size_wh: width and height in pixels.
        notes: what a user should know of how it is read.
        tags: TIFF tags that place the picture on the earth, which its overlay keeps: number to type, count and value.
    """

    size_wh: tuple[int, int]
    notes: tuple[str, ...]
    tags: Mapping[int, tuple[int, int, Any]]

    def rows(self, top: int, bottom: int) -> Uint8Array:
        """Return the rows from ``top`` to before ``bottom``: uint8 ``(rows, W, 3)``, BGR; not to be changed.

        Raises:
            UnreadableInputError: the file is damaged.
        """
        ...

    def close(self) -> None:
        """Close the file."""
        ...


class WholePicture:
    """Rows of a picture that has to be decoded as a whole, under the limits of ``read_picture``.

    Args:
        path: the file.

    Raises:
        UnreadableInputError: it is no picture, damaged, or too large to be decoded as a whole.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._pixels = read_picture(path)
        except UnreadableInputError as error:
            if "pixels" not in error.problem and "memory" not in error.problem:
                raise
            raise UnreadableInputError(error.problem, _INSTEAD.format(name=path.name)) from error
        self.size_wh = self._pixels.shape[1], self._pixels.shape[0]
        self.notes: tuple[str, ...] = ()
        self.tags: Mapping[int, tuple[int, int, Any]] = {}

    def rows(self, top: int, bottom: int) -> Uint8Array:
        """See ``RowReader``."""
        return self._pixels[top:bottom]

    def close(self) -> None:
        """Let go of the pixels."""
        self._pixels = self._pixels[:0]


class RowCache:
    """Rows of another reader, of which those that the last call had are not read again: neighbouring tiles overlap.

    Args:
        reader: of the file.
    """

    def __init__(self, reader: RowReader) -> None:
        self._reader = reader
        self._top, self._last = 0, np.empty((0, reader.size_wh[0], 3), np.uint8)

    def rows(self, top: int, bottom: int) -> Uint8Array:
        """See ``RowReader.rows``."""
        end = self._top + len(self._last)
        if self._top <= top < end:
            known = self._last[top - self._top : bottom - self._top]
            more = self._reader.rows(end, bottom) if bottom > end else known[:0]
            read = np.concatenate((known, more))
        else:
            read = self._reader.rows(top, bottom)
        self._top, self._last = top, read
        return read


def open_rows(path: Path) -> RowReader:
    """Open a picture to read its rows: a TIFF by regions, others as a whole where they are small enough.

    Raises:
        UnreadableInputError: the file is missing, damaged, no picture, or can only be read as a whole and is too large for it.
        UsageError: a TIFF, and the extra ``heatcam[large]`` is not installed.
    """
    if not is_tiff(path):
        return WholePicture(path)
    require_large()
    from heatcam.tiling.tiff_reading import TiffRows, why_not_by_rows  # noqa: PLC0415 (optional)

    reason = why_not_by_rows(path)
    if not reason:
        return TiffRows(path)
    try:
        return WholePicture(path)
    except UnreadableInputError as error:
        raise UnreadableInputError(f"{path} {reason}, and is too large otherwise", error.next_step) from error


def is_tiff(path: Path) -> bool:
    """Return True for a TIFF or BigTIFF, by its first bytes.

    Raises:
        UnreadableInputError: it is missing or cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(4) in _TIFF
    except IsADirectoryError:
        raise UnreadableInputError(f"{path} is a folder", "--tiles takes one picture") from None
    except FileNotFoundError:
        raise UnreadableInputError(f"{path} does not exist", "check the name") from None
    except OSError as error:
        raise UnreadableInputError(
            f"cannot read {path} ({error.strerror})", "check its permissions"
        ) from error


def require_large() -> None:
    """Refuse to go on without the packages of ``heatcam[large]``.

    Raises:
        UsageError: one of them is not installed.
    """
    missing = [name for name in ("tifffile", "imagecodecs") if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"this needs the extra heatcam[large] ({missing[0]} is not installed)",
            "pip install 'heatcam[large]', or in a clone pip install '.[large]'",
        )
