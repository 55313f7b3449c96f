"""Parts, manifest and dead letters: what counts, and what a crash leaves behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars
import pytest

from heatcam.batch.columns import in_columns, row_columns
from heatcam.batch.dead_letters import append_failed, keep_failed_of
from heatcam.batch.input_rows import InputRow, input_rows
from heatcam.batch.manifest import Manifest
from heatcam.batch.parts import PartGatherer, TablePart, Task, write_part
from heatcam.batch.plan import BatchPlan
from heatcam.errors import SinkError, UsageError

KINDS = row_columns(BatchPlan())


def answer(*rows: tuple[int, str]) -> dict[str, list[Any]]:
    """Columns of rows, each of a picture's number and a status."""
    made = [
        {
            "path": f"{n}.png",
            "input_index": n,
            "status": status,
            "reason": "why" * (status == "failed") or None,
        }
        for n, status in rows
    ]
    return in_columns(made, KINDS)


def task(chunk: tuple[int, int], *numbers: int) -> Task:
    return Task(chunk, tuple(InputRow(f"{n}.png", n) for n in numbers))


def test_answers_in_any_order_make_a_part_in_order_once_all_are_there() -> None:
    gatherer, chunk = PartGatherer(), (4, 8)
    assert gatherer.add(task(chunk, 6, 7), answer((6, "object"), (6, "object"), (7, "empty"))) is None
    part = gatherer.add(task(chunk, 4, 5), answer((4, "failed"), (5, "object")))
    assert part is not None
    assert part.columns["input_index"] == [4, 5, 6, 6, 7]
    assert part.facts() == {"file": "part-00000004.parquet", "first": 4, "end": 8, "objects": 3, "failed": 1}
    assert list(part.failed()) == [{"path": "4.png", "reason": "why", "input_index": 4}]
    assert list(gatherer.begun()) == []


def test_of_a_chunk_that_was_begun_the_pictures_before_the_first_gap_are_kept() -> None:
    gatherer = PartGatherer()
    for numbers in ((0, 1), (4, 5), (9,)):
        chunk = (0, 6) if numbers[0] < 6 else (6, 12)
        gatherer.add(task(chunk, *numbers), answer(*((n, "object") for n in numbers)))
    kept = list(gatherer.begun())
    assert [(part.first, part.end, part.columns["input_index"]) for part in kept] == [(0, 2, [0, 1])]


def test_a_task_travels_as_columns_and_comes_back_as_the_same_rows() -> None:
    rows = (
        InputRow("a.png", 3),
        InputRow("s.tar/b.png", 4, "s.tar", "b.png", (512, 9)),
        InputRow("t", 5, problem="cut"),
    )
    assert tuple(input_rows(Task((0, 9), rows).batch())) == rows


def test_a_part_is_a_table_of_its_objects_even_without_any(tmp_path: Path) -> None:
    for n, rows in enumerate([[(0, "object"), (1, "failed"), (2, "empty")], [(3, "empty")]]):
        write_part(tmp_path, TablePart(n, n + 1, answer(*rows)), KINDS)
    both = polars.read_parquet(tmp_path / "*.parquet")
    assert both["input_index"].to_list() == [0]
    assert both.schema["map"] == polars.Binary
    assert both.schema["confidence"] == polars.Float64
    assert "status" not in both.columns


HEAD = {"settings": {"conf": 0.25, "inputs": {"count": 9}}, "settings_sha256": "0"}
PART = {"file": "part-00000000.parquet", "first": 0, "end": 4, "objects": 3, "failed": 1}


def test_a_manifest_is_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    with Manifest(path, HEAD) as manifest:
        manifest.runs_on({"backend": "torch"})
        manifest.runs_on({"backend": "other"})  # (the first start decides)
        manifest.add(PART)
    with Manifest(path, HEAD) as again:
        assert again.parts == [PART]
        assert again.ran_on == {"backend": "torch"}
        assert (again.pictures, again.total("objects"), again.ranges()) == (4, 3, [(0, 4)])


@pytest.mark.parametrize("cut", [1, 20, 70])
def test_a_line_that_a_crash_cut_off_does_not_count(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "manifest.jsonl"
    with Manifest(path, HEAD) as manifest:
        manifest.add(PART)
        manifest.add(PART | {"first": 4, "end": 8})
    path.write_bytes(path.read_bytes()[:-cut])
    with Manifest(path, HEAD) as again:
        assert again.ranges() == [(0, 4)]
        again.add(PART | {"first": 4, "end": 9})
    assert [json.loads(line)["end"] for line in path.read_text().splitlines()[1:]] == [4, 9]


def test_a_manifest_cut_off_in_its_first_line_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    path.write_text('{"schema": "heatcam/ba')
    with Manifest(path, HEAD) as manifest:
        assert manifest.parts == []
    assert len(path.read_text().splitlines()) == 1


def test_other_settings_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "maps" / "manifest.jsonl"
    path.parent.mkdir()
    Manifest(path, HEAD).close()
    other = {"settings": {"conf": 0.5, "inputs": {"count": 9}}, "settings_sha256": "1"}
    with pytest.raises(UsageError, match=r"maps was begun with conf 0\.25 and not 0\.5; give the same"):
        Manifest(path, other)


def test_damage_is_told(tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    path.write_text("nonsense\n")
    with pytest.raises(SinkError, match="cannot use"):
        Manifest(path, HEAD)
    path.write_text("{}\n")
    with pytest.raises(UsageError, match="another version"):
        Manifest(path, HEAD)


def test_two_runs_cannot_write_one_manifest(tmp_path: Path) -> None:
    with Manifest(tmp_path / "m.jsonl", HEAD), pytest.raises(UsageError, match="another heatcam is at"):
        Manifest(tmp_path / "m.jsonl", HEAD)


def test_dead_letters_are_those_of_parts_that_count_each_once_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "failed.jsonl"
    append_failed(path, [])
    assert not path.exists()
    append_failed(path, [{"path": f"{n}.png", "input_index": n} for n in (7, 1, 12, 3)])
    append_failed(path, [{"path": "1.png", "input_index": 1}])
    with path.open("a") as file:
        file.write('{"path": "8.png", "input_in')
    keep_failed_of(path, [(6, 9), (0, 3)])
    assert [json.loads(line)["input_index"] for line in path.read_text().splitlines()] == [1, 7]
    keep_failed_of(path, [])
    assert not path.exists()
