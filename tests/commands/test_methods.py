"""``heatcam methods`` from its command line to its lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heatcam.commands import methods
from heatcam.saliency.methods import METHODS, methods_of_evidence
from tests.commands.programs import heatcam


def test_every_method_has_a_line_under_the_headings() -> None:
    heading, *lines = heatcam("methods").stdout.splitlines()
    assert heading.split() == ["name", "formula", "paper", "backward", "passes", "faithfulness"]
    assert [line.split()[0] for line in lines] == list(METHODS)
    start = heading.index("faithfulness")
    told = {line.split()[0]: line[start:] for line in lines}
    assert told.pop("lrp") == "not measured", (
        "on these photographs; on others it is ahead: docs/faithfulness.md"
    )
    assert told.pop("attention") == "not measured", "it is no evidence"
    assert all(-1 < float(value) < 1 for value in told.values())


def test_the_document_has_every_field_of_every_method() -> None:
    rows = json.loads(heatcam("methods", "--json", "-").stdout)["methods"]
    assert [row["name"] for row in rows] == list(METHODS)
    assert all(set(row) == {"name", "formula", "paper", "cost", "faithfulness"} for row in rows)
    stored = methods.measured_facts()["insertion_minus_deletion"]
    by_name = {row["name"]: row for row in rows}
    assert by_name["live"] == {
        "name": "live",
        "formula": METHODS["live"].formula,
        "paper": "Jiang et al., TIP 2021",
        "cost": "one",
        "faithfulness": stored["live"],
    }
    assert by_name["eigencam"]["cost"] == "none"


def test_the_figures_say_what_they_were_measured_on() -> None:
    facts = json.loads(heatcam("methods", "--json", "-").stdout)["faithfulness"]
    assert facts["objects"] >= 15
    assert len(facts["photographs"]) >= 10
    assert "(deletion)" in facts["protocol"]
    told = heatcam("methods").stderr
    assert f"{facts['objects']} objects of {facts['model']}" in told
    assert facts["caveat"] in told


def test_a_method_that_was_not_measured_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = methods.measured_facts()
    del facts["insertion_minus_deletion"]["hirescam"]
    facts["insertion_minus_deletion"]["live"] = 0.12345
    monkeypatch.setattr(methods, "measured_facts", lambda: facts)
    lines = {line.split()[0]: line for line in heatcam("methods").stdout.splitlines()}
    assert lines["hirescam"].endswith("  not measured")
    assert lines["live"].endswith("  0.123")


def test_a_json_file_comes_beside_the_table(tmp_path: Path) -> None:
    result = heatcam("methods", "--json", tmp_path / "methods.json")
    assert "hirescam" in result.stdout
    assert json.loads((tmp_path / "methods.json").read_text("utf-8"))["methods"][0]["name"] == "live"


def test_a_json_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    result = heatcam("methods", "--json", tmp_path / "nowhere" / "x.json", exit_code=1)
    (line,) = result.stderr.splitlines()
    assert "cannot write" in line


def test_the_defaults_are_what_wins() -> None:
    """As measured on photographs (docs/faithfulness.md); `heatcam eval` and benchmarks/faithfulness.py make the figures anew."""
    facts = methods.measured_facts()
    reached, to_box, to_live = (
        facts[key] for key in ("insertion_minus_deletion", "to_box_ci95", "to_live_ci95")
    )
    assert reached["fine"] == max(reached.values())
    assert min(to_box["live"][0], to_box["fine"][0]) > 0
    assert reached["live"] > max(reached["ultralytics visualize=True"], reached["control: edges in box"])
    same_cost = [
        name for name in methods_of_evidence() if name not in ("fine", "lrp")
    ]  # the others use the live map's layers
    assert all(to_live[name][0] <= 0 for name in same_cost), "a live candidate is ahead by more than chance"
    assert to_live["live @15"][1] < 0
