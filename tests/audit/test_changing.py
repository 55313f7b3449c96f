"""Changes between two audits, object by object."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from heatcam.audit.changes import Changes
from heatcam.audit.changing import AuditTables, changes_document, changes_of
from heatcam.audit.tries import tries_table
from tests.audit.tables import made, table_of

LEFT, RIGHT, FAR = (0, 0, 20, 20), (40, 0, 60, 20), (80, 80, 99, 99)


def tables(*rows: dict[str, Any], pictures: tuple[str, ...] = ("a.jpg",)) -> AuditTables:
    return AuditTables(table_of(*rows), pictures, tries_table([]))


def told(changes: Changes) -> list[tuple[str, str | None, str | None]]:
    return [(each.change, each.kind_before, each.kind) for each in changes.objects]


def test_a_label_is_mended_broken_still_missed_or_still_right() -> None:
    before = tables(
        made("missed", box=LEFT),
        made("true", box=(41, 0, 61, 20), label_x1=40, label_x2=60),
        made("missed", box=FAR),
        made("true", "dog"),
    )
    now = tables(
        made("true", box=(2, 0, 22, 20), label_x1=0, label_x2=20, confidence=0.7),
        made("missed", box=RIGHT),
        made("missed", box=FAR),
        made("true", "dog"),
    )
    changes = changes_of("old/", before, now)
    assert changes.counts == {"mended": 1, "broken": 1, "still_wrong": 1, "still_right": 1}
    assert told(changes) == [
        ("mended", "missed", "true"),
        ("broken", "true", "missed"),
        ("still_wrong", "missed", "missed"),
    ]
    mended = changes.objects[0]
    assert (mended.x1, mended.x2, mended.number, mended.number_before) == (0, 20, 1, 1)
    assert (mended.confidence_before, mended.confidence) == (None, 0.7)


def test_a_false_detection_is_gone_new_or_still_there() -> None:
    before = tables(made("background", box=LEFT), made("duplicate", box=RIGHT))
    now = tables(made("background", box=(41, 1, 61, 21)), made("background", "dog", box=LEFT))
    assert told(changes_of("old/", before, now)) == [
        ("mended", "background", None),
        ("broken", None, "background"),
        ("still_wrong", "duplicate", "background"),
    ]


def test_a_mistake_that_stands_for_a_missed_label_is_told_once() -> None:
    before = tables(made("location", box=LEFT, covers=2), made("missed", box=LEFT))
    now = tables(made("true", box=LEFT))
    assert told(changes_of("old/", before, now)) == [("mended", "missed", "true")]
    assert told(changes_of("old/", now, before)) == [("broken", "true", "missed")]
    assert told(changes_of("old/", before, before)) == [("still_wrong", "missed", "missed")]


def test_loose_labels_are_found() -> None:
    loose, true = tables(made("loose")), tables(made("true"))
    assert changes_of("old/", loose, true).counts == {"still_right": 1}


def test_only_pictures_and_labels_of_both_count() -> None:
    before = tables(made("background"), made("missed", image="b.jpg"), pictures=("a.jpg", "b.jpg"))
    now = tables(made("true", box=FAR), made("background", image="c.jpg"), pictures=("a.jpg", "c.jpg"))
    changes = changes_of("old/", before, now)
    assert (changes.images, changes.images_only_before, changes.images_only_now) == (1, 1, 1)
    assert told(changes) == [("mended", "background", None)]
    assert changes.lines[:3] == (
        "against old/, 1 picture of both: 1 mended",
        "2 pictures of one audit alone left out",
        "1 label of one audit alone left out",
    )


def test_a_picture_where_nothing_is_left_counts() -> None:
    changes = changes_of("old/", tables(made("background")), tables())
    assert changes.counts == {"mended": 1}
    (false,) = (each for each in changes.numbers if each.number == "false_per_image" and not each.class_name)
    assert (false.before, false.now, false.difference.value) == (1, 0, -1)


def test_without_labels_detections_appear_vanish_and_stay() -> None:
    before = tables(made("unlabelled", box=LEFT), made("unlabelled", box=RIGHT))
    now = tables(made("unlabelled", box=LEFT), made("unlabelled", box=FAR))
    changes = changes_of("old/", before, now)
    assert changes.counts == {"appeared": 1, "vanished": 1, "kept": 1}
    assert told(changes) == [("appeared", None, "unlabelled"), ("vanished", "unlabelled", None)]


def test_an_audit_against_itself_changes_nothing() -> None:
    same = tables(made("true"), made("missed", box=FAR), made("background", box=RIGHT))
    changes = changes_of("old/", same, same)
    assert changes.counts == {"still_wrong": 2, "still_right": 1}
    assert {each.difference.value for each in changes.numbers} == {0}


def test_numbers_are_paired_over_pictures() -> None:
    """Energy differs much between pictures, and by 0.1 in each: pairs are sure of it, and of the class that it is about."""
    random = np.random.default_rng(0)
    names = tuple(f"{n}.jpg" for n in range(30))
    energies = random.uniform(0.1, 0.8, 30)
    before = tables(
        *(made("true", image=n, energy_in_box=e) for n, e in zip(names, energies, strict=True)),
        pictures=names,
    )
    now = tables(
        *(made("true", image=n, energy_in_box=e + 0.1) for n, e in zip(names, energies, strict=True)),
        *(made("background", "dog", n, box=FAR) for n in names[:10]),
        pictures=names,
    )
    found = {(each.class_name, each.number): each for each in changes_of("old/", before, now).numbers}
    energy = found["cow", "energy_in_box"].difference
    assert (energy.value, energy.low, energy.high) == pytest.approx((0.1, 0.1, 0.1))
    precision = found[None, "precision"]
    assert (precision.before, precision.now) == (1, 0.75)
    assert precision.difference.low < -0.25 < precision.difference.high < 0
    assert found["dog", "precision"].before is None
    assert found["dog", "precision"].difference.value is None


def test_the_document_is_plain_and_says_as_much() -> None:
    changes = changes_of("old/", tables(made("background")), tables(made("missed")))
    document = changes_document(changes)
    assert json.loads(json.dumps(document)) == document
    assert document["objects"][0] == asdict(changes.objects[0])


def test_the_summary_tells_differences_of_shares_in_percent() -> None:
    before = tables(made("true"), made("missed", box=FAR))
    now = tables(made("true"), made("true", box=FAR))
    lines = changes_of("old/", before, now).lines
    assert "found: 50.0 % to 100.0 %, +50.0 %" in lines
    assert "confidence: 0.80 to 0.80, +0.00" in lines
