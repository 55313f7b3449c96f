"""``heatcam methods``: the CAM methods there are to choose from."""

from __future__ import annotations

from heatcam.commands.tables import show_table
from heatcam.commands.terminal import Terminal
from heatcam.saliency.methods import METHODS

#: Insertion minus deletion of each method's maps, higher is better; a method without a measurement is not in it.
FAITHFULNESS: dict[str, float] = {}


def methods(json: str | None, terminal: Terminal) -> int:
    """List every method, the default first.

    Args:
        json: a file for the machine-readable list, ``-`` for standard output, None for none.
        terminal: where to say it.

    Returns:
        0.

    Raises:
        SinkError: the JSON file cannot be written.
    """
    rows = [
        {
            "name": method.name,
            "formula": method.formula,
            "paper": method.paper,
            "cost": method.cost.value,
            "faithfulness": FAITHFULNESS.get(method.name),
        }
        for method in METHODS.values()
    ]
    if json:
        terminal.document({"methods": rows}, json)
    if json != "-":
        headings = ("name", "formula", "paper", "backward passes", "faithfulness")
        cells = [[*list(row.values())[:-1], _measured(row["faithfulness"])] for row in rows]
        show_table(terminal, headings, cells, numbers=())
    return 0


def _measured(faithfulness: object) -> str:
    return "not measured" if faithfulness is None else f"{faithfulness:.3f}"
