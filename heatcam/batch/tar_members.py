"""Members of tar files (the layout of WebDataset), read by the standard library: by place, or in one pass in their order."""

from __future__ import annotations

import tarfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from heatcam.errors import UnreadableInputError, reason_of

_MOST_BYTES = 1 << 30  # of a member; no picture that can be shown has more


class TarMembers:
    """Reader of members; keeps the last file open, so that members in their order are read in one pass. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._path = ""
        self._tar: Any = None  # (a ``TarFile``, whose list of members typeshed does not know)

    def read(self, tar: str, member: str, place: tuple[int, int] | None = None) -> bytes:
        """Return the bytes of a member.

        Args:
            tar: the file, which may be compressed.
            member: its name in it.
            place: offset and length of its bytes in a file that is not compressed, where known: nothing else is read then.

        Raises:
            UnreadableInputError: the file is missing or damaged, or has no such member.
        """
        if place is not None:
            return _at(tar, member, *place)
        with self._lock:
            try:
                found = self._next(tar, member)
                if found is None:
                    self.close()
                    found = self._next(tar, member)
            except (OSError, EOFError, tarfile.TarError) as error:
                self.close()
                raise _damaged(tar, member, reason_of(error)) from error
        if found is None:
            raise UnreadableInputError(f"{tar} has no member {member}", "check the list")
        return found

    def close(self) -> None:
        """Close the file that is open."""
        if self._tar is not None:
            with suppress(OSError):
                self._tar.close()
        self._tar, self._path = None, ""

    def _next(self, tar: str, member: str) -> bytes | None:
        """Return the bytes of the next member of this name from where the last reading ended; None at the end."""
        if self._path != tar or self._tar is None:
            self.close()
            self._tar, self._path = tarfile.open(tar, "r|*"), tar  # noqa: SIM115 (kept for the next member)
        while (info := self._tar.next()) is not None:
            self._tar.members.clear()  # it would keep those of a whole shard
            if info.name == member and info.isfile():
                if info.size > _MOST_BYTES:
                    raise _damaged(tar, member, f"{info.size} bytes")
                file = self._tar.extractfile(info)
                return bytes(file.read())
        return None


def _at(tar: str, member: str, offset: int, length: int) -> bytes:
    if not 0 <= length <= _MOST_BYTES:
        raise _damaged(tar, member, f"{length} bytes")
    try:
        with Path(tar).open("rb") as file:
            file.seek(offset)
            found = file.read(length)
    except OSError as error:
        raise _damaged(tar, member, reason_of(error)) from error
    if len(found) < length:
        raise _damaged(tar, member, "it is cut off")
    return found


def _damaged(tar: str, member: str, reason: str) -> UnreadableInputError:
    return UnreadableInputError(f"{tar}/{member} cannot be read ({reason})", "fetch the file again")
