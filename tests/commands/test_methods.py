"""``heatcam methods`` from its command line to its lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heatcam.choices import MethodName
from heatcam.commands import methods
from tests.commands.programs import heatcam


def test_every_method_has_a_line_under_the_headings() -> None:
    heading, *lines = heatcam("methods").stdout.splitlines()
    assert heading.split() == ["name", "formula", "paper", "backward", "passes", "faithfulness"]
    assert [line.split()[0] for line in lines] == [method.value for method in MethodName]
    start = heading.index("faithfulness")
    assert {line[start:] for line in lines} == {"not measured"}


def test_the_document_has_every_field_of_every_method() -> None:
    rows = json.loads(heatcam("methods", "--json", "-").stdout)["methods"]
    assert [row["name"] for row in rows] == [method.value for method in MethodName]
    assert all(set(row) == {"name", "formula", "paper", "cost", "faithfulness"} for row in rows)
    by_name = {row["name"]: row for row in rows}
    assert by_name["live"] == {
        "name": "live",
        "formula": "sum over channels of A * positive G (heatcam's own, the default)",
        "paper": "Jiang et al., TIP 2021",
        "cost": "one",
        "faithfulness": None,
    }
    assert by_name["eigencam"]["cost"] == "none"


def test_a_measured_method_shows_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(methods.FAITHFULNESS, "hirescam", 0.12345)
    (line,) = [line for line in heatcam("methods").stdout.splitlines() if line.startswith("hirescam")]
    assert line.endswith("  0.123")
    rows = json.loads(heatcam("methods", "--json", "-").stdout)["methods"]
    assert {row["name"]: row["faithfulness"] for row in rows if row["faithfulness"]} == {"hirescam": 0.12345}


def test_a_json_file_comes_beside_the_table(tmp_path: Path) -> None:
    result = heatcam("methods", "--json", tmp_path / "methods.json")
    assert "not measured" in result.stdout
    assert json.loads((tmp_path / "methods.json").read_text("utf-8"))["methods"][0]["name"] == "live"


def test_a_json_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    result = heatcam("methods", "--json", tmp_path / "nowhere" / "x.json", exit_code=1)
    (line,) = result.stderr.splitlines()
    assert "cannot be written" in line
