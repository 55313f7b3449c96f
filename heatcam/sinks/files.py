"""Files: whole or not at all, and never over anything that was not meant."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Sequence
from pathlib import Path

from heatcam import stopping
from heatcam.errors import SinkError, UsageError


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that readers see all of or nothing: it gets its name when it is complete. Replaces what is there.

    What is no file, such as ``/dev/stdout``, is written to as it is.

    Raises:
        SinkError: no permission, no folder, no space; nothing is left behind.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        try:
            with stopping.held():
                part.write_bytes(data)
                part.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):  # where it could not be made, there is nothing to remove
                part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SinkError(f"cannot write {path} ({error.strerror or error})", _what_helps(error)) from error


def refuse_existing(targets: Sequence[Path], overwrite: bool) -> None:
    """Before anything is computed.

    Raises:
        UsageError: a target is a folder, or is there and may not be replaced.
    """
    there = [target for target in targets if target.exists()]
    if there and there[0].is_dir():
        raise UsageError(f"{there[0]} is a folder", "choose another name")
    if there and not overwrite:
        others = f" and {len(there) - 1} more" if len(there) > 1 else ""
        exist = "exist" if len(there) > 1 else "exists"
        raise UsageError(f"{there[0]}{others} {exist} already", "choose another name or add --overwrite")


_HELPS = {
    errno.ENOSPC: "make space or choose another disk",
    errno.EDQUOT: "make space or choose another disk",
    errno.EROFS: "choose another folder",
    errno.EMFILE: "raise the limit of open files (`ulimit -n 4096`)",
    errno.ENFILE: "close other programs: the whole system has too many files open",
}


def _what_helps(error: OSError) -> str:
    return _HELPS.get(error.errno or 0, "check the folder and its permissions")
