"""The list of all pictures of a run, written once into the output folder: every shard and every later start reads that one."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from heatcam.batch.input_rows import InputRow
from heatcam.batch.lists import counted_rows, reader_of
from heatcam.errors import SinkError, UsageError, reason_of
from heatcam.sinks import GrowingFile
from heatcam.sources import FoundPictures, is_glob, sorted_matches
from heatcam.text import json_text

INPUTS = "inputs.jsonl"
_SCHEMA = "heatcam/inputs/1"
#: Finds the pictures of files, folders and globs, and says what was left out.
Find = Callable[[Sequence[str]], FoundPictures]


@dataclass(frozen=True)
class InputList:
    """A written list of pictures.

    Attributes:
        path: the file: a line of JSON about the list, then one for each picture.
        count: number of pictures.
        sha256: of the file, in hexadecimal.
    """

    path: Path
    count: int
    sha256: str

    def between(self, first: int, end: int) -> Iterator[InputRow]:
        """Yield the pictures from number ``first`` to before ``end``."""
        with self.path.open(encoding="ascii") as lines:
            for index, line in enumerate(islice(lines, first + 1, end + 1), first):
                yield _row(json.loads(line), index)


def found_rows(specs: Sequence[str], find: Find) -> Iterator[InputRow]:
    """Yield the pictures of files, folders, globs, lists and tar files, in the order of the command line.

    Args:
        specs: the command line's inputs.
        find: finds those that are no lists.

    Raises:
        HeatcamError: one does not exist, cannot be read, or has no pictures.
    """
    for is_list, group in groupby(_expanded(specs), key=lambda spec: reader_of(spec) is not None):
        if not is_list:
            yield from (InputRow(str(path)) for path in find(list(group)).paths)
            continue
        for spec in group:
            reader = reader_of(spec)
            assert reader is not None  # (as the group says)
            yield from counted_rows(Path(spec), reader)


def _expanded(specs: Sequence[str]) -> Iterator[str]:
    """Yield the inputs with globs of lists replaced by what they match."""
    for spec in specs:
        lists = [str(path) for path in sorted_matches(spec) if reader_of(path)] if is_glob(spec) else []
        yield from lists or [spec]


def write_inputs(path: Path, head: dict[str, Any], rows: Iterable[InputRow]) -> InputList:
    """Write a list, or keep the one of the same head that another shard has written meanwhile.

    Args:
        path: the file.
        head: what was asked for; a later run with another head is refused.
        rows: the pictures.

    Raises:
        HeatcamError: of ``rows``; or the file cannot be written.
    """
    draft = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        with GrowingFile(draft) as file:
            file.write(json_text({"schema": _SCHEMA, **head}, in_ascii=True) + "\n")
            for row in rows:
                file.write(json_text(_values(row), in_ascii=True) + "\n")
            file.finish()
        _publish(draft, path)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
    return read_inputs(path, head)


def _publish(draft: Path, path: Path) -> None:
    """Give the list its name, unless there is one."""
    with contextlib.suppress(FileExistsError):
        try:
            os.link(draft, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            draft.replace(path)


def read_inputs(path: Path, head: dict[str, Any]) -> InputList:
    """Read a written list: count its pictures.

    Raises:
        UsageError: it is of other inputs.
        SinkError: it cannot be read.
    """
    digest, lines = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            first = file.readline()
            if json.loads(first) != {"schema": _SCHEMA, **head}:
                raise UsageError(f"{path.parent} is of other inputs", "give the same ones, or another -o")
            digest.update(first)
            for line in file:
                digest.update(line)
                lines += 1
    except (OSError, ValueError) as error:
        raise SinkError(
            f"cannot read {path} ({reason_of(error)})", "remove it, or choose another folder"
        ) from error
    return InputList(path, lines, digest.hexdigest())


def _values(row: InputRow) -> dict[str, Any]:
    return {name: value for name, value in row.as_values().items() if value is not None}


def _row(values: dict[str, Any], index: int) -> InputRow:
    place = (values["offset"], values["length"]) if "offset" in values else None
    tar, member, problem = (str(values.get(name, "")) for name in ("tar", "member", "problem"))
    return InputRow(values["path"], index, tar, member, place, problem)
