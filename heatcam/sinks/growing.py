"""A text file that is written line by line and gets its name when it is complete."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from types import TracebackType

from heatcam.errors import SinkError
from heatcam.runtime import stopping
from heatcam.sinks.files import what_helps


class GrowingFile:
    """Text file under a temporary name beside its own, in UTF-8, with line feeds as they are written.

    ``with GrowingFile(path) as file: file.write(...); file.finish()``: without ``finish`` nothing is left behind.

    Args:
        path: its name when it is complete; what is there is replaced then.

    Raises:
        SinkError: it cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f".{os.getpid()}-{secrets.token_hex(4)}.part")
        try:
            self._file = self._part.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise self._failed(error) from error

    def write(self, text: str) -> int:
        """Write text, and return its length.

        Raises:
            SinkError: no space.
        """
        try:
            return self._file.write(text)
        except OSError as error:
            raise self._failed(error) from error

    def finish(self) -> None:
        """Give the file its name.

        Raises:
            SinkError: no space or no permission.
        """
        try:
            with stopping.held():
                self._file.close()
                self._part.replace(self._path)
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> SinkError:
        return SinkError(f"cannot write {self._path} ({error.strerror or error})", what_helps(error))

    def __enter__(self) -> GrowingFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)
