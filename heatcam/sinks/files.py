"""Safe writing of files: complete or not at all, and never over a file that the user did not mean."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Sequence
from pathlib import Path

from heatcam.errors import SinkError, UsageError
from heatcam.runtime import write_atomically


def write_whole(path: Path, data: bytes, *, durably: bool = False) -> None:
    """Write a file atomically: it gets its name when it is complete. Replaces an existing file.

    A path that is not a regular file, such as ``/dev/stdout``, is written to directly. ``durably`` waits for the disk.

    Raises:
        SinkError: no permission, no folder, no space; nothing is left behind.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
        else:
            write_atomically(path, data, durably=durably)
    except OSError as error:
        raise SinkError(f"cannot write {path} ({error.strerror or error})", what_helps(error)) from error


def free_path(path: Path, given: Collection[Path] = ()) -> Path:
    """Return the first path that does not exist and is not in ``given``: ``a.png`` itself, ``a-2.png``, ``a-3.png`` ..."""
    number, free = 1, path
    while free.exists() or free in given:
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free


def refuse_existing(
    targets: Sequence[Path],
    overwrite: bool,
    next_step: str = "choose another name or add --overwrite",
) -> None:
    """Refuse targets that exist, before anything is computed.

    Args:
        targets: the files to be written.
        overwrite: True if existing files may be replaced.
        next_step: advice in the error if they may not.

    Raises:
        UsageError: a target is a folder, or exists and may not be replaced.
    """
    there = [target for target in targets if target.exists()]
    for target in there:
        if target.is_dir():
            raise UsageError(f"{target} is a folder", "choose another name")
    if there and not overwrite:
        others = f" and {len(there) - 1} more" if len(there) > 1 else ""
        exist = "exist" if len(there) > 1 else "exists"
        raise UsageError(f"{there[0]}{others} {exist} already", next_step)


def require_folder(folder: Path, *, may_make: bool = True) -> None:
    """Check, before anything is computed, that files can be written into a folder that exists or can be made.

    Raises:
        UsageError: it does not exist and may not be made.
        SinkError: a file is in the way, or there is no permission.
    """
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if there != folder and not may_make:
        raise UsageError(f"there is no folder {folder}", "make it first or choose another")
    if not there.is_dir():
        raise SinkError(f"cannot make the folder {folder} ({there} is a file)", "choose another folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise SinkError(f"cannot write into the folder {there} (Permission denied)", "choose another folder")


def make_folder(folder: Path) -> None:
    """Make a folder and its parents; an existing one stays.

    Raises:
        SinkError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(
            f"cannot make the folder {folder} ({error.strerror})", "choose another folder"
        ) from error


_HELPS = {
    errno.ENOSPC: "make space or choose another disk",
    errno.EDQUOT: "make space or choose another disk",
    errno.EROFS: "choose another folder",
    errno.EMFILE: "raise the limit of open files (`ulimit -n 4096`)",
    errno.ENFILE: "close other programs: the whole system has too many files open",
}


def what_helps(error: OSError) -> str:
    """Return the next step after an error of the system."""
    return _HELPS.get(error.errno or 0, "check the folder and its permissions")
