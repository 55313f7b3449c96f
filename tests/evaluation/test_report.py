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
    infills_of,
    json_rows,
    place_cells,
    side_cells,
    side_headings,
)
from heatcam.saliency.ultralytics_map import NAME as ULTRALYTICS

THREE = replace(PROTOCOLS["growing"], fractions=(0.1, 0.5, 0.9))
BOX = np.array([1, 2, 3, 4], np.float32)
CAT, DOG = (Candidate(name, n, 0.5, n, BOX, np.zeros((0, 4), np.float32)) for n, name in enumerate("cd"))
HERE = Photograph(Path("a, b.png"), (CAT, DOG), 0)
PLACE = Place(True, 0.5, 2.0, None, 0.9)
NOWHERE = Place(None, None, None, None, None)
CHECKS = Checks(0.25, {"head": 0.1, "upper half": None, "whole network": -0.2})


def score(row: str, candidate: Candidate, insertion: float, place: Place = PLACE, checks=None) -> Score:
    curves = Curves(THREE, "blur", (0.6, 0.3, 0.0), (0.0, insertion, 2 * insertion))
    return Score(row, HERE, candidate, curves, place, checks)


def under_noise(score: Score, **changes) -> Score:
    return replace(score, curves=replace(score.curves, infill="noise", deletions=(0.3, 0.0, 0.0)), **changes)


SCORES = [
    score("live", CAT, 0.4, checks=CHECKS),
    score("live", DOG, 0.2, NOWHERE, replace(CHECKS, sensitivity=None)),
    score(ULTRALYTICS, CAT, 0.3),
    score(ULTRALYTICS, DOG, 0.3),
    score(PLAIN_BOX, CAT, 0.3),
    score(PLAIN_BOX, DOG, 0.1),
]


def rows() -> list[dict]:
    return json_rows(by_row(SCORES), "box", seed=0)


def rows_of_two_infills() -> list[dict]:
    """``live`` under noise alone, because it was made with blur."""
    others = [under_noise(s, made_with="blur" if s.row == "live" else None) for s in SCORES]
    return json_rows(by_row([*SCORES[2:], *others]), "box", seed=0)


def test_a_row_has_the_means_over_its_objects() -> None:
    live, *_ = rows()
    assert (live["name"], live["infill"], live["fractions"], live["n"]) == ("live", "blur", "box", 2)
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
    assert live["vs_box_ci95_photographs"] is None  # there is one
    assert live["vs_ultralytics"] == 0
    assert live["vs_ultralytics_ci95"] == pytest.approx([-0.1, 0.1])
    assert box["vs_box_ci95"] == ultralytics["vs_ultralytics_ci95"] == [0, 0]


def test_photographs_are_drawn_whole_with_all_their_objects() -> None:
    """Against the bootstrap of photographs written out: three of them, of two, one and one objects."""
    there = [replace(HERE, path=Path(name)) for name in "xyz"]
    where = [there[0], there[0], there[1], there[2]]
    ours = [score("live", CAT, insertion) for insertion in (0.9, 0.7, 0.1, 0.2)]
    theirs = [score(row, CAT, 0.3) for row in (PLAIN_BOX, ULTRALYTICS) for _ in range(4)]
    scores = [replace(s, photograph=where[n % 4]) for n, s in enumerate([*ours, *theirs])]
    (live, *_) = json_rows(by_row(scores), "box", seed=0)
    leads, rng = {"x": [0.6, 0.4], "y": [-0.2], "z": [-0.1]}, np.random.default_rng(1)
    means = [np.mean([lead for n in rng.integers(0, 3, 2) for lead in leads["xyz"[n]]]) for _ in range(20000)]
    assert live["vs_box_ci95_photographs"] == pytest.approx(np.percentile(means, [2.5, 97.5]), abs=0.01)
    assert live["vs_box_ci95"] != live["vs_box_ci95_photographs"]


def test_infills_stand_beside_each_other_and_a_map_has_nothing_under_its_own() -> None:
    two = rows_of_two_infills()
    assert infills_of(two) == ["blur", "noise"]
    assert side_headings(two) == ("map", "blur", "to box, blur", "noise", "to box, noise")
    ultralytics, live, box = side_cells(two)
    assert live == ["live", None, None, "0.200", "+0.100 (+0.100 to +0.100)"]
    assert ultralytics == [
        ULTRALYTICS,
        *("0.000", "+0.100 (+0.000 to +0.200)", "0.200", "+0.100 (+0.000 to +0.200)"),
    ]
    assert box[0] == PLAIN_BOX
    assert [cells[0] for cells in faith_cells(two, "noise")] == ["live", ULTRALYTICS, PLAIN_BOX]
    assert [cells[0] for cells in faith_cells(two, "blur")] == [ULTRALYTICS, PLAIN_BOX]
    assert [cells[0] for cells in place_cells(two)] == [ULTRALYTICS, "live", PLAIN_BOX]
    assert {row["name"]: row["made_with"] for row in two} == {
        "live": "blur",
        ULTRALYTICS: None,
        PLAIN_BOX: None,
    }


def test_checks_stand_only_in_rows_that_have_them() -> None:
    live, ultralytics, _ = rows()
    assert live["max_sensitivity"] == 0.25
    assert live["randomised_similarity"] == {"head": 0.1, "upper half": None, "whole network": -0.2}
    assert "max_sensitivity" not in ultralytics
    assert check_cells(rows()) == [["live", "0.25", "0.10", None, "-0.20"]]


def test_the_tables_begin_with_the_truest_map() -> None:
    assert [cells[0] for cells in faith_cells(rows(), "blur")] == ["live", ULTRALYTICS, PLAIN_BOX]
    assert faith_cells(rows(), "blur")[2][-3:] == ["+0.000 to +0.000", None, "-0.200 to +0.000"]
    assert place_cells(rows())[0] == ["live", "0.50", "2.00", "1.00", None, "0.90"]
    assert {len(cells) for cells in faith_cells(rows(), "blur")} == {len(FAITH_HEADINGS)}
    assert {len(cells) for cells in place_cells(rows())} == {len(PLACE_HEADINGS)}


def test_a_line_an_object_and_row_with_nothing_where_nothing_was_measured() -> None:
    lines = list(csv.DictReader(csv_text(SCORES, "box").splitlines()))
    assert len(lines) == len(SCORES)
    first, second, third, *_ = lines
    assert (first["photograph"], first["class"], first["row"]) == ("a, b.png", "c", "live")
    assert (first["infill"], first["fractions"]) == ("blur", "box")
    assert (first["x1"], first["y2"], first["insertion"]) == ("1.0", "4.0", "0.4")
    assert (first["max_sensitivity"], first["similarity, head shuffled"]) == ("0.25", "0.1")
    assert (second["energy_in_box"], second["max_sensitivity"]) == ("", "")
    assert third["similarity, head shuffled"] == ""


def test_without_checks_the_lines_have_no_columns_for_them() -> None:
    assert "sensitivity" not in csv_text(SCORES[2:], "box")


def test_the_picture_shows_every_row() -> None:
    picture = curves_picture(rows(), "title", "growing")
    assert picture.dtype == np.uint8
    assert picture.shape == (540, 1300, 3)
    fewer = curves_picture(rows()[:2], "title", "growing")
    assert (picture != fewer).any()
    blue, green, red = (picture[..., n].astype(int) for n in range(3))
    assert ((blue > red + 80) & (green > red)).any()  # matplotlib's first colour is blue: the order is BGR


def test_each_infill_has_two_panels_and_a_map_is_missing_where_it_was_not_judged() -> None:
    two = rows_of_two_infills()
    for row in two:
        if row["name"] == "live":
            row["curves"]["insertion"] = [0.9, 0.9, 0.9]  # (apart from the others' curves)
    picture = curves_picture(two, "title", "growing")
    assert picture.shape == (980, 1300, 3)
    blue, red = (picture[..., n].astype(int) for n in (0, 2))
    plots = slice(0, 900)  # (the legend is to the right)
    ultralytics, live = (
        (blue > red + 80)[:, plots],
        (red > blue + 80)[:, plots],
    )  # matplotlib's blue and orange
    assert ultralytics[:490].any()
    assert ultralytics[490:].any()
    assert not live[:490].any()
    assert live[490:].any()
