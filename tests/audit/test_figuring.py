"""Figures of an audit, by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from heatcam.audit.figures import ConfusionCell
from heatcam.audit.figuring import figures_document, figures_of
from heatcam.audit.tries import Try, tries_table
from heatcam.measures import share_interval
from tests.audit.tables import made, table_of

TABLE = table_of(
    made("true", confidence=0.9, energy_in_box=0.8),  # 1
    made("true", image="b.jpg", confidence=0.7, energy_in_box=0.7),  # 2
    made("class", label_class_name="horse", covers=8, confidence=0.6, low_evidence=True),  # 3
    made("background", "horse", "b.jpg", confidence=0.3, energy_in_box=0.1, low_evidence=True),  # 4
    made("duplicate", image="c.jpg", confidence=0.4, energy_in_box=None),  # 5
    made("location", image="c.jpg", covers=9),  # 6
    made("loose", image="c.jpg"),  # 7
    made("missed", "horse"),  # 8: number 3 stands for it
    made("missed", image="c.jpg"),  # 9
    made("ignored", "horse", "c.jpg"),  # 10
)
FIGURES = figures_of(TABLE, pictures=["a.jpg", "b.jpg", "c.jpg", "empty.jpg"])


def test_every_class_has_its_counts() -> None:
    every, cow, horse = FIGURES.classes
    assert (FIGURES.images, FIGURES.objects, FIGURES.has_labels) == (4, 10, True)
    assert every.class_name is None
    assert cow.kinds == {
        "true": 2,
        "class": 1,
        "location": 1,
        "duplicate": 1,
        "missed": 1,
        "loose": 1,
    }
    assert horse.kinds == {"background": 1, "missed": 1, "ignored": 1}
    assert (cow.precision.value, cow.precision.n) == (0.4, 5)
    assert (cow.found.value, cow.found.n) == (0.75, 4)
    assert (horse.precision.value, horse.found.value) == (0, 0)
    assert {kind: share.value for kind, share in cow.low_evidence.items()}["class"] == 1
    assert "missed" not in cow.low_evidence


def test_every_object_is_in_one_cell_at_most() -> None:
    assert FIGURES.confusion is not None
    assert FIGURES.confusion.names == ("cow", "horse")
    assert FIGURES.confusion.cells == (
        ConfusionCell(0, 0, (1, 2, 7)),
        ConfusionCell(0, None, (9,)),
        ConfusionCell(1, 0, (3,)),
        ConfusionCell(None, 0, (5, 6)),
        ConfusionCell(None, 1, (4,)),
    )


def test_a_class_that_only_labels_have_is_in_the_matrix() -> None:
    confusion = figures_of(table_of(made("class", label_class_name="goat"))).confusion
    assert confusion is not None
    assert confusion.names == ("cow", "goat")
    assert confusion.cells == (ConfusionCell(1, 0, (1,)),)


def test_distributions_are_numpys() -> None:
    found = {(each.class_name, each.kind, each.number): each for each in FIGURES.distributions}
    every = found[None, None, "confidence"]
    values = [0.9, 0.7, 0.6, 0.3, 0.4, 0.8]
    assert every.n == 6
    assert every.quantiles == pytest.approx(np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95]))
    assert every.counts == tuple(np.histogram(values, 20, (0, 1))[0])
    assert found["cow", "false", "energy_in_box"].n == 2  # the duplicate has none
    assert ("horse", "true", "confidence") not in found
    assert {(each.low, each.high) for each in FIGURES.distributions if each.number == "enrichment"} == {
        (2.5, 3.5)
    }


def test_what_lies_beyond_the_ends_is_in_the_last_bin() -> None:
    rows = [made("true", enrichment=float(n)) for n in range(300)]
    every = next(each for each in figures_of(table_of(*rows)).distributions if each.number == "enrichment")
    assert sum(every.counts) == 300
    assert (every.low, every.high) == pytest.approx((2.99, 296.01))


def test_numbers_separate_and_the_rule_costs() -> None:
    separation = {(each.class_name, each.number): each for each in FIGURES.separation}
    every = separation[None, "confidence"]
    assert (every.true, every.false) == (2, 4)
    assert every.auc.value == pytest.approx(7 / 8)  # 0.9 beats four, 0.7 three
    assert ("horse", "confidence") not in separation
    rule = FIGURES.low_evidence_rule[0]
    assert (rule.class_name, rule.caught.value, rule.cost.value) == (None, 0.5, 0)


def test_the_summary_is_in_plain_lines() -> None:
    first, second, third, fourth, fifth = FIGURES.lines
    assert first.startswith("10 objects in 4 pictures: 2 true, 1 class, ")
    assert second.startswith("precision 33 % [")
    assert "labels found 60 % [" in second
    assert "confidence 0.88, energy in box" in third
    assert fourth.startswith("dropping low evidence would catch 50 % [")
    assert fifth == "mistaken most: horse for cow 1"


def test_context_counts_objects_that_are_kept_whatever_happens_to_the_background() -> None:
    table = table_of(*(made("true", confidence=0.9 - n / 10) for n in range(4)), made("true", "dog"))
    answers = {1: (1, 1, 0), 2: (1, 0, 0), 3: (0, 0, 1), 4: (0, 1, 0)}
    names = ("background_blurred", "background_swapped", "object_blurred")
    rows = [
        Try(number, name, bool(kept), 0.5)
        for number, each in answers.items()
        for name, kept in zip(names, each, strict=True)
    ]
    rows += [Try(5, "background_blurred", True, 0.9)]
    every, cow, dog = figures_of(table, tries_table(rows)).context
    assert (cow.tries, cow.without_background.value) == (4, 0.25)
    assert (cow.background_blurred.value, cow.background_swapped.value) == (0.5, 0.5)
    assert cow.object_needed.value == 0.75
    assert cow.caused_by_background == (3, 2, 4)
    assert (cow.without_background.low, cow.without_background.high) == share_interval(0.25, 4)
    assert cow.words == "cow keeps its detections without background: 25 % [5, 70] of 4"
    assert (dog.without_background.value, dog.object_needed.value) == (1, None)
    assert every.words == "all classes together keep their detections without background: 40 % [12, 77] of 5"


def test_without_labels_there_is_nothing_right_or_wrong() -> None:
    figures = figures_of(table_of(made("unlabelled"), made("unlabelled", "dog")))
    assert not figures.has_labels
    assert (figures.confusion, figures.separation, figures.low_evidence_rule) == (None, (), ())
    assert figures.lines == ("2 objects in 1 picture: 2 unlabelled",)
    assert figures.distributions


def test_nothing_at_all_has_figures() -> None:
    figures = figures_of(table_of(), tries_table([]), ["a.jpg"])
    assert (figures.images, figures.objects, figures.context) == (1, 0, ())
    assert figures.lines == ("0 objects in 1 picture",)


def test_the_document_is_plain() -> None:
    document = figures_document(FIGURES)
    assert json.loads(json.dumps(document)) == document
    assert document["classes"][1]["precision"]["value"] == 0.4


def test_a_class_of_which_little_was_tried_has_no_line_of_its_own() -> None:
    objects = [made("true", "cow" if n < 5 else "dog", f"{n}.jpg", number=n + 1) for n in range(9)]
    tries = tries_table([Try(n + 1, "background_blurred", False, 0.1) for n in range(9)])
    lines = figures_of(table_of(*objects), tries).lines
    assert [line.split(":")[0] for line in lines if "without background" in line] == [
        "all classes together keep their detections without background",
        "cow keeps its detections without background",
    ]
