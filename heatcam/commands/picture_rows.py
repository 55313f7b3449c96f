"""Rows of the JSON document of a run over pictures, kept outside of memory until they are written."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from heatcam.measures import SCHEMA, ImageFindings
from heatcam.text import json_text


class PictureRows:
    """Rows of pictures: the last one may still change, earlier ones lie in a temporary file.

    Attributes:
        count: number of rows.
        objects: number of detections in them.
        empty: number of rows without any.
    """

    def __init__(self) -> None:
        self.count = self.objects = self.empty = 0
        self._file: IO[str] | None = None
        self._last: dict[str, Any] | None = None

    def append(self, row: dict[str, Any]) -> None:
        """Add a row, which may change until the next one comes."""
        self._write_last()
        self._last = row
        self._count(row, 1)

    def withdraw(self) -> None:
        """Take the last row out again."""
        if self._last is not None:
            self._count(self._last, -1)
            self._last = None

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield all rows in their order."""
        if self._file is not None:
            self._file.seek(0)
            yield from (json.loads(line) for line in self._file)
            self._file.seek(0, 2)
        if self._last is not None:
            yield self._last

    def __len__(self) -> int:
        return self.count

    def _write_last(self) -> None:
        if self._last is not None:
            if self._file is None:
                self._file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 (as long as this lives)
            self._file.write(json_text(self._last, in_ascii=True) + "\n")
            self._last = None

    def _count(self, row: dict[str, Any], by: int) -> None:
        found = len(row["detections"])
        self.count, self.objects, self.empty = (
            self.count + by,
            self.objects + by * found,
            self.empty + by * (not found),
        )


def earlier_rows(path: Path) -> dict[str, dict[str, Any]]:
    """Return the rows of a document that an earlier run wrote, by the picture's path; empty if there is none of this format."""
    try:
        read = json.loads(path.read_text("utf-8"))
        if read["schema"] == SCHEMA:
            return {ImageFindings.model_validate(row).path or "": row for row in read["images"]}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    return {}
