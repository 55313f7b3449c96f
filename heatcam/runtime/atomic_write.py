"""Atomic writes: readers see all of a file or nothing, whatever ends the program."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from heatcam.runtime import stopping


def write_atomically(path: Path, data: bytes, *, durably: bool = False) -> None:
    """Write a file under a temporary name beside it and rename it when it is complete, replacing what is there.

    Signals wait meanwhile.

    Args:
        path: the file.
        data: its content.
        durably: return only when the disk has the content and the name, so that a power cut does not undo them.

    Raises:
        OSError: no permission, no folder, no space; nothing is left behind, and what was there stays.
    """
    # a name of its own: with the file's in it, it would be too long for some
    part = path.with_name(f".{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        with stopping.held():
            part.write_bytes(data)
            if durably:
                _flush(part)
            part.replace(path)
            if durably:
                _flush(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):  # where it could not be made, there is nothing to remove
            part.unlink(missing_ok=True)
        raise


def _flush(path: Path) -> None:
    """Wait until the disk has a file, or the names in a folder, which Windows cannot be asked for."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
