"""The log: appended, bounded, and whole lines whatever happened."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heatcam.drift.log import BlockLog
from heatcam.errors import SinkError


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_each_line_is_in_the_file_at_once_and_the_next_run_appends(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    for run in range(2):
        with BlockLog(path) as log:
            for number in range(2):
                log.write({"run": run, "block": number, "text": "100 %s \n\x1b[31m"})
                assert lines(path)[-1] == {"run": run, "block": number, "text": "100 %s \n\x1b[31m"}
    assert len(lines(path)) == 4


def test_a_line_that_a_power_cut_left_half_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"block": 1}\n{"blo')
    with BlockLog(path) as log:
        log.write({"block": 2})
    assert path.read_text().splitlines() == ['{"block": 1}', '{"blo', '{"block": 2}']


def test_the_files_stay_small_and_lines_are_not_cut(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with BlockLog(path, most_bytes=1000) as log:
        for number in range(500):
            log.write({"block": number})
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["log.jsonl", "log.jsonl.1", "log.jsonl.2", "log.jsonl.3"]
    assert all(file.stat().st_size <= 1000 for file in files)
    assert [own["block"] for file in files[::-1][:3] + files[:1] for own in lines(file)][-1] == 499


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="cannot write"):
        BlockLog(tmp_path / "none" / "log.jsonl")
    if Path("/dev/full").exists():
        with BlockLog(Path("/dev/full")) as log, pytest.raises(SinkError, match="No space left"):
            log.write({"block": 1})
