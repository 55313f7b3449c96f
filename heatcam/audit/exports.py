"""Files of an audit for other programs: the table as Parquet and CSV, and mistakes as YOLO labels."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import polars

from heatcam.audit.objects import ObjectKind
from heatcam.audit.summary import WRONG
from heatcam.sinks import make_folder, write_whole

#: Kinds that ``--labels-out`` writes: every mistake.
MISTAKES = tuple(kind.value for kind in (*WRONG, ObjectKind.MISSED))


def write_tables(folder: Path, table: polars.DataFrame) -> None:
    """Write ``objects.parquet`` and ``objects.csv``, each whole or not at all.

    Raises:
        SinkError: one cannot be written.
    """
    parquet, csv = io.BytesIO(), io.BytesIO()
    table.write_parquet(parquet)
    write_whole(folder / "objects.parquet", parquet.getvalue())
    table.write_csv(csv)
    write_whole(folder / "objects.csv", csv.getvalue())


def write_mistakes(folder: Path, table: polars.DataFrame, class_names: Mapping[int, str]) -> int:
    """Write YOLO labels of the mistakes, a file for each picture that has some; return the number of files.

    A line is ``class x y width height confidence``, of the model's classes, in shares of the picture: of a detection its own box,
    of a missed object the label's, with its best candidate's confidence. ``classes.txt`` names the classes. Files lie below the
    folder as their pictures do below the data set's root.

    Raises:
        SinkError: one cannot be written.
    """
    make_folder(folder)
    names = "".join(f"{class_names[n]}\n" for n in sorted(class_names))
    write_whole(folder / "classes.txt", names.encode())
    count = 0
    for name, lines in _lines(table.filter(polars.col("kind").is_in(MISTAKES))):
        path = folder / _safe(name).with_suffix(".txt")
        make_folder(path.parent)
        write_whole(path, "".join(f"{line}\n" for line in lines).encode())
        count += 1
    return count


def _safe(name: str) -> PurePosixPath:
    """Return a picture's name as a path that stays below a folder."""
    parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", "..", ".")]
    return PurePosixPath(*(part.replace(":", "_") for part in parts))


def _lines(mistakes: polars.DataFrame) -> Iterator[tuple[str, list[str]]]:
    """Yield each picture's name with its lines."""
    for (name,), own in mistakes.group_by("image", maintain_order=True):
        rows = own.select("class_id", "confidence", "x1", "y1", "x2", "y2", "image_wide", "image_tall")
        yield str(name), [_line(*row) for row in rows.iter_rows()]


def _line(
    class_id: int, confidence: float, x1: float, y1: float, x2: float, y2: float, wide: int, tall: int
) -> str:
    shares = ((x1 + x2) / 2 / wide, (y1 + y2) / 2 / tall, (x2 - x1) / wide, (y2 - y1) / tall)
    return " ".join([str(class_id), *(f"{share:.6f}" for share in shares), f"{confidence:.4f}"])
