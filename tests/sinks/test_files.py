"""Files: whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from heatcam.errors import SinkError, UsageError
from heatcam.sinks.files import free_path, make_folder, refuse_existing, require_folder, write_whole


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_whole(path, b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(SinkError, match=r"cannot write .*a\.json \(No space left on device\); make space"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_file_is_written_to_and_stays_what_it_is() -> None:
    write_whole(Path("/dev/null"), b"x")
    assert Path("/dev/null").is_char_device()


def test_files_that_are_there_are_refused_unless_they_may_be_replaced(tmp_path: Path) -> None:
    there, new = tmp_path / "there", tmp_path / "new"
    there.write_bytes(b"precious")
    refuse_existing([new], overwrite=False)
    refuse_existing([there], overwrite=True)
    with pytest.raises(UsageError, match="there exists already; choose another name or add --overwrite"):
        refuse_existing([new, there], overwrite=False)
    with pytest.raises(UsageError, match="is a folder"):
        refuse_existing([tmp_path], overwrite=True)


@pytest.mark.parametrize("name", ["n" * 254, "n" * 250 + ".png", "\u732b" * 84 + ".x", "caf\udce9.json"])
def test_names_of_any_length_and_bytes_are_written(tmp_path: Path, name: str) -> None:
    for data in (b"old", b"new"):
        write_whole(tmp_path / name, data)
    assert (tmp_path / name).read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_two_that_write_the_same_file_at_once_do_not_mix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, drafts = Path.replace, []

    def meet(self: Path, target: Path) -> Path:
        drafts.append(self)
        if len(drafts) == 1:
            write_whole(tmp_path / "a", b"second")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", meet)
    write_whole(tmp_path / "a", b"first")
    assert drafts[0] != drafts[1]
    assert (tmp_path / "a").read_bytes() == b"first"


def test_a_folder_that_can_be_made_is_not_made_before_it_is_needed(tmp_path: Path) -> None:
    require_folder(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SinkError, match=r"cannot make the folder .*/file/sub .*is a file"):
        require_folder(tmp_path / "file" / "sub")
    with pytest.raises(SinkError, match="cannot make the folder"):
        make_folder(tmp_path / "file" / "sub")
    with pytest.raises(UsageError, match=r"there is no folder .*/new; make it first"):
        require_folder(tmp_path / "new", may_make=False)
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(SinkError, match=r"cannot write into the folder .*Permission denied"):
        require_folder(tmp_path / "new")


def test_a_name_that_is_taken_is_counted_on(tmp_path):
    assert free_path(tmp_path / "a.png").name == "a.png"
    (tmp_path / "a.png").touch()
    (tmp_path / "a-2.png").touch()
    assert free_path(tmp_path / "a.png").name == "a-3.png"
    assert free_path(tmp_path / "a.png", given=[tmp_path / "a-3.png"]).name == "a-4.png"
