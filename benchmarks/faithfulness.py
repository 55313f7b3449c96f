"""Keeps what ``heatcam eval`` measured where ``heatcam methods`` finds it.

heatcam eval PHOTO... --model MODEL.pt --methods all --json measured.json
python benchmarks/faithfulness.py measured.json
"""

from __future__ import annotations

import argparse
import json
from importlib.resources import files
from pathlib import Path

STORED = Path(str(files("heatcam.saliency"))) / "faithfulness.json"


def main() -> None:
    """Store the differences of a document."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("document", type=Path)
    measured = json.loads(asked.parse_args().document.read_text("utf-8"))
    facts = {key: measured[key] for key in ("protocol", "model", "objects")}
    facts["photographs"] = [Path(path).name for path in measured["photographs"]]
    facts["insertion_minus_deletion"] = {
        row["name"]: round(row["insertion_minus_deletion"], 3) for row in measured["rows"]
    }
    STORED.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
