"""Files that list pictures: lines of text, JSONL, Parquet, and tar files of the pictures themselves. Read row by row."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from heatcam.batch.input_rows import InputRow, input_rows
from heatcam.errors import HeatcamError, UnreadableInputError, UsageError, reason_of
from heatcam.sources import PICTURE_SUFFIXES

_ROWS = 65536  # of a Parquet file at once
ListReader = Callable[[Path], Iterator[InputRow]]


def reader_of(path: str | Path) -> ListReader | None:
    """Return the reader of a list or tar file by its name; None for any other file."""
    name = Path(path).name.lower()
    return next((reader for suffixes, reader in READERS.items() if name.endswith(suffixes)), None)


def _text(path: Path) -> Iterator[InputRow]:
    """Yield a path a line; empty lines are left out."""
    yield from _based(path, (InputRow(line) for _, line in _lines(path)))


def _jsonl(path: Path) -> Iterator[InputRow]:
    """Yield an object of JSON a line, with ``path``, or ``tar`` and ``member``."""
    yield from _based(path, (_of_json(line, f"{path} line {n}") for n, line in _lines(path)))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not empty with their number from 1; bytes that are no UTF-8 stay what they are."""
    with path.open(encoding="utf-8-sig", errors="surrogateescape") as lines:
        yield from ((n, line.strip()) for n, line in enumerate(lines, 1) if line.strip())


def _of_json(line: str, where: str) -> InputRow:
    try:
        read = json.loads(line)
        (row,) = input_rows({name: [value] for name, value in read.items()})
    except (ValueError, AttributeError, TypeError, RecursionError, UsageError) as error:
        raise UsageError(f"{where} names no picture", 'a line is like {"path": "photos/a.jpg"}') from error
    return row


def _parquet(path: Path) -> Iterator[InputRow]:
    """Yield the rows of a table with the column ``path``, or ``tar`` and ``member``."""
    yield from _based(path, _of_table(path))


def _of_table(path: Path) -> Iterator[InputRow]:
    import polars  # noqa: PLC0415 (a tenth of a second)

    try:
        table = polars.scan_parquet(path, glob=False)
        named = table.collect_schema().names()
        names = [name for name in ("path", "tar", "member", "offset", "length") if name in named]
        if "path" not in names and not {"tar", "member"} <= set(names):
            raise UsageError(f"{path} has no column path, but {', '.join(named[:6])}", "name the column path")
        at = 0
        while len(rows := table.select(names).slice(at, _ROWS).collect()):
            yield from input_rows({name: rows[name].to_list() for name in names})
            at += len(rows)
    except polars.exceptions.PolarsError as error:
        raise UnreadableInputError(
            f"{path} is no Parquet file ({reason_of(error)})", "write it again"
        ) from error


def _based(path: Path, rows: Iterator[InputRow]) -> Iterator[InputRow]:
    """Yield the rows with relative paths from where the first one is found: the current folder, else the list's own.

    Raises:
        UnreadableInputError: the list cannot be read.
    """
    base: Path | None = None
    try:
        for row in rows:
            named = row.tar or row.path
            if base is None:
                is_beside = not Path(named).exists() and (path.parent / named).exists()
                base = path.parent if is_beside else Path()
            if "\0" in named:
                raise UnreadableInputError(f"{path} is no list of pictures", "give a list, or the pictures")
            based = str(base / named)
            yield InputRow(
                f"{based}/{row.member}" if row.tar else based, None, row.tar and based, row.member, row.place
            )
    except OSError as error:
        raise UnreadableInputError(f"cannot read {path} ({reason_of(error)})", "check the path") from error


def _tar(path: Path) -> Iterator[InputRow]:
    """Yield the pictures of a tar file, by their names; headers alone are read where it is not compressed.

    A tar file that is damaged further on gives the pictures before, and a row with the problem.

    Raises:
        UnreadableInputError: it is no tar file.
    """
    try:
        tar, seeks = _opened(path)
    except (OSError, EOFError, tarfile.TarError) as error:
        raise UnreadableInputError(f"{path} is no tar file ({reason_of(error)})", "fetch it again") from error
    with tar:
        try:
            while (info := tar.next()) is not None:
                tar.members.clear()  # it would keep those of a whole shard
                name = PurePosixPath(info.name)
                if (
                    info.isfile()
                    and name.suffix.lower() in PICTURE_SUFFIXES
                    and not name.name.startswith(".")
                ):
                    place = (info.offset_data, info.size) if seeks and not info.issparse() else None
                    yield InputRow(f"{path}/{info.name}", None, str(path), info.name, place)
        except (OSError, EOFError, tarfile.TarError) as error:
            yield InputRow(str(path), problem=f"{path} is damaged ({reason_of(error)}); fetch it again")


def _opened(path: Path) -> tuple[Any, bool]:
    """Open a tar file; the second value tells if members can be read at their offsets."""
    try:
        return tarfile.open(path, "r:"), True
    except tarfile.ReadError:
        return tarfile.open(path, "r|*"), False


#: Readers by the ends of names.
READERS: dict[tuple[str, ...], ListReader] = {
    (".txt",): _text,
    (".jsonl", ".ndjson"): _jsonl,
    (".parquet",): _parquet,
    (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz"): _tar,
}


def counted_rows(path: Path, reader: ListReader) -> Iterator[InputRow]:
    """Yield a list's rows.

    Raises:
        HeatcamError: it cannot be read, or there are none.
    """
    some = False
    for row in reader(path):
        some = True
        yield row
    if not some:
        raise _empty(path)


def _empty(path: Path) -> HeatcamError:
    return UnreadableInputError(f"{path} has no pictures", "they are known by their suffix, as .jpg")
