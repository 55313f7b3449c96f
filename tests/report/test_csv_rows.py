"""The table reads back as what was written."""

from __future__ import annotations

import csv
import io

import pytest

from heatcam.report import ObjectRows
from heatcam.report.accumulate import rows_of
from tests.report.runs import frame_of


def read_back(*frames: object) -> list[dict[str, str]]:
    text = io.StringIO()
    rows = ObjectRows(text)
    for explanation in frames:
        rows.write(rows_of(explanation, explanation.frame.pts_s))  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text.getvalue())))


def test_each_object_of_each_frame_has_a_row_with_its_numbers() -> None:
    first, second, third = read_back(
        frame_of(3, [[[3, 1], [2, 0]], [[0, 0], [0, 5]]], tracks=(4, 0), low=(True, False)),
        frame_of(4),
        frame_of(5, names=("cat",)),
    )
    assert (first["frame"], first["time_s"], first["class"], first["track"]) == ("3", "0.3", "dog", "4")
    assert float(first["evidence"]) == 6
    assert float(first["energy_in_box"]) == pytest.approx(5 / 6, abs=1e-6)
    assert float(first["enrichment"]) == pytest.approx(5 / 3, abs=1e-6)
    assert [first[side] for side in ("x1", "y1", "x2", "y2")] == ["0.0", "0.0", "32.0", "64.0"]
    assert (first["low_evidence"], second["low_evidence"], third["low_evidence"]) == ("1", "0", "")
    assert (second["track"], second["unit"]) == ("", "logits")
    assert (third["frame"], third["evidence"], third["energy_in_box"], third["unit"]) == ("5", "", "", "")


def test_names_with_commas_quotes_and_controls_stay_in_their_cell() -> None:
    (row,) = read_back(frame_of(0, names=('a, "b"\n\x1b[0m',)))
    assert row["class"] == 'a, "b"\\n\\x1b[0m'
