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
from heatcam.measures import clustered_interval, paired_interval
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
#: A row's name and the name of the infill that it was judged by.
RowKey = tuple[str, str]


def by_row(scores: Iterable[Score]) -> dict[RowKey, list[Score]]:
    """Group the scores by row and infill, rows in their order, objects in the same order in each."""
    rows: dict[RowKey, list[Score]] = {}
    for score in scores:
        rows.setdefault((score.row, score.curves.infill), []).append(score)
    return rows


def json_rows(rows: dict[RowKey, list[Score]], fractions_of: str, seed: int) -> list[dict[str, Any]]:
    """Return one record per row and infill: means over the objects, differences to the plain box and to ultralytics, mean curves.

    Args:
        rows: as ``by_row`` returns them, of at least one object.
        fractions_of: ``box`` or ``picture``.
        seed: for the intervals.
    """
    return [
        {
            "name": name,
            "infill": infill,
            "fractions": fractions_of,
            "made_with": scores[0].made_with,
            "n": len(scores),
        }
        | {key: _mean(metric(s) for s in scores) for key, metric in METRICS.items()}
        | _against("vs_box", scores, rows[PLAIN_BOX, infill], seed)
        | _against("vs_ultralytics", scores, rows.get((ULTRALYTICS, infill), ()), seed)
        | _checks(scores)
        | {"curves": mean_curves(scores)}
        for (name, infill), scores in rows.items()
    ]


def _against(key: str, own: Sequence[Score], others: Sequence[Score], seed: int) -> dict[str, Any]:
    """Return the mean difference to another row, its interval over the objects, and over the photographs (None for one).

    Without that row all are None.
    """
    if not others:
        return dict.fromkeys((key, f"{key}_ci95", f"{key}_ci95_photographs"))
    ours, theirs = ([s.curves.difference for s in scores] for scores in (own, others))
    photographs = [s.photograph.path for s in own]
    by_photograph = None
    if len(set(photographs)) > 1:
        by_photograph = _rounded(clustered_interval(ours, theirs, photographs, seed))
    return {
        key: round(float(np.mean(np.subtract(ours, theirs))), _DIGITS),
        f"{key}_ci95": _rounded(paired_interval(ours, theirs, seed)),
        f"{key}_ci95_photographs": by_photograph,
    }


def _rounded(ends: Iterable[float]) -> list[float]:
    return [round(end, _DIGITS) for end in ends]


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


def csv_text(scores: Sequence[Score], fractions_of: str) -> str:
    """Return CSV text: a header and one line per object, row and infill; cells are empty where there was nothing to measure."""
    checked = any(s.checks is not None for s in scores)
    where = ("photograph", "class", "confidence", "x1", "y1", "x2", "y2", "row", "infill", "fractions")
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
        which = (s.row, s.curves.infill, fractions_of)
        writer.writerow([s.photograph.path, c.class_name, round(c.confidence, 4), *box, *which, *cells])
    return text.getvalue()


#: Columns of the tables: heading, key of the JSON row.
_FAITH = (("insertion", "insertion"), ("deletion", "deletion"), ("difference", "insertion_minus_deletion"))
_INTERVALS = (
    ("to box, 95 %", "vs_box_ci95"),
    ("by photograph", "vs_box_ci95_photographs"),
    ("to ultralytics, 95 %", "vs_ultralytics_ci95"),
)
_PLACE = (
    ("energy in box", "energy_in_box"),
    ("enrichment", "enrichment"),
    ("pointing", "pointing_game"),
    ("own object", "object_discrimination"),
    ("sparsity", "sparsity"),
)
FAITH_HEADINGS = ("map", *(heading for heading, _ in (*_FAITH, *_INTERVALS)))
PLACE_HEADINGS = ("map", *(heading for heading, _ in _PLACE))
CHECK_HEADINGS = ("map", "sensitivity", *(f"{stage} shuffled" for stage in STAGES))


def infills_of(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return the names of the infills that rows of the JSON document were judged by, in their order."""
    return list(dict.fromkeys(row["infill"] for row in rows))


def by_name(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the rows of the JSON document by map and infill, the map with the largest mean lead over the plain box first.

    Leads, because a map that was not judged by every infill has another mean difference for that alone.
    """
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["name"], {})[row["infill"]] = row
    leads = {name: float(np.mean([row["vs_box"] for row in own.values()])) for name, own in found.items()}
    return {name: found[name] for name in sorted(found, key=lambda name: -leads[name])}


def side_headings(rows: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """Return the headings of the table with all infills beside each other."""
    return "map", *(heading for name in infills_of(rows) for heading in (name, f"to box, {name}"))


def side_cells(rows: Sequence[dict[str, Any]]) -> list[list[str | None]]:
    """Return each map's difference and its lead over the plain box under each infill, None where it was not judged by it."""
    infills = infills_of(rows)
    return [
        [name, *(cell for infill in infills for cell in _side_cells(own.get(infill)))]
        for name, own in by_name(rows).items()
    ]


def _side_cells(row: dict[str, Any] | None) -> list[str | None]:
    """Return a map's difference, and its lead with the interval over photographs, or over objects where there is only that."""
    if row is None:
        return [None, None]
    ends = row["vs_box_ci95_photographs"] or row["vs_box_ci95"]
    return [_cell(row["insertion_minus_deletion"]), f"{row['vs_box']:+.3f} ({_interval(ends)})"]


def faith_cells(rows: Sequence[dict[str, Any]], infill: str) -> list[list[str | None]]:
    """Return the cells of insertion, deletion and the intervals under one infill, the largest difference first."""
    own = [row for row in rows if row["infill"] == infill]
    return [
        [
            row["name"],
            *(_cell(row[key]) for _, key in _FAITH),
            *(_interval(row[key]) for _, key in _INTERVALS),
        ]
        for row in sorted(own, key=lambda row: -row["insertion_minus_deletion"])
    ]


def place_cells(rows: Sequence[dict[str, Any]]) -> list[list[str | None]]:
    """Return the cells of the localisation metrics, which have nothing to do with infills."""
    firsts = [next(iter(own.values())) for own in by_name(rows).values()]
    return [[row["name"], *(_cell(row[key], digits=2) for _, key in _PLACE)] for row in firsts]


def check_cells(rows: Sequence[dict[str, Any]]) -> list[list[str | None]]:
    """Return the cells of sensitivity and similarities, for the rows that have them."""
    return [
        [row["name"], _cell(row["max_sensitivity"], digits=2)]
        + [_cell(row["randomised_similarity"][stage], digits=2) for stage in STAGES]
        for row in rows
        if "max_sensitivity" in row and row["infill"] == infills_of(rows)[0]
    ]


def _cell(value: float | None, digits: int = 3) -> str | None:
    return None if value is None else f"{value:.{digits}f}"


def _interval(ends: Sequence[float] | None) -> str | None:
    return None if ends is None else f"{ends[0]:+.3f} to {ends[1]:+.3f}"
