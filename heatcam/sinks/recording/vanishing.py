"""An unfinished recording whose file or folder is deleted, moved or unmounted: noticed, and what was written is kept."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from heatcam.sinks.files import free_path
from heatcam.sinks.recording.output_path import OutputPath, earlier_segments

_EVERY_S = 1.0
_MISSES = 2  # one after the other: a network disk may lose sight of a file for a moment
_CHUNK = 1 << 20
_F_GETPATH = 50  # macOS' name of an open file


class FileWatch:
    """Looks once a second whether a file that is being written is still found under its name. Called from one thread.

    It holds the file open, so that its bytes outlive its name. Windows keeps open files where they are: there nothing is watched.

    Args:
        path: the file, which is there, or for recordings without one of their own (pictures) the folder.
        clock: seconds that only move forward.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._is_folder = path.is_dir()
        self._clock = clock
        self._next_s = clock() + _EVERY_S
        self._misses = 0
        self._file: int | None = None
        if sys.platform != "win32":
            self._file = os.open(path, os.O_RDONLY)

    @property
    def held(self) -> tuple[int, ...]:
        """The descriptor by which it is held open; none on Windows."""
        return () if self._file is None else (self._file,)

    def path_for_child(self) -> str:
        """A path by which a process that inherits ``held`` reaches the file whatever becomes of its name; else its own path."""
        by_number = Path(f"/proc/self/fd/{self._file}")
        is_possible = not self._is_folder and self._file is not None and by_number.exists()
        return str(by_number if is_possible else self._path.resolve())

    def is_gone(self) -> bool:
        """Whether the file is not found any more; says so after two looks, at most three seconds later."""
        if self._file is None or self._clock() < self._next_s:
            return False
        self._next_s = self._clock() + _EVERY_S
        self._misses = self._misses + 1 if self.is_missing() else 0
        return self._misses >= _MISSES

    def is_missing(self) -> bool:
        """Whether it is not found at this moment. What cannot be told counts as found."""
        if self._file is None:
            return False
        try:
            self._path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False
        return not self._is_folder and os.fstat(self._file).st_nlink == 0  # another file has its name now

    def new_place(self) -> Path | None:
        """Where it is now, when it or a folder above it was moved; None when it was deleted, or nobody can say."""
        if self._file is None:
            return None
        with contextlib.suppress(OSError, ValueError):
            place = _name_of(self._file)
            if place is not None and os.path.samestat(place.stat(), os.fstat(self._file)):
                return place
        return None

    def copy_to(self, folders: Iterator[Path], name: str) -> Path | None:
        """Copy all that was written to the first folder that takes it, under a free name; None where none does."""
        if self._file is None:
            return None
        for folder in folders:
            with contextlib.suppress(OSError):
                return _copied(self._file, free_path(folder / name))
        return None

    def close(self) -> None:
        """Let go of the file; twice is harmless."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def other_folders(lost: Path) -> Iterator[Path]:
    """Folders in which something that has lost its own can be kept, the nearest first. ``lost`` is absolute."""
    yield from (folder for folder in (lost, *lost.parents) if folder != folder.parent and folder.is_dir())
    for find in (Path.cwd, Path.home, lambda: Path(tempfile.gettempdir())):
        with contextlib.suppress(OSError, RuntimeError):
            yield find()


def named_where_it_is(place: Path, target: OutputPath) -> Path:
    """Give an unfinished recording that was moved with its folder its finished name there, where that is free.

    Args:
        place: the unfinished file, or the folder of pictures, as it is called now.
        target: the recording's names before.

    Returns:
        What it is called in the end.
    """
    if not target.form.has_part_file:
        return place
    finished = place.with_name(target.path.name)
    if place.name != target.part.name or finished.exists() or earlier_segments(place):
        return place
    try:
        place.rename(finished)
    except OSError:
        return place
    return finished


def _name_of(file: int) -> Path | None:
    """The present name of an open file."""
    if sys.platform == "darwin":
        import fcntl  # noqa: PLC0415 (not there on Windows)

        return Path(os.fsdecode(fcntl.fcntl(file, _F_GETPATH, bytes(1024)).rstrip(b"\0")))
    link = Path(f"/proc/self/fd/{file}")
    return link.readlink() if link.is_symlink() else None


def _copied(file: int, target: Path) -> Path:
    """Copy an open file's bytes to a new file, whole or not at all."""
    try:
        with target.open("xb") as copy:
            at = 0
            while chunk := os.pread(file, _CHUNK, at):
                copy.write(chunk)
                at += len(chunk)
    except OSError:
        with contextlib.suppress(OSError):
            target.unlink(missing_ok=True)
        raise
    return target
