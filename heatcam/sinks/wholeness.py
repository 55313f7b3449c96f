"""A quick look at a result of an earlier run: whether it is all there. Nothing is decoded."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

_TAIL = 32  # bytes at the end that are looked at


def is_whole(path: Path) -> bool:
    """Return True if a picture, archive or page ends as its format does; of other formats, if it is not empty."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            return size > 0 and _ENDS.get(path.suffix.lower(), _anyhow)(file, size)
    except OSError:
        return False


def _anyhow(_file: BinaryIO, _size: int) -> bool:
    return True


def _png(file: BinaryIO, size: int) -> bool:
    return b"IEND" in _tail(file, size)


def _jpeg(file: BinaryIO, size: int) -> bool:
    return _tail(file, size).rstrip(b"\0").endswith(b"\xff\xd9")


def _webp(file: BinaryIO, size: int) -> bool:
    return _number(file, 4) + 8 <= size


def _bmp(file: BinaryIO, size: int) -> bool:
    return _number(file, 2) <= size


def _pdf(file: BinaryIO, size: int) -> bool:
    return b"%%EOF" in _tail(file, size)


def _zip(file: BinaryIO, _size: int) -> bool:
    return zipfile.is_zipfile(file)


def _tail(file: BinaryIO, size: int) -> bytes:
    file.seek(max(0, size - _TAIL))
    return file.read()


def _number(file: BinaryIO, offset: int) -> int:
    """Return the unsigned 32-bit number, lowest byte first, at ``offset``."""
    file.seek(offset)
    return int.from_bytes(file.read(4), "little")


_ENDS: dict[str, Callable[[BinaryIO, int], bool]] = {
    ".png": _png,
    ".jpg": _jpeg,
    ".jpeg": _jpeg,
    ".webp": _webp,
    ".bmp": _bmp,
    ".pdf": _pdf,
    ".npz": _zip,
}
