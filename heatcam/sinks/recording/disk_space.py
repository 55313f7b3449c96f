"""Room on the disk: sizes as people write them, and a watch that stops a recording before the disk is full."""

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
    """Bytes of ``500MB``, ``1.5 GB``, ``2GiB`` or ``0``.

    Raises:
        UsageError: anything else.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no size", "write it like 500MB, 2GB or 0")
    return int(float(found[1]) * _UNITS[(found[2] or "").lower()])


def size_in_words(count: int) -> str:
    """``count`` bytes for people: ``480 MB``."""
    for unit, name in ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= unit:
            return f"{count / unit:.3g} {name}"
    return f"{count} bytes"


class SpaceWatch:
    """Looks several times a second how much room is left beside a file. Called from one thread.

    Args:
        folder: a folder on the disk to watch.
        least: bytes that have to stay free; 0 never looks.
        clock: seconds that only move forward.
        free: how many bytes are free beside a path.
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
        """What is wrong with the room on the disk, for people; "" while there is enough, or nobody can say."""
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
    """Refuse to start on a disk with less room than ``least`` bytes.

    Raises:
        SinkError: so.
    """
    shortage = SpaceWatch(folder, least).shortage()
    if shortage:
        raise SinkError(shortage, "make space, choose another disk or give a smaller --min-free")
