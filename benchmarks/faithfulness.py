"""Keeps what ``heatcam eval`` measured where ``heatcam methods`` finds it.

heatcam eval PHOTO... --model MODEL.pt --methods all --layers 15 --json measured.json --csv measured.csv
python benchmarks/faithfulness.py measured.json measured.csv
"""

from __future__ import annotations

import argparse
import csv
import json
from importlib.resources import files
from pathlib import Path

from heatcam.measures import paired_interval

STORED = Path(str(files("heatcam.saliency"))) / "faithfulness.json"


def main() -> None:
    """Store each row's difference, its lead over the box, and its lead over the live map."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("document", type=Path)
    asked.add_argument("scores", type=Path)
    given = asked.parse_args()
    measured = json.loads(given.document.read_text("utf-8"))
    by_object = differences(given.scores)
    facts = {key: measured[key] for key in ("protocol", "model", "objects")}
    facts["photographs"] = [Path(path).name for path in measured["photographs"]]
    facts["insertion_minus_deletion"] = {
        row["name"]: round(row["insertion_minus_deletion"], 3) for row in measured["rows"]
    }
    facts["to_box_ci95"] = {row["name"]: row["vs_box_ci95"] for row in measured["rows"]}
    facts["to_live_ci95"] = {
        name: [round(side, 4) for side in paired_interval(own, by_object["live"], measured["seed"])]
        for name, own in by_object.items()
    }
    STORED.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


def differences(scores: Path) -> dict[str, list[float]]:
    """Insertion minus deletion of each row, one number an object, in the same order for all."""
    found: dict[str, list[float]] = {}
    with scores.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            found.setdefault(line["row"], []).append(float(line["insertion"]) - float(line["deletion"]))
    return found


if __name__ == "__main__":
    main()
