"""The log of a watch: a line of JSON a block, in files that do not grow without end."""

from __future__ import annotations

import logging
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any

from heatcam.errors import SinkError
from heatcam.text import json_text

MOST_BYTES = 10_000_000  # at two kilobytes a line of ten minutes, a month
OLDER_FILES = 3


class BlockLog:
    """A file that is appended to, a line a block. Each line is in the file before the next frame is looked at.

    From 10 MB on it becomes ``FILE.1``, that ``FILE.2``, and the fourth is dropped. A line that a power cut left half
    written is ended first, so that it spoils no other.

    Args:
        path: the file.

    Raises:
        SinkError: it cannot be opened.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self._path = path
        try:
            _end_last_line(path)
            self._handler = _Raising(path, maxBytes=most_bytes, backupCount=OLDER_FILES, encoding="utf-8")
        except OSError as error:
            raise self._failed(error) from error
        self._handler.setFormatter(logging.Formatter("%(message)s"))

    def write(self, data: dict[str, Any]) -> None:
        """Append a line.

        Raises:
            SinkError: no space.
        """
        try:
            self._handler.handle(logging.makeLogRecord({"msg": json_text(data), "args": ()}))
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> SinkError:
        return SinkError(
            f"cannot write {self._path} ({error.strerror or error})", "make space, or choose another file"
        )

    def __enter__(self) -> BlockLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # (what a full disk did not take was told when it was written)
            self._handler.close()


class _Raising(RotatingFileHandler):
    """Handler whose failures are raised instead of printed."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        """Raise what is being handled."""
        del record
        raise  # noqa: PLE0704 (logging calls this within its own except)


def _end_last_line(path: Path) -> None:
    """End the last line of a file that lacks its line feed."""
    if not path.exists() or not path.stat().st_size:
        return
    with path.open("rb+") as file:
        file.seek(-1, 2)
        if file.read(1) != b"\n":
            file.write(b"\n")
