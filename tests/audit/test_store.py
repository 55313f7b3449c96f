"""The store: every finished picture is kept, numbers do not depend on when it was, and nothing is read all at once."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars
import pytest

from heatcam.audit.objects import OBJECT_SCHEMA
from heatcam.audit.store import AuditStore
from heatcam.errors import SinkError, UsageError
from tests.audit.stored import a_picture, an_object, parts


@pytest.fixture
def store(tmp_path: Path):
    made = AuditStore(tmp_path / "audit.sqlite")
    yield made
    made.close()


def test_objects_come_back_as_they_were_put_with_their_pictures_facts(store: AuditStore) -> None:
    full = {name: 0.25 for name, kind in OBJECT_SCHEMA.items() if kind == polars.Float64()}
    own = an_object(1, low_evidence=True, why="because", verdict="not-seen", covers=2, **full)
    second = an_object(2, "missed", confidence=None, low_evidence=False)
    picture = replace(a_picture("a/b.jpg", 3), objects=(own, second))
    store.put_picture(picture)
    table = store.table()
    assert table.schema == OBJECT_SCHEMA
    first, other = table.iter_rows(named=True)
    expected = {name: getattr(own, name) for name in OBJECT_SCHEMA.names()}
    assert first == expected | {"image": "a/b.jpg", "image_id": 3, "image_wide": 640, "image_tall": 480}
    assert (other["confidence"], other["low_evidence"], other["covers"]) == (None, False, None)


def test_numbers_are_those_of_the_data_sets_order_whenever_a_picture_was_done(store: AuditStore) -> None:
    for name, position in (("c", 3), ("a", 1), ("b", 2)):
        store.put_picture(a_picture(name, position, covers=1))
    table = store.table()
    assert table["number"].to_list() == [1, 2, 3, 4, 5, 6]
    assert table["image"].to_list() == ["a", "a", "b", "b", "c", "c"]
    assert table["covers"].to_list() == [1, 1, 3, 3, 5, 5]
    store.put_picture(a_picture("b", 2, objects=3))
    assert store.table()["image"].to_list() == ["a", "a", "b", "b", "b", "c", "c"]
    store.arrange(["c", "a"])
    assert store.table()["image"].to_list() == ["c", "c", "a", "a"]
    assert store.table()["image_id"].to_list() == [1, 1, 2, 2]


def test_parts_come_in_the_order_asked_for(store: AuditStore) -> None:
    store.put_picture(a_picture("a", 1))
    store.put_picture(a_picture("b", 2))
    found = store.parts([4, 1])
    assert (found.numbers, found.thumbs_jpeg, found.crops_jpeg) == (
        (4, 1),
        (b"thumb 202", b"thumb 101"),
        (b"crop 202", b"crop 101"),
    )
    assert np.array_equal(found.own[0], parts(202).own)
    assert np.array_equal(found.signed[1], parts(101).signed)
    assert found.embedding.tolist() == [[202.0] * 3, [101.0] * 3]
    assert store.parts([]).own.shape == (0, 24, 24)
    with pytest.raises(KeyError):
        store.parts([5])


def test_an_object_without_embedding_has_zeros_among_others(store: AuditStore) -> None:
    own = a_picture("a", 1)
    store.put_picture(replace(own, parts=(parts(1, 0), parts(2, 2))))
    assert store.parts([1, 2]).embedding.tolist() == [[0, 0], [2, 2]]


def test_what_was_tried_and_clusters_stay_with_their_objects_when_numbers_change(store: AuditStore) -> None:
    store.put_picture(a_picture("b", 2))
    store.put_tries([{"number": 1, "question": "background_blurred", "kept": False, "confidence": 0.1}])
    store.put_tries([{"number": 1, "question": "background_blurred", "kept": True, "confidence": 0.4}])
    store.put_clusters({2: 7, 1: -1})
    store.put_cells({1: (0, 5)})
    store.put_picture(a_picture("a", 1, objects=1))
    assert store.tries().rows() == [(2, "background_blurred", True, 0.4)]
    assert store.table()["cluster"].to_list() == [None, -1, 7]
    assert store.table()["cell"].to_list() == [None, 5, None]


def test_weak_boxes_come_back_picture_by_picture(store: AuditStore) -> None:
    store.put_picture(a_picture("a", 1))
    (scored,) = store.scored()
    assert (scored.class_ids.tolist(), scored.right.tolist(), scored.label_ids.tolist()) == (
        [0, 1],
        [1023, 0],
        [0, 0],
    )
    assert scored.confidences.tolist() == pytest.approx([0.9, 0.1])


def test_a_broken_picture_has_its_reason_and_is_not_done(store: AuditStore) -> None:
    store.put_picture(a_picture("a", 1, stamp="x"))
    store.put_broken("b", 2, "it is damaged")
    assert store.done() == {"a": "x"}
    assert store.images().rows() == [(1, "a", 640, 480, 2, None), (2, "b", None, None, 0, "it is damaged")]
    store.put_broken("a", 1, "gone")
    assert len(store.table()) == 0


def test_another_model_or_other_settings_are_refused(store: AuditStore) -> None:
    store.begin("one")
    store.begin("one")
    with pytest.raises(UsageError, match=r"other settings; .*--overwrite"):
        store.begin("two")


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "audit.sqlite").write_text("not a database at all, but long enough to be looked at")
    with pytest.raises(SinkError, match="cannot use"):
        AuditStore(tmp_path / "audit.sqlite")


KILLED = """
import os, sys
from pathlib import Path
from heatcam.audit.store import AuditStore
from tests.audit.stored import a_picture
store = AuditStore(Path(sys.argv[1]))
store.put_picture(a_picture("a", 1))
put = AuditStore._put_object
def dies(self, base, key, one, parts):
    if one.number == 2:
        os._exit(9)
    put(self, base, key, one, parts)
AuditStore._put_object = dies
store.put_picture(a_picture("b", 2))
"""


def test_a_killed_audit_keeps_every_finished_picture_and_nothing_of_the_others(tmp_path: Path) -> None:
    path = tmp_path / "audit.sqlite"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=root, check=False).returncode == 9
    store = AuditStore(path)
    assert store.table()["image"].to_list() == ["a", "a"]
    assert store.images()["image"].to_list() == ["a"]
    store.close()
