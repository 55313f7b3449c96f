"""Table of objects as the page reads it: one list a column, names once and then by their place in a list."""

from __future__ import annotations

import math
from typing import Any

import polars

from heatcam.audit.objects import ObjectKind
from heatcam.text import printable

#: Numbers and the digits behind the point that the page keeps of them.
_DIGITS = {
    **{"confidence": 3, "iou": 3, "energy_in_box": 3, "enrichment": 2, "spread": 3},
    **{"evidence_for": 3, "evidence_against": 3},
}
_SIGNIFICANT = 4  # of evidence, whose scale is the model's
_BOX, _LABEL_BOX = ("x1", "y1", "x2", "y2"), ("label_x1", "label_y1", "label_x2", "label_y2")


def columns_of(table: polars.DataFrame) -> dict[str, Any]:
    """Return the objects as plain values for JSON, in the table's order.

    Names are printable; those that are not as they were written stand in ``raw``, for files and commands.

    Args:
        table: of ``OBJECT_SCHEMA``, with ``sheet`` and ``cell``.
    """
    images = table.unique("image_id", keep="first", maintain_order=True)
    names = sorted({*table["class_name"].unique(), *table["label_class_name"].drop_nulls().unique()})
    verdicts = sorted(table["why"].drop_nulls().unique())
    kinds = [kind.value for kind in ObjectKind]
    return {
        "images": _printable(images["image"].to_list()),
        "image_ids": images["image_id"].to_list(),
        "image_sizes": images.select("image_wide", "image_tall").rows(),
        "classes": _printable(names),
        "class_ids": _class_ids(table, names),
        "raw": _raw([*images["image"].to_list(), *names]),
        "kinds": kinds,
        "whys": _printable(verdicts),
        "number": table["number"].to_list(),
        "image": _places(table["image_id"], images["image_id"].to_list()),
        "kind": _places(table["kind"], kinds),
        "class": _places(table["class_name"], names),
        "label_class": _places(table["label_class_name"], names),
        "why": _places(table["why"], verdicts),
        "box": _boxes(table, _BOX),
        "label_box": _boxes(table, _LABEL_BOX),
        **{name: [_rounded(one, digits) for one in table[name]] for name, digits in _DIGITS.items()},
        "evidence": [_significant(one) for one in table["evidence"]],
        "low": [None if one is None else int(one) for one in table["low_evidence"]],
        **{name: table[name].to_list() for name in ("verdict", "covers", "cluster", "sheet", "cell")},
        "peak": [
            None if x is None or y is None else [round(x), round(y)]
            for x, y in table.select("peak_x", "peak_y").rows()
        ],
    }


def _printable(names: list[str]) -> list[str]:
    return [printable(name) for name in names]


def _raw(names: list[str]) -> dict[str, str]:
    """Return the names that cannot be shown as they are, by what is shown of them."""
    return {shown: name for name in names if (shown := printable(name)) != name}


def _class_ids(table: polars.DataFrame, names: list[str]) -> list[int | None]:
    """Return the model's number of each class; None for one that only labels have."""
    known = dict(table.select("class_name", "class_id").unique().rows())
    return [known.get(name) for name in names]


def _places(values: polars.Series, names: list[Any]) -> list[int]:
    """Return each value's place in ``names``; -1 for null."""
    at = {name: place for place, name in enumerate(names)}
    return [at.get(value, -1) for value in values]


def _boxes(table: polars.DataFrame, names: tuple[str, ...]) -> list[list[float] | None]:
    rows = table.select(names).rows()
    return [None if None in row else [_short(value) for value in row] for row in rows]


def _short(value: float) -> float:
    """Return image pixels to a tenth, as an integer where they are one."""
    rounded = round(value, 1)
    return int(rounded) if rounded == int(rounded) else rounded


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, digits)


def _significant(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.{_SIGNIFICANT}g}")
