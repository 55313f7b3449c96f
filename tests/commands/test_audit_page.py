"""The page of an audit and its crops lie in the audit's folder."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from heatcam.audit import write_page
from heatcam.commands import audit_page
from heatcam.commands.audit_page import show_page, write_audit_page
from tests.audit.page.made_up import made_up_objects, made_up_page, made_up_parts, table_of


def test_the_command_writes_page_and_crops_and_says_where_they_are(tmp_path: Path) -> None:
    line = write_audit_page(tmp_path, made_up_page(30))
    assert line == f"open {tmp_path / 'index.html'} in a browser"
    assert (tmp_path / "index.html").is_file()
    assert len(list((tmp_path / "crops").iterdir())) == 30


def test_a_page_that_does_not_hold_all_objects_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_page, "write_page", lambda path, page: write_page(path, page, most=12))
    line = write_audit_page(tmp_path, made_up_page(30))
    assert line.endswith("index.html in a browser: the first 12 of 30 objects are on it")


def a_run(folder: Path, files: dict[str, Path]) -> Any:
    kept: dict[int, tuple[int, int]] = {}
    table = table_of(made_up_objects(20))
    store = SimpleNamespace(table=lambda: table, parts=made_up_parts, put_cells=kept.update, kept=kept)
    return SimpleNamespace(
        store=store, folder=folder, files=files, data=SimpleNamespace(path=folder / "data.yaml"),
        head={"model": "tiny"}, made={}, lines=[], model="runs/best.pt",
    )  # fmt: skip


def data_of(folder: Path) -> dict[str, Any]:
    text = (folder / "index.html").read_text("utf-8").split('id="data">')[1].split("</script>")[0]
    found: dict[str, Any] = json.loads(text)
    return found


def test_the_stage_keeps_where_each_thumbnail_is_and_says_where_the_page_is(tmp_path: Path) -> None:
    run = a_run(tmp_path, {"images/a.jpg": tmp_path / "data" / "images" / "a.jpg"})
    show_page(run)
    assert set(run.store.kept) == set(range(1, 21))
    assert {sheet for sheet, _ in run.store.kept.values()} == {0}
    assert sorted(cell for _, cell in run.store.kept.values()) == list(range(20))
    assert run.lines == [f"open {tmp_path / 'index.html'} in a browser"]
    page = data_of(tmp_path)
    assert (page["root"], page["options"]) == (f"{(tmp_path / 'data').as_posix()}/", ["-m", "runs/best.pt"])
    assert page["title"] == f"{tmp_path.name}/data.yaml"


def test_pictures_of_several_folders_have_no_root(tmp_path: Path) -> None:
    show_page(run := a_run(tmp_path, {"a.jpg": tmp_path / "x" / "a.jpg", "b.jpg": tmp_path / "y" / "b.jpg"}))
    assert data_of(tmp_path)["root"] == ""
    assert run.lines


def test_commands_on_the_page_name_pictures_below_the_working_folder_from_there_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    show_page(a_run(tmp_path, {"images/a.jpg": tmp_path / "data" / "images" / "a.jpg"}))
    assert data_of(tmp_path)["root"] == "data"
