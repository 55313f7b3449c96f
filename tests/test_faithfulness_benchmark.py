"""What ``heatcam methods`` shows is taken from documents of ``heatcam eval``, those from before infills were named included."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.faithfulness import facts_of

LINES = {"blur": (0.5, 0.3), "noise": (0.4, 0.1)}  # live's insertion; the box's


def row(name: str, difference: float) -> dict[str, Any]:
    return {"name": name, "insertion_minus_deletion": difference, "vs_box_ci95": [0.1, 0.2]}


def document(**more: Any) -> dict[str, Any]:
    return {"protocol": "p", "model": "m", "objects": 2, "photographs": ["a/b.png"], "seed": 0} | more


def test_a_document_from_before_infills_is_of_the_blurred_picture(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("row,insertion,deletion\nlive,0.5,0.1\nlive,0.7,0.1\n", "utf-8")
    facts = facts_of(document(rows=[row("live", 0.5)]), tmp_path / "old.csv", None)
    assert (facts["infill"], facts["fractions"]) == ("blur", "picture")
    assert facts["insertion_minus_deletion"] == {"live": 0.5}
    assert facts["to_live_ci95"] == {"live": [0, 0]}
    assert facts["photographs"] == ["b.png"]


@pytest.mark.parametrize(("asked", "kept"), [(None, "blur"), ("noise", "noise")])
def test_of_several_infills_one_is_kept(tmp_path: Path, asked: str | None, kept: str) -> None:
    lines = [
        f"{name},{infill},box,{insertion},0"
        for infill, pair in LINES.items()
        for name, insertion in zip(("live", "box"), pair, strict=True)
    ]
    (tmp_path / "new.csv").write_text("\n".join(["row,infill,fractions,insertion,deletion", *lines]), "utf-8")
    rows = [row("live", pair[0]) | {"infill": infill} for infill, pair in LINES.items()]
    facts = facts_of(
        document(rows=rows, infills=["blur", "noise"], fractions="box"), tmp_path / "new.csv", asked
    )
    assert (facts["infill"], facts["fractions"]) == (kept, "box")
    assert facts["insertion_minus_deletion"] == {"live": LINES[kept][0]}
    lead = LINES[kept][1] - LINES[kept][0]
    assert facts["to_live_ci95"]["box"] == pytest.approx([lead, lead])
