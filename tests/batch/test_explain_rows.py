"""The callable: what goes in, what comes out, and how often the model is loaded."""

from __future__ import annotations

import pickle
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import heatcam
from heatcam.batch import BatchPlan, ExplainRows, explain_rows, unpack_map
from heatcam.batch.explain_rows import explainers_for
from heatcam.errors import SinkError, UsageError
from heatcam.options import ExplainOptions
from heatcam.sinks import FINDINGS_COLUMNS
from tests.batch.fakes import ByColour, picture_bytes, save, take_the_models_place, write_tar


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    take_the_models_place(monkeypatch)


def explain(batch: dict[str, Any], **plan: Any) -> list[dict[str, Any]]:
    columns = ExplainRows(BatchPlan(**plan))(batch)
    assert {len(values) for values in columns.values()} == {len(columns["path"])}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


@pytest.fixture
def three(tmp_path: Path) -> list[str]:
    return [str(save(tmp_path / f"{blue}.png", blue)) for blue in (2, 0, 1)]


def test_a_row_is_an_object_and_a_picture_without_any_has_one_that_says_so(three: list[str]) -> None:
    rows = explain({"path": three, "input_index": [7, 8, 9]})
    assert [(row["path"], row["status"], row["object"], row["input_index"]) for row in rows] == [
        (three[0], "object", 0, 7),
        (three[0], "object", 1, 7),
        (three[1], "empty", None, 8),
        (three[2], "object", 0, 9),
    ]
    assert {row["model"] for row in rows} == {"fake"}
    assert rows[1]["class_name"] == "thing 1"
    assert rows[1]["width"], rows[1]["height"] == (64, 48)


def test_the_columns_are_those_that_were_told_beforehand(three: list[str]) -> None:
    for more in (
        {},
        {"maps": "none"},
        {"maps": "npz", "pictures": True, "folder": str(Path(three[0]).parent)},
    ):
        explains = ExplainRows(BatchPlan(**more))
        columns = explains({"path": [*three, "missing.png"]})
        assert list(columns) == list(explains.columns)
        assert set(FINDINGS_COLUMNS) < set(columns)
        kinds = {"text": str, "int": int, "float": float, "bool": bool, "bytes": bytes}
        for name, kind in explains.columns.items():
            assert {type(value) for value in columns[name]} <= {kinds[kind], type(None)}, name


def test_a_row_has_the_map_of_its_object(three: list[str]) -> None:
    rows = explain({"path": three})
    made = unpack_map(rows[0])
    assert made.values.shape == (16, 16)
    assert made.in_image().shape == (48, 64)
    assert rows[2]["map"] is None
    with pytest.raises(heatcam.UnreadableInputError, match="no map"):
        unpack_map(rows[2])


def test_failed_pictures_are_rows_with_a_reason_and_the_others_go_on(
    three: list[str], tmp_path: Path
) -> None:
    (tmp_path / "broken.png").write_bytes(picture_bytes(3)[:60])
    fails = str(save(tmp_path / "fails.png", 255))
    rows = explain({"path": ["missing.png", str(tmp_path / "broken.png"), fails, three[2]]})
    assert [row["status"] for row in rows] == ["failed", "failed", "failed", "object"]
    assert rows[0]["reason"] == "there is no file missing.png; check the path"
    assert "truncated PNG" in rows[1]["reason"]
    assert rows[2]["reason"] == "RuntimeError: out of memory"
    assert all(row["object"] is None and row["map"] is None for row in rows[:3])


def test_columns_may_be_lists_or_arrays_and_pandas_nothing_is_nothing(three: list[str]) -> None:
    tables = [
        {"path": three},
        {"path": np.array(three, object), "input_index": np.arange(3)},
        {
            "path": np.array(three),
            "tar": [float("nan")] * 3,
            "offset": np.full(3, np.nan),
            "label": [1, 2, 3],
        },
    ]
    assert [len(explain(table)) for table in tables] == [4, 4, 4]


def test_an_empty_batch_is_an_empty_answer_with_all_columns() -> None:
    explains = ExplainRows(BatchPlan())
    columns = explains({"path": np.array([], object)})
    assert list(columns) == list(explains.columns)
    assert not any(columns.values())


@pytest.mark.parametrize("batch", [{"file": ["a.png"]}, {"tar": ["a.tar"]}, {"path": [None]}, {}])
def test_a_batch_that_names_no_pictures_is_refused(batch: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        explain(batch)


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_members_of_a_tar_file_are_rows_like_others(mode: str, tmp_path: Path) -> None:
    members = [("a/1.png", picture_bytes(1)), ("a/1.json", b"{}"), ("a/2.png", picture_bytes(2))]
    tar = str(write_tar(tmp_path / "shard.tar", members, mode))
    rows = explain({"tar": [tar] * 4, "member": ["a/1.png", "a/2.png", "a/1.png", "a/3.png"]})
    assert [(row["member"], row["status"], row["object"]) for row in rows] == [
        ("a/1.png", "object", 0),
        ("a/2.png", "object", 0),
        ("a/2.png", "object", 1),
        ("a/1.png", "object", 0),  # (gone back to)
        ("a/3.png", "failed", None),
    ]
    assert rows[0]["path"] == f"{tar}/a/1.png"
    assert rows[-1]["reason"] == f"{tar} has no member a/3.png; check the list"


def test_a_tar_file_that_is_damaged_or_missing_is_a_reason(tmp_path: Path) -> None:
    whole = write_tar(tmp_path / "whole.tar", [("1.png", picture_bytes(1)), ("2.png", picture_bytes(2))])
    cut = tmp_path / "cut.tar"
    cut.write_bytes(whole.read_bytes()[:1400])
    rows = explain({"tar": [str(cut), "none.tar", str(cut)], "member": ["2.png", "1.png", "1.png"]})
    assert [row["status"] for row in rows] == ["failed", "failed", "object"]
    assert "cannot be read" in rows[1]["reason"]
    cut_off = explain({"tar": [str(cut)], "member": ["2.png"], "offset": [1390], "length": [90]})
    assert "it is cut off" in cut_off[0]["reason"]


def test_a_member_is_read_at_its_place_where_that_is_known(tmp_path: Path) -> None:
    tar = write_tar(tmp_path / "shard.tar", [("1.png", picture_bytes(1))])
    tar.write_bytes(b"#" * 512 + tar.read_bytes()[512:])  # (its header is gone)
    batch = {"tar": [str(tar)], "member": ["1.png"], "offset": [512], "length": [len(picture_bytes(1))]}
    assert explain(batch)[0]["status"] == "object"


def test_streams_give_the_same_rows_in_the_same_order(tmp_path: Path) -> None:
    paths = [str(save(tmp_path / f"{n}.png", n % 7)) for n in range(40)]
    assert explain({"path": paths}, streams=4) == explain({"path": paths})


def test_streams_run_at_the_same_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(3, timeout=10)

    class Waits(ByColour):
        def explain(self, image: Any, **options: Any) -> Any:
            together.wait()  # (until three of them are here)
            return super().explain(image, **options)

    monkeypatch.setattr(explain_rows, "explainers_for", lambda plan: [Waits() for _ in range(plan.streams)])
    paths = [str(save(tmp_path / f"{n}.png", 1)) for n in range(6)]
    assert [row["status"] for row in explain({"path": paths}, streams=3)] == ["object"] * 6


def test_the_model_is_loaded_once_a_process_and_not_before_the_first_batch(
    three: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[BatchPlan] = []
    monkeypatch.setattr(
        explain_rows,
        "explainers_for",
        lambda plan: [loaded.append(plan) or ByColour()],  # type: ignore[func-returns-value]
    )
    one, other = ExplainRows(BatchPlan()), ExplainRows(BatchPlan())
    assert loaded == []
    for each in (one, other, pickle.loads(pickle.dumps(one))):
        each({"path": three})
    assert len(loaded) == 1
    ExplainRows(BatchPlan(options=ExplainOptions(conf=0.5)))({"path": three})
    assert len(loaded) == 2


def test_a_full_disk_ends_it_instead_of_failing_every_picture(
    three: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "npz").write_text("in the way")
    with pytest.raises(SinkError):
        explain({"path": three}, maps="npz", folder=str(tmp_path))


def test_archives_and_pictures_are_written_and_named_in_the_row(three: list[str], tmp_path: Path) -> None:
    rows = explain(
        {"path": three, "input_index": [1999, 2000, 2001]},
        maps="npz",
        pictures=True,
        folder=str(tmp_path / "out"),
    )
    assert [row["npz"] for row in rows] == [
        "npz/0001/00001999-2.npz",
        "npz/0001/00001999-2.npz",
        "npz/0002/00002000-0.npz",
        "npz/0002/00002001-1.npz",
    ]
    assert rows[0]["picture"] == "pictures/0001/00001999-2.jpg"
    assert "map" not in rows[0]
    written = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.*"))
    assert written == sorted({row[kind] for row in rows for kind in ("npz", "picture")})


@pytest.mark.parametrize(
    ("plan", "problem"),
    [
        ({"streams": 0}, "streams is 0"),
        ({"maps": "npz"}, "need a folder"),
        ({"pictures": True}, "need a folder"),
        ({"options": ExplainOptions(quality="true")}, "by trial"),
        ({"options": ExplainOptions(conf=2)}, "conf is 2"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused_before_a_model_is_loaded(
    plan: dict[str, Any], problem: str
) -> None:
    with pytest.raises(UsageError, match=problem):
        ExplainRows(BatchPlan(**plan))


def test_precision_is_float32_unless_asked_for_so_that_processes_and_machines_agree() -> None:
    assert BatchPlan().options.precision == "fp32"
    assert BatchPlan(options=ExplainOptions(precision="bf16")).options.precision == "bf16"


def test_code_that_is_trusted_travels_with_the_plan() -> None:
    with pytest.raises(UsageError, match=r"trusted file none\.py does not exist"):
        explainers_for(BatchPlan(trust=("none.py",)))
