"""Writes ``findings.schema.json``, the JSON Schema of what ``--json`` writes, from its pydantic models: ``make docs``."""

from __future__ import annotations

import json
from pathlib import Path

from heatcam.measures import SCHEMA, FindingsDocument

TARGET = Path(__file__).parent / "findings.schema.json"


def schema() -> str:
    """The whole file."""
    made = FindingsDocument.model_json_schema(by_alias=True)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA}
    return json.dumps(head | made, indent=1) + "\n"


if __name__ == "__main__":
    TARGET.write_text(schema(), "utf-8")
