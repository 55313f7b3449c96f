"""The document of an audit and its schema, which the docs have."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from heatcam.audit import changes_document, clusters_document, figures_document
from heatcam.audit.reading import read_settings, settings_of, settings_words
from tests.audit.page.made_up import (
    made_up_changes,
    made_up_clusters,
    made_up_figures,
    made_up_objects,
    table_of,
)

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs" / "audit.schema.json").read_text("utf-8"))
TABLE = table_of(made_up_objects(200))
PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "figures": lambda: figures_document(made_up_figures(TABLE)),
    "clusters": lambda: json.loads(json.dumps(clusters_document(made_up_clusters(TABLE)))),
    "changes": lambda: changes_document(made_up_changes(TABLE)),
}


def check_document(document: dict[str, Any]) -> None:
    """Refuse a document that is not as the schema says."""
    jsonschema.Draft202012Validator(SCHEMA).validate(document)


def check_part(part: dict[str, Any], name: str) -> None:
    """Refuse what cannot be that part of a document."""
    jsonschema.Draft202012Validator({**SCHEMA["properties"][name], "$defs": SCHEMA["$defs"]}).validate(part)


def test_the_schema_in_the_docs_is_that_of_the_code() -> None:
    code = (
        "import sys; sys.path.insert(0, 'docs'); from write_schema import schema; "
        "sys.stdout.write(schema('audit.schema.json'))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == SCHEMA
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", PARTS)
def test_what_the_stages_write_is_valid_by_the_schema(name: str) -> None:
    part = PARTS[name]()
    check_part(part, name)
    with pytest.raises(jsonschema.ValidationError):
        check_part({**part, "strange": 1}, name)
    missing = next(iter(part))
    with pytest.raises(jsonschema.ValidationError):
        check_part({key: value for key, value in part.items() if key != missing}, name)


def test_settings_that_differ_from_an_earlier_audits_are_told(tmp_path: Path) -> None:
    document = {"model": {"imgsz": 320, "backend": "torch"}, "thresholds": {"conf": 0.25}}
    (tmp_path / "audit.json").write_text(json.dumps(document))
    before = read_settings(tmp_path)
    assert before == {"imgsz": "320", "backend": "torch", "conf": "0.25"}
    now = settings_of({"model": {"imgsz": 640, "backend": "torch"}, "thresholds": {"conf": 0.25, "iou": 0.7}})
    assert settings_words(before, now) == ("not asked alike: imgsz 320, now 640",)
    assert settings_words(before, before) == ()


@pytest.mark.parametrize("text", ["", "[]", '{"model": 3}', "\x00"])
def test_a_document_that_cannot_be_read_tells_no_settings(tmp_path: Path, text: str) -> None:
    assert read_settings(tmp_path) == {}
    (tmp_path / "audit.json").write_text(text)
    assert read_settings(tmp_path) == {}
