"""Files: whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from heatcam.errors import SinkError, UsageError
from heatcam.sinks.files import refuse_existing, write_whole


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
