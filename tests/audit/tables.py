"""Made-up tables of an audit."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import polars

from heatcam.audit.objects import OBJECT_SCHEMA, AuditedObject

BOX = (10.0, 10.0, 50.0, 50.0)


def made(
    kind: str, class_name: str = "cow", image: str = "a.jpg", box: Any = BOX, **own: Any
) -> dict[str, Any]:
    """One object; those with a label have it where they are themselves."""
    number = own.pop("number", 0)
    known = {
        "confidence": 0.8,
        "energy_in_box": 0.6,
        "enrichment": 3.0,
        "evidence": 5.0,
        "low_evidence": False,
    }
    if kind == "missed":
        known = {}
    if kind in {"true", "loose", "class"}:
        known |= {f"label_{side}": value for side, value in zip(("x1", "y1", "x2", "y2"), box, strict=True)}
        known["label_class_name"] = class_name
    places = dict(zip(("x1", "y1", "x2", "y2"), box, strict=True))
    first = {"number": number, "image": image, "image_id": 1, "image_wide": 100, "image_tall": 100}
    row = first | {"kind": kind, "class_id": 0, "class_name": class_name, "confidence": None} | places
    return asdict(AuditedObject(**row | known | own))


def table_of(*rows: dict[str, Any]) -> polars.DataFrame:
    """A table whose rows are numbered from 1, unless they have numbers."""
    numbered = [row | {"number": row["number"] or n} for n, row in enumerate(rows, 1)]
    return polars.DataFrame(numbered, OBJECT_SCHEMA)
