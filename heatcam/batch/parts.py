"""Parts of the result: the rows of one chunk, gathered from its tasks and written as one Parquet file."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from heatcam.batch.columns import FAILED, OBJECT
from heatcam.batch.input_rows import InputRow
from heatcam.sinks import write_whole

Columns = Mapping[str, Sequence[Any]]
#: Columns of ``ExplainRows`` that a table of objects alone does not need.
_LEFT_OUT = ("status",)


@dataclass(frozen=True)
class Task:
    """Pictures that one call of ``ExplainRows`` explains.

    Attributes:
        chunk: first picture of the chunk, and the first one after it.
        rows: the pictures, without gaps.
        alone: True for one that is tried again after its process had died.
    """

    chunk: tuple[int, int]
    rows: tuple[InputRow, ...]
    alone: bool = False

    @property
    def first(self) -> int:
        """Number of the first picture."""
        return self.rows[0].index or 0

    def batch(self) -> dict[str, list[Any]]:
        """Return the rows as a batch for ``ExplainRows``."""
        values = [row.as_values() for row in self.rows]
        return {name: [each[name] for each in values] for name in values[0]}


@dataclass(frozen=True)
class TablePart:
    """Rows of all pictures of a chunk, or of those at its beginning.

    Attributes:
        first, end: number of its first picture, and of the first one after it.
        columns: as ``ExplainRows`` gives them, pictures in order.
    """

    first: int
    end: int
    columns: Columns

    @property
    def name(self) -> str:
        """Name of its file: ``part-00000256.parquet`` begins with the picture of that number."""
        return f"part-{self.first:08d}.parquet"

    def facts(self) -> dict[str, Any]:
        """Return its line in the manifest: file, range and counts."""
        counts = Counter(self.columns["status"])
        told = {"objects": counts[OBJECT], "failed": counts[FAILED]}
        return {"file": self.name, "first": self.first, "end": self.end, **told}

    def failed(self) -> Iterator[dict[str, Any]]:
        """Yield the lines of the dead-letter file: path, reason and number of each picture that failed."""
        names = ("path", "reason", "input_index", "tar", "member")
        for status, *values in zip(*(self.columns[name] for name in ("status", *names)), strict=True):
            if status == FAILED:
                yield {name: value for name, value in zip(names, values, strict=True) if value is not None}


def write_part(folder: Path, part: TablePart, kinds: Mapping[str, str]) -> None:
    """Write a part's objects as Parquet, whole and on the disk when this returns; replaces the same part of an earlier run.

    Args:
        folder: where to.
        part: the rows.
        kinds: type of each column: see ``ExplainRows.columns``.

    Raises:
        SinkError: it cannot be written.
    """
    import polars  # noqa: PLC0415 (a tenth of a second)

    types = {
        "text": polars.String,
        "int": polars.Int64,
        "float": polars.Float64,
        "bool": polars.Boolean,
        "bytes": polars.Binary,
    }
    table = polars.DataFrame(part.columns, {name: types[kind] for name, kind in kinds.items()})
    buffer = io.BytesIO()
    table.filter(polars.col("status") == OBJECT).drop(_LEFT_OUT).write_parquet(buffer)
    write_whole(folder / part.name, buffer.getvalue(), durably=True)


@dataclass
class PartGatherer:
    """Gathers the answers of tasks, which come in any order, until a chunk is complete."""

    _chunks: dict[tuple[int, int], dict[int, tuple[int, Columns]]] = field(default_factory=dict)

    def add(self, task: Task, columns: Columns) -> TablePart | None:
        """Add one task's answer; return its chunk's part if it is complete now."""
        made = self._chunks.setdefault(task.chunk, {})
        made[task.first] = len(task.rows), columns
        first, end = task.chunk
        if sum(count for count, _ in made.values()) < end - first:
            return None
        return _part(first, self._chunks.pop(task.chunk))

    def begun(self) -> Iterator[TablePart]:
        """Yield what is there of chunks that are not complete, each from its beginning to the first gap; they are forgotten."""
        for (first, _), made in sorted(self._chunks.items()):
            if first in made:
                yield _part(first, made)
        self._chunks.clear()


def _part(first: int, made: Mapping[int, tuple[int, Columns]]) -> TablePart:
    """Join answers from ``first`` on to the first gap."""
    end, joined = first, []
    while end in made:
        count, columns = made[end]
        joined.append(columns)
        end += count
    names = joined[0]
    return TablePart(first, end, {name: [value for each in joined for value in each[name]] for name in names})
