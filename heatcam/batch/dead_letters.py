"""The dead-letter file: pictures that failed, a line of JSON each, with the reason; only of parts that count."""

from __future__ import annotations

import json
import os
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from heatcam.errors import SinkError, reason_of
from heatcam.sinks import write_whole
from heatcam.text import json_text


def append_failed(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    """Add failed pictures, on the disk when this returns; no file is made for none.

    Raises:
        SinkError: it cannot be written.
    """
    text = "".join(json_text(line, in_ascii=True) + "\n" for line in lines)
    if not text:
        return
    try:
        with path.open("ab") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise SinkError(f"cannot write {path} ({reason_of(error)})", "check the folder") from error


def keep_failed_of(path: Path, ranges: Sequence[tuple[int, int]]) -> None:
    """Keep the lines of pictures in these ranges, each once and in order: a part that was cut off is explained again.

    Raises:
        SinkError: it cannot be read or written.
    """
    try:
        lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    except OSError as error:
        raise SinkError(f"cannot read {path} ({reason_of(error)})", "check the folder") from error
    kept = {index: line for line in lines if _is_within(index := _index_of(line), ranges := sorted(ranges))}
    text = b"".join(kept[index] + b"\n" for index in sorted(kept))
    if text:
        write_whole(path, text, durably=True)
    elif lines:
        path.unlink(missing_ok=True)


def _index_of(line: bytes) -> int:
    try:
        return int(json.loads(line)["input_index"])
    except (ValueError, KeyError, TypeError):
        return -1


def _is_within(index: int, ranges: Sequence[tuple[int, int]]) -> bool:
    """Return True if one of the sorted ranges has the index."""
    at = bisect_right(ranges, (index, float("inf"))) - 1
    return at >= 0 and ranges[at][0] <= index < ranges[at][1]
