"""From scores to rows, lines and cells, on scores that are made up."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from heatcam.evaluation.checks import Checks
from heatcam.evaluation.controls import PLAIN_BOX
from heatcam.evaluation.curves import Curves
from heatcam.evaluation.localisation import Place
from heatcam.evaluation.measuring import Score
from heatcam.evaluation.objects import Candidate, Photograph
from heatcam.evaluation.picture import curves_picture
from heatcam.evaluation.protocols import PROTOCOLS
from heatcam.evaluation.report import (
    FAITH_HEADINGS,
    PLACE_HEADINGS,
    by_row,
    check_cells,
    csv_text,
    faith_cells,
    json_rows,
    place_cells,
)
from heatcam.saliency.ultralytics_map import NAME as ULTRALYTICS

THREE = replace(PROTOCOLS["blur"], fractions=(0.1, 0.5, 0.9))
BOX = np.array([1, 2, 3, 4], np.float32)
CAT, DOG = (Candidate(name, n, 0.5, n, BOX, np.zeros((0, 4), np.float32)) for n, name in enumerate("cd"))
HERE = Photograph(Path("a, b.png"), (CAT, DOG), 0)
PLACE = Place(True, 0.5, 2.0, None, 0.9)
NOWHERE = Place(None, None, None, None, None)
CHECKS = Checks(0.25, {"head": 0.1, "upper half": None, "whole network": -0.2})


def score(row: str, candidate: Candidate, insertion: float, place: Place = PLACE, checks=None) -> Score:
    curves = Curves(THREE, (0.6, 0.3, 0.0), (0.0, insertion, 2 * insertion))
    return Score(row, HERE, candidate, curves, place, checks)


SCORES = [
    score("live", CAT, 0.4, checks=CHECKS),
    score("live", DOG, 0.2, NOWHERE, replace(CHECKS, sensitivity=None)),
    score(ULTRALYTICS, CAT, 0.3),
    score(ULTRALYTICS, DOG, 0.3),
    score(PLAIN_BOX, CAT, 0.3),
    score(PLAIN_BOX, DOG, 0.1),
]


def rows() -> list[dict]:
    return json_rows(by_row(SCORES), seed=0)


def test_a_row_has_the_means_over_its_objects() -> None:
    live, *_ = rows()
    assert (live["name"], live["n"]) == ("live", 2)
    assert (live["insertion"], live["deletion"], live["insertion_minus_deletion"]) == (0.3, 0.3, 0.0)
    assert (live["energy_in_box"], live["enrichment"], live["pointing_game"]) == (0.5, 2, 1)
    assert live["object_discrimination"] is None
    assert live["curves"] == {
        "fractions": [0.1, 0.5, 0.9],
        "insertion": [0, 0.3, 0.6],
        "deletion": [0.6, 0.3, 0],
    }


def test_rows_are_compared_object_by_object() -> None:
    live, ultralytics, box = rows()
    assert live["vs_box"] == pytest.approx(0.1)
    assert live["vs_box_ci95"] == pytest.approx([0.1, 0.1])  # by as much on either object
    assert live["vs_ultralytics"] == 0
    assert live["vs_ultralytics_ci95"] == pytest.approx([-0.1, 0.1])
    assert box["vs_box_ci95"] == ultralytics["vs_ultralytics_ci95"] == [0, 0]


def test_checks_stand_only_in_rows_that_have_them() -> None:
    live, ultralytics, _ = rows()
    assert live["max_sensitivity"] == 0.25
    assert live["randomised_similarity"] == {"head": 0.1, "upper half": None, "whole network": -0.2}
    assert "max_sensitivity" not in ultralytics
    assert check_cells(rows()) == [["live", "0.25", "0.10", None, "-0.20"]]


def test_the_tables_begin_with_the_truest_map() -> None:
    assert [cells[0] for cells in faith_cells(rows())] == ["live", ULTRALYTICS, PLAIN_BOX]
    assert faith_cells(rows())[2][-2:] == ["+0.000 to +0.000", "-0.200 to +0.000"]
    assert place_cells(rows())[0] == ["live", "0.50", "2.00", "1.00", None, "0.90"]
    assert {len(cells) for cells in faith_cells(rows())} == {len(FAITH_HEADINGS)}
    assert {len(cells) for cells in place_cells(rows())} == {len(PLACE_HEADINGS)}


def test_a_line_an_object_and_row_with_nothing_where_nothing_was_measured() -> None:
    lines = list(csv.DictReader(csv_text(SCORES).splitlines()))
    assert len(lines) == len(SCORES)
    first, second, third, *_ = lines
    assert (first["photograph"], first["class"], first["row"]) == ("a, b.png", "c", "live")
    assert (first["x1"], first["y2"], first["insertion"]) == ("1.0", "4.0", "0.4")
    assert (first["max_sensitivity"], first["similarity, head shuffled"]) == ("0.25", "0.1")
    assert (second["energy_in_box"], second["max_sensitivity"]) == ("", "")
    assert third["similarity, head shuffled"] == ""


def test_without_checks_the_lines_have_no_columns_for_them() -> None:
    assert "sensitivity" not in csv_text(SCORES[2:])


def test_the_picture_shows_every_row() -> None:
    picture = curves_picture(rows(), "title", "blur")
    assert picture.dtype == np.uint8
    assert picture.shape == (540, 1300, 3)
    fewer = curves_picture(rows()[:2], "title", "blur")
    assert (picture != fewer).any()
    blue, green, red = (picture[..., n].astype(int) for n in range(3))
    assert ((blue > red + 80) & (green > red)).any()  # matplotlib's first colour is blue: the order is BGR
