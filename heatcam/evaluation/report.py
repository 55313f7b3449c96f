"""Reports of scores: rows of the JSON document, lines of the CSV file, cells of the tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from heatcam.engine import STAGES
from heatcam.evaluation.controls import PLAIN_BOX
from heatcam.evaluation.measuring import Score
from heatcam.measures import paired_interval
from heatcam.saliency import NAME as ULTRALYTICS

#: Each metric's key in the documents, and the function that takes it from a score; None where there was nothing to measure.
METRICS: dict[str, Callable[[Score], float | None]] = {
    "insertion": lambda s: s.curves.insertion,
    "deletion": lambda s: s.curves.deletion,
    "insertion_minus_deletion": lambda s: s.curves.difference,
    "energy_in_box": lambda s: s.place.energy,
    "enrichment": lambda s: s.place.enrichment,
    "pointing_game": lambda s: None if s.place.pointing is None else float(s.place.pointing),
    "object_discrimination": lambda s: s.place.discrimination,
    "sparsity": lambda s: s.place.sparsity,
}
_DIGITS = 4


def by_row(scores: Iterable[Score]) -> dict[str, list[Score]]:
    """Group the scores by row, rows in their order, objects in the same order in each."""
    rows: dict[str, list[Score]] = {}
    for score in scores:
        rows.setdefault(score.row, []).append(score)
    return rows


def json_rows(rows: dict[str, list[Score]], seed: int) -> list[dict[str, Any]]:
    """Return one record per row: means over the objects, differences to the plain box and to ultralytics, and mean curves.

    Args:
        rows: as ``by_row`` returns them, of at least one object.
        seed: for the intervals.
    """
    differences = {name: [s.curves.difference for s in scores] for name, scores in rows.items()}
    return [
        {"name": name, "n": len(scores)}
        | {key: _mean(metric(s) for s in scores) for key, metric in METRICS.items()}
        | _against("vs_box", differences[name], differences[PLAIN_BOX], seed)
        | _against("vs_ultralytics", differences[name], differences[ULTRALYTICS], seed)
        | _checks(scores)
        | {"curves": mean_curves(scores)}
        for name, scores in rows.items()
    ]


def _against(key: str, ours: Sequence[float], theirs: Sequence[float], seed: int) -> dict[str, Any]:
    difference = float(np.mean(np.subtract(ours, theirs)))
    return {
        key: round(difference, _DIGITS),
        f"{key}_ci95": [round(end, _DIGITS) for end in paired_interval(ours, theirs, seed)],
    }


def _checks(scores: Sequence[Score]) -> dict[str, Any]:
    """Return the mean results of ``--checks``; empty where it was not asked for."""
    made = [s.checks for s in scores if s.checks is not None]
    if not made:
        return {}
    return {
        "max_sensitivity": _mean(c.sensitivity for c in made),
        "randomised_similarity": {stage: _mean(c.similarity[stage] for c in made) for stage in STAGES},
    }


def mean_curves(scores: Sequence[Score]) -> dict[str, list[float]]:
    """Return the mean scores at each of the protocol's fractions: ``fractions``, ``insertion`` and ``deletion``."""
    return {
        "fractions": [round(fraction, _DIGITS) for fraction in scores[0].curves.protocol.fractions],
        "insertion": _means([s.curves.insertions for s in scores]),
        "deletion": _means([s.curves.deletions for s in scores]),
    }


def _means(curves: Sequence[Sequence[float]]) -> list[float]:
    return [round(float(mean), _DIGITS) for mean in np.mean(curves, 0)]


def _mean(values: Iterable[float | None]) -> float | None:
    """Return the mean of the values that are not None; None when there are none."""
    there = [value for value in values if value is not None]
    return round(float(np.mean(there)), _DIGITS) if there else None


def csv_text(scores: Sequence[Score]) -> str:
    """Return CSV text with a header and one line per object and row; cells are empty where there was nothing to measure."""
    checked = any(s.checks is not None for s in scores)
    where = ("photograph", "class", "confidence", "x1", "y1", "x2", "y2", "row")
    more = ("max_sensitivity", *(f"similarity, {stage} shuffled" for stage in STAGES)) if checked else ()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*where, *METRICS, *more))
    for s in scores:
        c = s.candidate
        numbers = [metric(s) for metric in METRICS.values()]
        if checked:
            numbers += [None if s.checks is None else s.checks.sensitivity]
            numbers += [None if s.checks is None else s.checks.similarity[stage] for stage in STAGES]
        box = [round(float(side), 2) for side in c.box_xyxy]
        cells = ["" if number is None else round(number, 6) for number in numbers]
        writer.writerow([s.photograph.path, c.class_name, round(c.confidence, 4), *box, s.row, *cells])
    return text.getvalue()


#: Columns of the two tables: heading, key of the JSON row.
_FAITH = (("insertion", "insertion"), ("deletion", "deletion"), ("difference", "insertion_minus_deletion"))
_PLACE = (
    ("energy in box", "energy_in_box"),
    ("enrichment", "enrichment"),
    ("pointing", "pointing_game"),
    ("own object", "object_discrimination"),
    ("sparsity", "sparsity"),
)
FAITH_HEADINGS = ("map", *(heading for heading, _ in _FAITH), "to box, 95 %", "to ultralytics, 95 %")
PLACE_HEADINGS = ("map", *(heading for heading, _ in _PLACE))
CHECK_HEADINGS = ("map", "sensitivity", *(f"{stage} shuffled" for stage in STAGES))


def faith_cells(rows: Sequence[dict[str, Any]]) -> list[list[str | None]]:
    """Return the cells of insertion, deletion and the intervals, the largest difference first."""
    ordered = sorted(rows, key=lambda row: -row["insertion_minus_deletion"])
    return [
        [row["name"], *(_cell(row[key]) for _, key in _FAITH)]
        + [_interval(row[key]) for key in ("vs_box_ci95", "vs_ultralytics_ci95")]
        for row in ordered
    ]


def place_cells(rows: Sequence[dict[str, Any]]) -> list[list[str | None]]:
    """Return the cells of the localisation metrics, in the same order."""
    ordered = sorted(rows, key=lambda row: -row["insertion_minus_deletion"])
    return [[row["name"], *(_cell(row[key], digits=2) for _, key in _PLACE)] for row in ordered]


def check_cells(rows: Sequence[dict[str, Any]]) -> list[list[str | None]]:
    """Return the cells of sensitivity and similarities, for the rows that have them."""
    return [
        [row["name"], _cell(row["max_sensitivity"], digits=2)]
        + [_cell(row["randomised_similarity"][stage], digits=2) for stage in STAGES]
        for row in rows
        if "max_sensitivity" in row
    ]


def _cell(value: float | None, digits: int = 3) -> str | None:
    return None if value is None else f"{value:.{digits}f}"


def _interval(ends: Sequence[float]) -> str:
    return f"{ends[0]:+.3f} to {ends[1]:+.3f}"
