"""The notebook in ``docs/`` runs from top to bottom and shows what it says; it is kept without outputs."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

TOUR = Path(__file__).parents[2] / "docs" / "tour.ipynb"


def test_the_tour_runs_from_top_to_bottom(tmp_path: Path) -> None:
    notebook = nbformat.read(TOUR, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "kept without outputs"
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    shown = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", ())]
    assert any("text/html" in data and "image/png" in data and "text/plain" in data for data in shown)
    text = str(shown) + str([o.get("text", "") for c in notebook.cells for o in c.get("outputs", ())])
    for said in ("<Model markers:", "<Explanation demo 1280x720:", "'findings.json'", "'maps.npz'"):
        assert said in text
