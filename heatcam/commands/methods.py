"""``heatcam methods``: list of the CAM methods."""

from __future__ import annotations

import json as json_format
from importlib.resources import files
from typing import Any

from heatcam.commands.tables import show_table
from heatcam.commands.terminal import Terminal
from heatcam.enums import MASK_MAPS
from heatcam.saliency import METHODS

PLAIN_BOX = "control: plain box"


def show_methods(json: str | None, terminal: Terminal) -> int:
    """List every method, the default first.

    Args:
        json: a file for the machine-readable list, ``-`` for standard output, None for none.
        terminal: prints results and notes.

    Returns:
        0.

    Raises:
        SinkError: the JSON file cannot be written.
    """
    facts = measured_facts()
    rows = [
        {
            "name": method.name,
            "formula": method.formula,
            "paper": method.paper,
            "cost": method.cost.value,
            "faithfulness": facts["insertion_minus_deletion"].get(method.name),
        }
        for method in METHODS.values()
    ]
    if json:
        terminal.document({"methods": rows, "faithfulness": facts}, json)
    if json != "-":
        headings = ("name", "formula", "paper", "backward passes", "faithfulness")
        cells = [[*list(row.values())[:-1], _measured(row["faithfulness"])] for row in rows]
        show_table(terminal, headings, cells, numbers=())
        terminal.note(_legend(facts))
        terminal.note(
            f"without gradients, of any model: {' and '.join(MASK_MAPS)}, in `heatcam snapshot` and `eval` (docs/black-boxes.md)"
        )
    return 0


def measured_facts() -> dict[str, Any]:
    """Read ``heatcam eval``'s results, which ``benchmarks/faithfulness.py`` stores: the data, and each method's difference."""
    facts: dict[str, Any] = json_format.loads(
        (files("heatcam.saliency") / "faithfulness.json").read_text("utf-8")
    )
    return facts


def _legend(facts: dict[str, Any]) -> str:
    """Return the legend of the last column."""
    box, caveat = facts["insertion_minus_deletion"][PLAIN_BOX], facts.get("caveat")
    return (
        f"faithfulness: insertion minus deletion, infill {facts['infill']}, fractions of the {facts['fractions']}, maps cut to "
        f"their box, {facts['objects']} objects of {facts['model']} on {len(facts['photographs'])} photographs and frames; "
        f"a plain box reaches {box:.3f}" + (f"; {caveat}" if caveat else "")
    )


def _measured(faithfulness: object) -> str:
    return "not measured" if faithfulness is None else f"{faithfulness:.3f}"
