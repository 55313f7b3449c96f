"""Writes the JSON Schemas of findings, ``audit.json`` and baselines of drift from their pydantic models: ``make docs``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from heatcam.audit import AUDIT_SCHEMA, AuditDocument
from heatcam.drift import BASELINE_SCHEMA, BaselineDocument
from heatcam.measures import SCHEMA, FindingsDocument

DOCS = Path(__file__).parent
#: Each file's document and name.
WRITTEN: Mapping[str, tuple[type[BaseModel], str]] = {
    "findings.schema.json": (FindingsDocument, SCHEMA),
    "audit.schema.json": (AuditDocument, AUDIT_SCHEMA),
    "drift-baseline.schema.json": (BaselineDocument, BASELINE_SCHEMA),
}


def schema(name: str = "findings.schema.json") -> str:
    """The whole file of that name."""
    document, identity = WRITTEN[name]
    made = _closed(document.model_json_schema(by_alias=True))
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": identity}
    return json.dumps(head | made, indent=1) + "\n"


def _closed(made: Any) -> Any:
    """Refuse properties that are not named: pydantic says so of models, not of dataclasses."""
    if isinstance(made, list):
        return [_closed(each) for each in made]
    if not isinstance(made, dict):
        return made
    closed = {name: _closed(each) for name, each in made.items()}
    if closed.get("type") == "object" and "properties" in closed:
        closed.setdefault("additionalProperties", False)
    return closed


if __name__ == "__main__":
    for file in WRITTEN:
        (DOCS / file).write_text(schema(file), "utf-8")
