"""The measurement as a table for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from heatcam.bench.timing import Measurement, Times

REFERENCE = "ultralytics predict+plot"
HEADINGS = ("name", "median ms", "IQR ms", "min ms", "ratio")
NUMBERS = HEADINGS[1:]


def json_rows(measurement: Measurement) -> list[dict[str, Any]]:
    """Return one object per row: milliseconds, and ``ratio``, the median over the reference's; None where not measured.

    A row that failed also has ``error``.
    """
    reference = next((t.median_ms for t in measurement.times if t.name == REFERENCE), None)
    return [_json_row(times, reference) for times in measurement.times]


def table_cells(rows: Sequence[dict[str, Any]]) -> tuple[tuple[str, ...], list[list[object]]]:
    """Return headings and cells of the table; errors get a column of their own when there are any."""
    failed = any("error" in row for row in rows)
    cells: list[list[object]] = [
        [
            row["name"],
            *(_decimals(row[key], 1) for key in ("median_ms", "iqr_ms", "min_ms")),
            _decimals(row["ratio"], 2),
            *([row.get("error", "")] if failed else []),
        ]
        for row in rows
    ]
    return (*HEADINGS, "error") if failed else HEADINGS, cells


def _json_row(times: Times, reference_ms: float | None) -> dict[str, Any]:
    median = times.median_ms
    ratio = median / reference_ms if median is not None and reference_ms else None
    row: dict[str, Any] = {
        "name": times.name,
        "median_ms": _rounded(median),
        "iqr_ms": _rounded(times.iqr_ms),
        "min_ms": _rounded(times.min_ms),
        "ratio": _rounded(ratio),
    }
    return row | {"error": times.error} if times.error else row


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _decimals(value: float | None, count: int) -> str | None:
    return None if value is None else f"{value:.{count}f}"
