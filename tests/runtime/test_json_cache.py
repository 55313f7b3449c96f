"""Small files of our own survive a run; damaged in whatever way, they are put aside with one note, and nothing fails."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from heatcam.runtime.json_cache import DamagedFileError, read_object, recall, remember
from heatcam.saliency.calibration_cache import _read as calibration_in
from heatcam.saliency.explainer import Calibration
from heatcam.sinks.recording.recording_lock import manifest_in
from heatcam.sinks.recording.recovery import InterruptedRecording
from tests.sinks.test_recorder import posix_only

DAMAGED = {
    "nothing": b"",
    "half": b'{"a": ',
    "list": b"[]",
    "null": b"null",
    "binary": b"\x80\x00\xff" * 100,
    "deep": b'{"a": ' + b"[" * 200_000,
    "deep-objects": b'{"a":' * 200_000,
    "zeros": bytes(5000),
    "utf16": '{"a": 1}'.encode("utf-16"),
    "number": b'{"a": 1' + b"0" * 10_000 + b"}",
    "huge": b'{"a": "' + b"x" * (17 << 20) + b'"}',
}


def test_what_is_remembered_is_recalled(tmp_path: Path) -> None:
    remember(tmp_path / "new" / "a.json", {"a": [1, None, "ä"]})
    assert recall(tmp_path / "new" / "a.json") == {"a": [1, None, "ä"]}
    assert recall(tmp_path / "missing.json") == {}
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.json"]


def test_a_file_that_an_editor_on_windows_has_saved_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf" + b'{"a": 1}\r\n')
    assert recall(tmp_path / "a.json") == {"a": 1}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_file_is_put_aside_with_one_note_and_made_anew(tmp_path: Path, caplog, kind: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(DAMAGED[kind])
    assert recall(path) == {}
    (record,) = caplog.records
    assert "a.json.damaged" in record.getMessage()
    assert len(record.getMessage()) < 300
    assert (tmp_path / "a.json.damaged").read_bytes() == DAMAGED[kind]
    remember(path, {"a": 1})
    assert recall(path) == {"a": 1}
    assert len(caplog.records) == 1


def test_a_folder_in_its_place_is_put_aside_too(tmp_path: Path, caplog) -> None:
    (tmp_path / "a.json" / "deeper").mkdir(parents=True)
    assert recall(tmp_path / "a.json") == {}
    remember(tmp_path / "a.json", {"a": 1})
    assert recall(tmp_path / "a.json") == {"a": 1}
    assert (tmp_path / "a.json.damaged" / "deeper").is_dir()
    assert len(caplog.records) == 1


def test_more_than_any_of_ours_can_hold_is_not_read_at_all(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(DAMAGED["huge"])
    with pytest.raises(DamagedFileError, match="more than 16 MB"):
        read_object(tmp_path / "a.json")


@posix_only
def test_a_pipe_in_its_place_makes_nobody_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    with pytest.raises(DamagedFileError, match="no plain file"):
        read_object(tmp_path / "a.json")


def test_one_that_may_not_be_read_or_renamed_is_said_once_and_nothing_fails(
    tmp_path: Path, caplog, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.json").write_text("{}")

    def refuses(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuses)
    monkeypatch.setattr(Path, "replace", refuses)
    assert recall(tmp_path / "a.json") == {}
    (record,) = caplog.records
    assert "Permission denied" in record.getMessage()


def test_a_file_that_cannot_be_written_leaves_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(self: Path, *_: object, **__: object) -> None:
        self.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", is_full)
    remember(tmp_path / "a.json", {"a": 1})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "entry", [None, 7, "x", [], [1], [1, 2, 3], [True, 1], ["1", 2], [float("nan"), 1], [1, float("inf")]]
)
def test_a_calibration_of_another_kind_is_measured_anew(entry: object) -> None:
    assert calibration_in(entry) is None


def test_a_floor_that_nothing_reaches_is_a_calibration() -> None:
    assert calibration_in(json.loads("[Infinity, null]")) == Calibration(float("inf"), None)


@pytest.mark.parametrize(
    "said", ["[" * 100_000, '{"rate": ["a", {}]}', '{"rate": [0, 0]}', '{"rate": [25, -1]}', "7"]
)
def test_a_claim_that_is_damaged_says_nothing_and_stays(tmp_path: Path, said: str) -> None:
    leftover = InterruptedRecording(tmp_path / "a.part.mp4", (tmp_path / "a.part.mp4",))
    leftover.lock_file.write_text(said)
    assert leftover.fps == (0, 1)
    assert "source" not in manifest_in(leftover.lock_file)
    assert leftover.lock_file.read_text() == said
