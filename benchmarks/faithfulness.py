"""Keeps what ``heatcam eval`` measured where ``heatcam methods`` finds it.

heatcam eval PHOTO... --model MODEL.pt --methods all --layers 15 --json measured.json --csv measured.csv
python benchmarks/faithfulness.py measured.json measured.csv

Of a document with several infills one is kept: the first, or ``--infill NAME``.
"""

from __future__ import annotations

import argparse
import csv
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from heatcam.measures import paired_interval

STORED = Path(str(files("heatcam.saliency"))) / "faithfulness.json"
BEFORE = {"infill": "blur", "fractions": "picture"}  # of documents that do not name them


def main() -> None:
    """Store each row's difference, its lead over the box, and its lead over the live map."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("document", type=Path)
    asked.add_argument("scores", type=Path)
    asked.add_argument("--infill", help="the first of the document if left out")
    given = asked.parse_args()
    facts = facts_of(json.loads(given.document.read_text("utf-8")), given.scores, given.infill)
    STORED.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


def facts_of(measured: dict[str, Any], scores: Path, infill: str | None) -> dict[str, Any]:
    """Facts of one infill of ``heatcam eval``'s document; a document that names none is of the blurred picture alone.

    Args:
        measured: the document.
        scores: its CSV file.
        infill: a name; None takes the first.
    """
    own = infill or measured.get("infills", [BEFORE["infill"]])[0]
    rows = [row for row in measured["rows"] if row.get("infill", BEFORE["infill"]) == own]
    by_object = differences(scores, own)
    facts: dict[str, Any] = {key: measured[key] for key in ("protocol", "model", "objects")}
    facts |= {"infill": own, "fractions": measured.get("fractions", BEFORE["fractions"])}
    facts["photographs"] = [Path(path).name for path in measured["photographs"]]
    facts["insertion_minus_deletion"] = {
        row["name"]: round(row["insertion_minus_deletion"], 3) for row in rows
    }
    facts["to_box_ci95"] = {row["name"]: row["vs_box_ci95"] for row in rows}
    facts["to_live_ci95"] = {
        name: [round(side, 4) for side in paired_interval(own, by_object["live"], measured["seed"])]
        for name, own in by_object.items()
    }
    return facts


def differences(scores: Path, infill: str) -> dict[str, list[float]]:
    """Insertion minus deletion of each row under one infill, one number an object, in the same order for all."""
    found: dict[str, list[float]] = {}
    with scores.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            if line.get("infill", BEFORE["infill"]) != infill:
                continue
            found.setdefault(line["row"], []).append(float(line["insertion"]) - float(line["deletion"]))
    return found


if __name__ == "__main__":
    main()
