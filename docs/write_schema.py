"""Writes the JSON Schemas of findings and of ``audit.json`` from their pydantic models: ``make docs``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from heatcam.audit import AUDIT_SCHEMA, AuditDocument
from heatcam.measures import SCHEMA, FindingsDocument

DOCS = Path(__file__).parent
#: Each file's document and name.
WRITTEN: Mapping[str, tuple[type[BaseModel], str]] = {
    "findings.schema.json": (FindingsDocument, SCHEMA),
    "audit.schema.json": (AuditDocument, AUDIT_SCHEMA),
}


def schema(name: str = "findings.schema.json") -> str:
    """The whole file of that name."""
    document, identity = WRITTEN[name]
    made = _closed(document.model_json_schema(by_alias=True))
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": identity}
    return json.dumps(head | made, indent=1) + "\n"


def _closed(made: dict[str, Any]) -> dict[str, Any]:
    """Refuse properties that are not named: pydantic says so of models, not of dataclasses."""
    for each in made.get("$defs", {}).values():
        if "properties" in each:
            each.setdefault("additionalProperties", False)
    return made


if __name__ == "__main__":
    for file in WRITTEN:
        (DOCS / file).write_text(schema(file), "utf-8")
