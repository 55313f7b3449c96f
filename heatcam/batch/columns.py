"""Columns of the rows of a great many pictures: those of ``snapshot``'s tables, what became of each row, and the maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from heatcam.batch.input_rows import InputRow
from heatcam.batch.packing import MAP_COLUMNS
from heatcam.batch.plan import BatchPlan
from heatcam.enums import MapsAs
from heatcam.sinks import FINDINGS_COLUMNS
from heatcam.text import printable

#: Values of the column ``status``.
OBJECT, EMPTY, FAILED = "object", "empty", "failed"
#: Columns that are the same in every row of a model.
FACT_COLUMNS = dict.fromkeys(("model", "method", "unit"), "text")
#: What became of a row, and where it came from.
_OWN_COLUMNS = {"status": "text", "reason": "text", "input_index": "int", "tar": "text", "member": "text"}


def row_columns(plan: BatchPlan) -> dict[str, str]:
    """Return the columns of a plan's rows, in their order, and the type of each: see ``ExplainRows.columns``."""
    columns = FINDINGS_COLUMNS | FACT_COLUMNS | _OWN_COLUMNS
    columns |= MAP_COLUMNS if plan.maps is MapsAs.ROWS else {}
    columns |= {"npz": "text"} if plan.maps is MapsAs.NPZ else {}
    return columns | ({"picture": "text"} if plan.pictures else {})


def in_columns(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> dict[str, list[Any]]:
    """Return rows as columns, one list each; what a row does not have is None."""
    return {name: [row.get(name) for row in rows] for name in columns}


def failed_columns(plan: BatchPlan, row: InputRow, reason: str) -> dict[str, list[Any]]:
    """Return the columns of one picture that failed with its process."""
    values = {"path": printable(row.path), "status": FAILED, "reason": reason, "input_index": row.index}
    return in_columns([values | {"tar": row.tar or None, "member": row.member or None}], row_columns(plan))
