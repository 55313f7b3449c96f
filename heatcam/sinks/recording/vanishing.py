"""Watch for an unfinished recording whose file or folder is deleted, moved or unmounted, and save what was written."""

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
_MISSES = 2  # in a row: on a network disk a file may be missing for a moment
_CHUNK = 1 << 20
_F_GETPATH = 50  # macOS' fcntl command for the path of an open file


class FileWatch:
    """Checks once a second that a file being written still exists under its name. Called from one thread.

    It holds the file open, so that its bytes survive its deletion. Windows does not let open files be moved: nothing is watched
    there.

    Args:
        path: the file, which exists, or for numbered pictures their folder.
        clock: monotonic clock, in seconds.
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
        """File descriptor that holds it open; empty on Windows."""
        return () if self._file is None else (self._file,)

    def path_for_child(self) -> str:
        """Return a path to the file for a process that inherits ``held``: valid after a rename if possible, else its own path."""
        by_number = Path(f"/proc/self/fd/{self._file}")
        is_possible = not self._is_folder and self._file is not None and by_number.exists()
        return str(by_number if is_possible else self._path.resolve())

    def is_gone(self) -> bool:
        """Return True if the file is gone: missing in two checks in a row, which takes at most three seconds."""
        if self._file is None or self._clock() < self._next_s:
            return False
        self._next_s = self._clock() + _EVERY_S
        self._misses = self._misses + 1 if self.is_missing() else 0
        return self._misses >= _MISSES

    def is_missing(self) -> bool:
        """Return True if the file is missing at this moment; False also if that is unknown."""
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
        """Return the current path of a file that was moved, by itself or with its folder; None if deleted or unknown."""
        if self._file is None:
            return None
        with contextlib.suppress(OSError, ValueError):
            place = _name_of(self._file)
            if place is not None and os.path.samestat(place.stat(), os.fstat(self._file)):
                return place
        return None

    def copy_to(self, folders: Iterator[Path], name: str) -> Path | None:
        """Copy the written bytes to the first folder that works, under a free name; return None if none does."""
        if self._file is None:
            return None
        for folder in folders:
            with contextlib.suppress(OSError):
                return _copied(self._file, free_path(folder / name))
        return None

    def close(self) -> None:
        """Close the file descriptor; a second call is harmless."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def other_folders(lost: Path) -> Iterator[Path]:
    """Yield folders for a file whose own folder is lost, the nearest first. ``lost`` is absolute."""
    yield from (folder for folder in (lost, *lost.parents) if folder != folder.parent and folder.is_dir())
    for find in (Path.cwd, Path.home, lambda: Path(tempfile.gettempdir())):
        with contextlib.suppress(OSError, RuntimeError):
            yield find()


def named_where_it_is(place: Path, target: OutputPath) -> Path:
    """Rename an unfinished recording that was moved with its folder to its finished name there, if that is free.

    Args:
        place: current path of the unfinished file, or of the folder of pictures.
        target: the recording's names before the move.

    Returns:
        The final path.
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
    """Return the current path of an open file; None if the system does not tell."""
    if sys.platform == "darwin":
        import fcntl  # noqa: PLC0415 (not there on Windows)

        return Path(os.fsdecode(fcntl.fcntl(file, _F_GETPATH, bytes(1024)).rstrip(b"\0")))
    link = Path(f"/proc/self/fd/{file}")
    return link.readlink() if link.is_symlink() else None


def _copied(file: int, target: Path) -> Path:
    """Copy an open file's bytes to a new file, completely or not at all."""
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
