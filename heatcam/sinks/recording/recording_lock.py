"""Lock of a recording: a small file beside it, locked while the main process or the encoder's is alive.

The lock ends with the processes, however they end. The file stays behind after a crash and holds the manifest, so that a later
run can resume the recording.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from heatcam.errors import SinkError, UsageError
from heatcam.runtime import DamagedFileError, read_object

_LOCKED_BYTE = 1 << 30  # on Windows a locked byte cannot be read by others: this one is far beyond the text


class RecordingLock:
    """Exclusive lock on one recording, held until ``release`` or ``withdraw``.

    Args:
        path: the lock file.
        manifest: description of the recording, for a later run; JSON.

    Raises:
        UsageError: another process is writing this recording.
        SinkError: no permission, no space.
    """

    def __init__(self, path: Path, manifest: Mapping[str, Any]) -> None:
        self._path = path
        try:
            self._file: IO[bytes] = path.open("a+b")
        except OSError as error:
            raise SinkError(f"cannot write {path} ({error.strerror})", "choose another folder") from error
        if not lock_exclusively(self._file):
            self._file.close()
            raise _taken(path)
        try:
            self._file.truncate(0)
            self._file.write(json.dumps(dict(manifest), default=str).encode())
            self._file.flush()
        except OSError as error:
            self.withdraw()
            raise SinkError(
                f"cannot write {path} ({error.strerror})", "make space or choose another disk"
            ) from error

    @property
    def descriptor(self) -> int:
        """File descriptor for the encoder's process, which holds the lock as long as it lives (POSIX)."""
        return self._file.fileno()

    def release(self) -> None:
        """Release the lock and keep the manifest for a later run."""
        self._file.close()

    def withdraw(self) -> None:
        """Release the lock and remove its file."""
        if sys.platform == "win32":  # an open file cannot be removed there
            self._file.close()
        with contextlib.suppress(OSError):  # its folder may be gone
            self._path.unlink(missing_ok=True)
        self._file.close()


def is_locked(path: Path) -> bool:
    """Return True if a running process is writing the recording of this lock file."""
    try:
        with path.open("r+b") as file:
            return not lock_exclusively(file)
    except OSError:
        return False


def require_unlocked(path: Path) -> None:
    """Refuse a recording that another process is writing.

    Raises:
        UsageError: another process is writing it.
    """
    if is_locked(path):
        raise _taken(path)


def manifest_in(path: Path) -> dict[str, Any]:
    """Return the manifest in a lock file; empty if the file is missing or damaged."""
    try:
        return read_object(path)
    except (FileNotFoundError, DamagedFileError):
        return {}


def _taken(path: Path) -> UsageError:
    name = path.with_name(path.name.removesuffix(".json"))
    return UsageError(
        f"{name} is being written by another heatcam", "wait until it is done or choose another name"
    )


def lock_exclusively(file: IO[bytes]) -> bool:
    """Lock the open file for this process until it is closed; return True for success, and on a file system without locks."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 (Windows only)

        file.seek(_LOCKED_BYTE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        file.seek(0)
        return True
    import fcntl  # noqa: PLC0415 (not there on Windows)

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
