"""Names of result files: derived from their inputs, all different, none too long for a file system."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from zlib import crc32

_LONGEST_NAME = 255  # bytes; the limit of every usual file system
#: Formats of photographs that cannot be written: the result becomes JPEG. Other pictures become PNG.
_PHOTOGRAPHS = (".jfif", ".jpe", ".mpo", ".heic", ".heif", ".avif", ".jp2")
#: Suffixes of pictures that can be written (``pictures.write_picture``).
WRITABLE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
_OTHERS = (
    ".gif",
    ".ico",
    ".psd",
    ".ppm",
    ".pgm",
    ".qoi",
    ".icns",
    ".pcx",
    ".sgi",
    ".dds",
    ".fits",
    ".xpm",
    ".npy",
    ".dcm",
)


def fitting_name(stem: str, tail: str, spare: int = 0) -> str:
    """Join ``stem`` and ``tail`` to a file name; a stem that is too long is cut and gets its CRC-32 to stay unique.

    Args:
        stem: the part that may be cut.
        tail: the part that stays complete: a suffix, and text before it.
        spare: bytes to leave free for text added later.
    """
    most = _LONGEST_NAME - spare - len(os.fsencode(tail))
    if len(os.fsencode(stem)) <= most:
        return stem + tail
    mark = f"~{crc32(os.fsencode(stem)):08x}"
    while len(os.fsencode(stem)) > most - len(mark):
        stem = stem[:-1]
    return stem + mark + tail


def names_below_folder(
    inputs: Sequence[Path], below: Sequence[Path], writable: Sequence[str]
) -> tuple[Path, ...]:
    """Return the path of each input's result below an output folder, no two the same on any file system.

    Each keeps its relative path, its stem and its suffix, if that can be written (else ``.jpg`` for photographs, ``.png`` for the
    rest). Equal names get the folders in which they differ; then the input's full name (``a.gif.png``); then a number.

    Args:
        inputs: the inputs.
        below: path of each input relative to what was named on the command line.
        writable: suffixes that can be written.
    """
    names = [_written_name(place, writable) for place in below]
    names = _where_they_meet(names, lambda n, group: _written_name(_apart(inputs, group, n), writable))
    names = _where_they_meet(
        names,
        lambda n, _: (
            names[n].with_name(fitting_name(inputs[n].name, names[n].suffix))
            if names[n].suffix.lower() != inputs[n].suffix.lower()
            else names[n]
        ),
    )
    return tuple(_numbered(names))


def _written_name(place: Path, writable: Sequence[str]) -> Path:
    suffix = place.suffix.lower()
    if suffix in writable:
        return place.with_name(fitting_name(place.stem, place.suffix))
    known = _PHOTOGRAPHS + _OTHERS + WRITABLE_SUFFIXES
    stem = place.stem if suffix in known else place.name  # 2024.11.26 has no suffix
    is_photograph = suffix in _PHOTOGRAPHS and ".jpg" in writable
    return place.with_name(fitting_name(stem, ".jpg" if is_photograph else ".png"))


def _where_they_meet(names: list[Path], another: Callable[[int, list[int]], Path]) -> list[Path]:
    """Return the names, with equal ones replaced by ``another(number, numbers of the group)``."""
    keys = [_key(name) for name in names]
    groups: dict[str, list[int]] = {}
    for number, key in enumerate(keys):
        groups.setdefault(key, []).append(number)
    return [
        another(number, groups[key]) if len(groups[key]) > 1 else names[number]
        for number, key in enumerate(keys)
    ]


def _apart(inputs: Sequence[Path], group: Sequence[int], number: int) -> Path:
    """Return an input's path relative to the group's common folder; its name alone if they are on several disks."""
    paths = [inputs[n].absolute() for n in group]
    try:
        return Path(
            os.path.relpath(paths[list(group).index(number)], os.path.commonpath([p.parent for p in paths]))
        )
    except ValueError:
        return Path(inputs[number].name)


def _numbered(names: Sequence[Path]) -> list[Path]:
    """Add ``-2``, ``-3`` to names that are still equal, in their order."""
    wanted = Counter(map(_key, names))
    taken: set[str] = set()
    unique = []
    for name in names:
        free, number = name, 1
        while _key(free) in taken or (number > 1 and _key(free) in wanted):
            number += 1
            free = name.with_name(fitting_name(name.stem, f"-{number}{name.suffix}"))
        taken.add(_key(free))
        unique.append(free)
    return unique


def _key(name: Path) -> str:
    return str(name).casefold()
