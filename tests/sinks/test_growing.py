"""A file that grows has its name when it is whole, or leaves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from heatcam.errors import SinkError
from heatcam.sinks import GrowingFile


def test_it_gets_its_name_when_it_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with GrowingFile(path) as file:
        file.write("one\n")
        assert not path.exists()
        file.finish()
    assert path.read_bytes() == b"one\n"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_nothing_and_what_was_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), GrowingFile(path) as file:
        file.write("new")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"cannot write .*a\.csv \(No such file"):
        GrowingFile(tmp_path / "none" / "a.csv")
