"""The manifest: what a run was asked, and each part that is done, a line of JSON each. A part counts once its line is whole."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from heatcam.errors import SinkError, UsageError, reason_of
from heatcam.sinks import lock_exclusively
from heatcam.text import json_text

SCHEMA = "heatcam/batch/1"


class Manifest:
    """The manifest of one shard's run, locked for this process.

    Args:
        path: the file; made where there is none.
        head: what this run is asked, by name, in records or not. An earlier run must have been asked the same; None asks nothing,
            for one that is to be removed.

    Attributes:
        parts: lines of the parts that are done.
        ran_on: what ran the model in the earlier run: ``device``, ``backend``, ``precision``; empty for none.

    Raises:
        UsageError: another process is at it, or the earlier run was asked something else; the message says what.
        SinkError: it cannot be read or written.
    """

    def __init__(self, path: Path, head: Mapping[str, Any] | None) -> None:
        self.path = path
        self.parts: list[dict[str, Any]] = []
        self.ran_on: dict[str, str] = {}
        asked = None if head is None else json.loads(json_text({"schema": SCHEMA, **head}))
        try:
            self._file: IO[bytes] = path.open("a+b")
        except OSError as error:
            raise _failed(path, error) from error
        if not lock_exclusively(self._file):
            self._file.close()
            raise UsageError(
                f"another heatcam is at {path.parent}", "wait until it is done, or choose another -o"
            )
        try:
            self._take_up(asked)
        except BaseException:
            self._file.close()
            raise

    def _take_up(self, asked: dict[str, Any] | None) -> None:
        """Read what is there, up to the last whole line, and begin where there is nothing."""
        try:
            self._file.seek(0)
            *lines, cut_off = self._file.read().split(b"\n")
            read = [json.loads(line) for line in lines]
            if cut_off:  # by a crash
                self._file.truncate(sum(len(line) + 1 for line in lines))
        except (OSError, ValueError) as error:
            raise _failed(self.path, error) from error
        if not read and asked is not None:
            self._append(asked)
        elif asked is not None:
            _require_same(self.path, asked, read[0])
        for line in read[1:]:
            self.ran_on = line.get("ran_on", self.ran_on)
            self.parts += [line] if "file" in line else []

    def runs_on(self, ran_on: dict[str, str]) -> None:
        """Note what runs the model, so that a later start runs the same."""
        if not self.ran_on:
            self.ran_on = ran_on
            self._append({"ran_on": ran_on})

    def add(self, part: dict[str, Any]) -> None:
        """Add a part that is written: from now on it counts."""
        self._append(part)
        self.parts.append(part)

    def total(self, name: str) -> int:
        """Return the sum of a count over all parts: ``objects`` or ``failed``."""
        return sum(int(part[name]) for part in self.parts)

    @property
    def pictures(self) -> int:
        """Number of pictures that are done."""
        return sum(end - first for first, end in self.ranges())

    def ranges(self) -> list[tuple[int, int]]:
        """Return the ranges of pictures that are done."""
        return [(int(part["first"]), int(part["end"])) for part in self.parts]

    def close(self) -> None:
        """Close the file and give up its lock."""
        self._file.close()

    def _append(self, line: dict[str, Any]) -> None:
        try:
            self._file.write((json_text(line) + "\n").encode())
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise _failed(self.path, error) from error

    def __enter__(self) -> Manifest:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _require_same(path: Path, asked: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """Refuse to go on with other settings.

    Raises:
        UsageError: they differ; the message names the first.
    """
    if before.get("schema") != SCHEMA:
        raise UsageError(f"{path} is of another version of heatcam", "add --overwrite, or choose another -o")
    own, other = _flat(asked), _flat(before)
    for name in {**other, **own}:
        if own.get(name) != other.get(name):
            told = " and not ".join(_shown(value) for value in (other.get(name), own.get(name)))
            raise UsageError(
                f"{path.parent} was begun with {name} {told}",
                "give the same, add --overwrite, or choose another -o",
            )


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with those of inner records beside the others, by their own names."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value) if isinstance(value, dict) else {name: value}
    return flat


def _shown(value: Any) -> str:
    return "none" if value in (None, "", []) else json.dumps(value) if isinstance(value, list) else str(value)


def _failed(path: Path, error: Exception) -> SinkError:
    return SinkError(f"cannot use {path} ({reason_of(error)})", "check the folder, or choose another")
