"""Disk space: sizes as people write them, and a watch that stops a recording before the disk is full."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from heatcam.errors import SinkError, UsageError

_UNITS = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?", re.IGNORECASE)
_EVERY_S = 0.2  # a lossless recording can write 100 MB in a second


def parse_size(text: str) -> int:
    """Parse a size such as ``500MB``, ``1.5 GB``, ``2GiB`` or ``0`` to bytes.

    Raises:
        UsageError: the text is not a size.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is not a valid size", "write it like 500MB, 2GB or 0")
    return int(float(found[1]) * _UNITS[(found[2] or "").lower()])


def size_in_words(count: int) -> str:
    """Format ``count`` bytes for display: ``480 MB``."""
    for unit, name in ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= unit:
            return f"{count / unit:.3g} {name}"
    return f"{count} bytes"


class SpaceWatch:
    """Checks the free disk space beside a file several times a second. Called from one thread.

    Args:
        folder: a folder on the disk to watch.
        least: bytes that must stay free; 0 for no check.
        clock: monotonic clock, in seconds.
        free: returns the free bytes on the disk of a path.
    """

    def __init__(
        self,
        folder: Path,
        least: int,
        clock: Callable[[], float] = time.monotonic,
        free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
    ) -> None:
        self._folder = folder
        self._least = least
        self._clock = clock
        self._free = free
        self._next_s = 0.0

    def shortage(self) -> str:
        """Return a message if the disk has too little free space; "" while there is enough, or it is unknown."""
        if not self._least or self._clock() < self._next_s:
            return ""
        self._next_s = self._clock() + _EVERY_S
        try:
            left = self._free(self._folder)
        except OSError:
            return ""
        if left >= self._least:
            return ""
        least = size_in_words(self._least)
        return (
            f"only {size_in_words(left)} are free on the disk of {self._folder}, less than --min-free {least}"
        )


def require_space(folder: Path, least: int) -> None:
    """Refuse to start on a disk with less than ``least`` free bytes.

    Raises:
        SinkError: the disk has less free space.
    """
    shortage = SpaceWatch(folder, least).shortage()
    if shortage:
        raise SinkError(shortage, "make space, choose another disk or give a smaller --min-free")
