"""The table of a run: one row an object and frame, written as the run goes on."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Protocol

from heatcam.report.accumulate import ObjectRow
from heatcam.text import printable

HEADINGS = (
    *("frame", "time_s", "source", "class", "class_id", "track", "confidence", "x1", "y1", "x2", "y2"),
    *("evidence", "unit", "energy_in_box", "enrichment", "low_evidence"),
)


class Writes(Protocol):
    """Anything that text is written to."""

    def write(self, text: str, /) -> object:
        """Write text."""
        ...


class ObjectRows:
    """Writer of the table. Cells are empty where a number is not known; frames without objects have no row.

    Args:
        file: where the lines go; it must leave line feeds as they are.
    """

    def __init__(self, file: Writes) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(HEADINGS)

    def write(self, rows: Iterable[ObjectRow]) -> None:
        """Write one frame's objects."""
        self._writer.writerows(map(_cells, rows))


def _cells(row: ObjectRow) -> list[object]:
    return [
        row.frame_index,
        round(row.time_s, 4),
        printable(row.source),
        printable(row.class_name),
        row.class_id,
        row.track_id or "",
        round(row.confidence, 4),
        *(round(side, 2) for side in row.box_xyxy),
        _cell(row.evidence),
        row.unit,
        _cell(row.energy_in_box),
        _cell(row.enrichment),
        "" if row.low_evidence is None else int(row.low_evidence),
    ]


def _cell(number: float | None) -> object:
    return "" if number is None else round(number, 6)
