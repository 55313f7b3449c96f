"""Lists of pictures: folders, globs, text, JSONL, Parquet and tar files, in their order, written once."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import polars
import pytest

from heatcam.batch.inputs import found_rows, read_inputs, write_inputs
from heatcam.errors import HeatcamError, SinkError, UsageError
from heatcam.sources import find_pictures
from tests.batch.fakes import picture_bytes, save, write_tar


def rows(*specs: object) -> list[Any]:
    return list(found_rows([str(spec) for spec in specs], find_pictures))


def paths(*specs: object) -> list[str]:
    return [row.path for row in rows(*specs)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("10.png", "9.png", "sub/1.png"):
        save(tmp_path / "photos" / name, 1)
    return tmp_path


def test_folders_files_globs_and_lists_stand_in_the_order_of_the_command_line(folder: Path) -> None:
    (folder / "list.txt").write_text(f"{folder}/b.png\n\n  {folder}/a.png  \n", encoding="utf-8")
    found = paths(folder / "photos", folder / "list.txt", folder / "photos/sub/*.png")
    names = [os.path.relpath(path, folder) for path in found]
    assert names == ["photos/9.png", "photos/10.png", "b.png", "a.png", "photos/sub/1.png"]


def test_lists_of_every_kind_give_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = ["/x/ä 1.png", "/x/2.png"]
    (folder / "l.txt").write_text("\n".join(named), encoding="utf-8")
    (folder / "l.jsonl").write_text(
        "".join(json.dumps({"path": name, "label": 3}) + "\n" for name in named), encoding="utf-8"
    )
    polars.DataFrame({"id": [1, 2], "path": named}).write_parquet(folder / "l.parquet")
    assert {tuple(paths(folder / f"l.{kind}")) for kind in ("txt", "jsonl", "parquet")} == {tuple(named)}


def test_relative_paths_are_of_the_current_folder_or_of_the_lists_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "photos/l.txt").write_text("9.png\n10.png", encoding="utf-8")
    monkeypatch.chdir(folder)
    assert paths("photos/l.txt") == ["photos/9.png", "photos/10.png"]
    monkeypatch.chdir(folder / "photos")
    assert paths("l.txt") == ["9.png", "10.png"]
    (folder / "photos/m.txt").write_text("nothing.png\n9.png", encoding="utf-8")
    assert paths("m.txt") == ["nothing.png", "9.png"], "what is missing is told when it is read"


def test_a_tables_tar_files_and_members_are_rows(folder: Path) -> None:
    polars.DataFrame({"tar": ["/x/a.tar"], "member": ["1.png"]}).write_parquet(folder / "m.parquet")
    (row,) = rows(folder / "m.parquet")
    assert (row.path, row.tar, row.member, row.place) == ("/x/a.tar/1.png", "/x/a.tar", "1.png", None)


MEMBERS = [
    ("b/2.png", picture_bytes(1)),
    ("b/2.json", b"{}"),
    ("b/.hidden.png", b"x"),
    ("a/1.JPG", picture_bytes(2)),
    ("a/1.cls", b"3"),
]


def test_members_of_tar_files_are_the_pictures_in_their_order_with_their_place(folder: Path) -> None:
    tar = write_tar(folder / "s-2.tar", MEMBERS)
    write_tar(folder / "s-10.tar", [("z.png", picture_bytes(1))])
    found = rows(folder / "s-*.tar")
    assert [row.path for row in found] == [f"{tar}/b/2.png", f"{tar}/a/1.JPG", f"{folder}/s-10.tar/z.png"]
    first = found[0]
    assert first.place is not None
    start, length = first.place
    assert tar.read_bytes()[start : start + length] == picture_bytes(1)


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz"])
def test_compressed_tar_files_have_no_places(folder: Path, kind: str) -> None:
    tar = write_tar(folder / f"s.tar.{kind}", MEMBERS, f"w:{kind}")
    assert [(row.member, row.place) for row in rows(tar)] == [("b/2.png", None), ("a/1.JPG", None)]


def test_a_tar_file_that_is_cut_off_gives_what_is_there_and_its_problem(folder: Path) -> None:
    tar = write_tar(folder / "s.tar", MEMBERS * 3)
    tar.write_bytes(tar.read_bytes()[:2200])
    found = rows(tar)
    assert found[0].member == "b/2.png"
    assert "damaged" in found[-1].problem or len(found) == 1


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("l.txt", b"\n \n", "has no pictures"),
        ("l.txt", b"\x89PNG\0\0", "no list of pictures"),
        ("l.jsonl", b'{"path": "/a.png"}\n{"file": "b.png"}\n', "line 2 names no picture"),
        ("l.jsonl", b"[1]\n", "line 1 names no picture"),
        ("l.jsonl", b"nonsense\n", "line 1 names no picture"),
        ("l.parquet", b"nonsense", "no Parquet file"),
        ("l.tar", b"nonsense", "no tar file"),
    ],
)
def test_lists_that_are_none_are_refused_in_one_line(
    folder: Path, name: str, content: bytes, problem: str
) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(HeatcamError, match=problem) as refused:
        rows(folder / name)
    assert str(folder / name) in str(refused.value)


@pytest.mark.parametrize("name", ["none.txt", "none.jsonl", "none.parquet", "none.tar", "none.png"])
def test_what_is_not_there_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(HeatcamError, match="none"):
        rows(folder / name)


def test_a_table_without_paths_says_what_it_has(folder: Path) -> None:
    polars.DataFrame({"file": ["a"], "n": [1]}).write_parquet(folder / "l.parquet")
    with pytest.raises(UsageError, match="no column path, but file, n"):
        rows(folder / "l.parquet")


def test_a_written_list_is_read_in_any_part_with_numbers(folder: Path) -> None:
    tar = write_tar(folder / "s.tar", MEMBERS)
    weird = os.fsdecode(b"/x/\xff.png")
    (folder / "l.txt").write_bytes(os.fsencode(weird))
    asked = {"inputs": ["x"], "recursive": False}
    given = rows(tar, folder / "l.txt", folder / "photos")
    listed = write_inputs(folder / "inputs.jsonl", asked, given)
    assert listed.count == 5
    again = list(listed.between(0, 5))
    assert [(row.path, row.tar, row.member, row.place) for row in again] == [
        (row.path, row.tar, row.member, row.place) for row in given
    ]
    assert [row.index for row in listed.between(2, 4)] == [2, 3]
    assert next(listed.between(2, 3)).path == weird
    assert read_inputs(folder / "inputs.jsonl", asked) == listed
    assert [path.name for path in folder.glob(".*")] == []


def test_a_list_that_is_there_stays_as_another_shard_has_written_it(folder: Path) -> None:
    asked = {"inputs": ["x"], "recursive": False}
    one = write_inputs(folder / "inputs.jsonl", asked, rows(folder / "photos"))
    assert write_inputs(folder / "inputs.jsonl", asked, []) == one


def test_a_list_of_other_inputs_or_none_is_refused(folder: Path) -> None:
    path = folder / "inputs.jsonl"
    write_inputs(path, {"inputs": ["x"], "recursive": False}, rows(folder / "photos"))
    with pytest.raises(UsageError, match="other inputs"):
        read_inputs(path, {"inputs": ["y"], "recursive": False})
    path.write_text("nonsense", encoding="utf-8")
    with pytest.raises(SinkError, match="cannot read"):
        read_inputs(path, {})
