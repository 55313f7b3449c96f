"""File names of a recording: valid names, and the names while it is unfinished."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from heatcam.errors import UsageError
from heatcam.sinks.picture_names import fitting_name
from heatcam.sinks.recording.formats import FILE_SUFFIXES, OutputFormat, format_of_suffix

_NUMBER = re.compile(r"%0?\d*d")
_WORD = ".part"
_SPARE = len("-999") + len(".json")  # bytes of a name: for a segment's number and the lock file's suffix


@dataclass(frozen=True)
class OutputPath:
    """Names of a recording's files.

    Attributes:
        path: the finished file; for pictures, the pattern of their names.
        form: its format.
    """

    path: Path
    form: OutputFormat

    @property
    def part(self) -> Path:
        """Path of the unfinished file: ``name.part.mp4`` for ``name.mp4``; for pictures, their pattern."""
        return part_path(self.path) if self.form.has_part_file else self.path

    @property
    def lock_file(self) -> Path:
        """Path of the lock file with the manifest, ``name.part.mp4.json``, which exists while the recording is written."""
        return lock_path(part_path(self.path))

    def existing(self) -> Path | None:
        """Return the existing file of the final name, or the first such picture; None if there is none."""
        if self.form.has_part_file:
            return self.path if self.path.exists() else None
        pattern = re.compile(r"\d+".join(map(re.escape, _NUMBER.split(self.path.name))))
        there = (path for path in self.path.parent.iterdir() if pattern.fullmatch(path.name))
        return min(there, default=None)


def part_path(path: Path) -> Path:
    """Return the name of an unfinished recording: ``name.part.mp4`` for ``name.mp4``."""
    return path.with_name(fitting_name(path.stem, f"{_WORD}{path.suffix}", _SPARE))


def finished_path(part: Path) -> Path:
    """Return the finished name of an unfinished recording, the inverse of ``part_path``."""
    return part.with_name(part.stem.removesuffix(_WORD) + part.suffix)


def lock_path(part: Path) -> Path:
    """Return the lock file beside an unfinished recording."""
    return part.with_name(f"{part.name}.json")


def is_part(path: Path) -> bool:
    """Return True if a file is named like an unfinished recording."""
    return path.stem.endswith(_WORD) and path.suffix.lower() in FILE_SUFFIXES


def earlier_segments(part: Path) -> tuple[Path, ...]:
    """Return the segments recorded before interruptions, in order: ``name.part-1.mp4``, ``name.part-2.mp4``, ..."""
    pattern = re.compile(rf"{re.escape(part.stem)}-(\d+){re.escape(part.suffix)}")
    try:
        beside = list(part.parent.iterdir())
    except OSError:  # the folder is gone
        return ()
    found = [(int(match[1]), path) for path in beside if (match := pattern.fullmatch(path.name))]
    return tuple(path for _, path in sorted(found))


def next_segment(part: Path) -> Path:
    """Return the name that ``part`` gets when another segment is started."""
    numbers = [int(path.stem.rpartition("-")[2]) for path in earlier_segments(part)]
    return part.with_name(f"{part.stem}-{max(numbers, default=0) + 1}{part.suffix}")


def output_path_of(path: str | Path) -> OutputPath:
    """Return the paths and format of a recording of this name.

    Raises:
        UsageError: an unknown suffix, pictures without a number, a folder, or a file in a folder that does not exist.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    form = format_of_suffix(suffix)
    if form is None:
        known = ", ".join(FILE_SUFFIXES)
        raise UsageError(
            f"cannot record to {path.name}", f"name it with one of {known}, or out-%05d.png for pictures"
        )
    is_numbered = len(_NUMBER.findall(path.name)) == 1 and path.name.count("%") == 1
    if not form.has_part_file and not is_numbered:
        raise UsageError(
            f"one {suffix} file cannot hold a recording", f"number the pictures: {path.stem}-%05d{suffix}"
        )
    if path.is_dir():
        raise UsageError(f"{path} is a folder", f"name a file in it, {path / 'out.mp4'} for example")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}", "make it first or choose another")
    return OutputPath(path, form)
