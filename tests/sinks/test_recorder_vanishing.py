"""A recording whose file or folder vanishes: noticed soon, said in one line, and what was written is kept where it can be."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import cv2
import pytest

from heatcam.errors import SinkError
from heatcam.sinks.live_recorder import LiveRecorder
from heatcam.sinks.recorder import Recorder
from heatcam.sinks.recording import vanishing
from heatcam.sinks.recording.vanishing import FileWatch, other_folders
from tests.sinks.test_live_recorder import until
from tests.sinks.test_recorder import SIZE_WH, numbers_in, posix_only
from tests.sources.numbered import number_in, numbered_picture

pytestmark = posix_only
EVERY_S = vanishing._EVERY_S


def deleted(folder: Path) -> None:
    """Delete a folder in which files are still being made: one that comes in between makes it not empty."""
    for _ in range(100):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
    raise AssertionError(f"{folder} could not be deleted")


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vanishing, "_EVERY_S", 0.05)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def record_until_it_ends(path: Path, vanish) -> tuple[str, int]:
    """Record, let something vanish after twelve frames and go on: what is said, and how many frames were taken before."""
    recorder = Recorder(path, SIZE_WH, 25.0)
    with pytest.raises(SinkError) as said, recorder:
        for number in range(1000):
            recorder.write(numbered_picture(number % 256), number / 25)
            if number == 11:
                vanish()
            time.sleep(0.01)
    assert recorder.frames_written < 500, "noticed while it went on, not at its end"
    return str(said.value), recorder.frames_written


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.gif"])
def test_of_a_folder_that_is_deleted_all_frames_are_kept_in_the_one_above(folder: Path, name: str) -> None:
    said, taken = record_until_it_ends(folder / name, lambda: deleted(folder))
    kept = folder.parent / name
    assert f"the folder {folder} was deleted, or its disk is gone, while it was being recorded to" in said
    assert f"the {taken} frames so far are in {kept}" in said
    assert not folder.exists()
    if name != "a.gif":
        assert numbers_in(kept) == [n % 256 for n in range(taken)]
    else:
        assert kept.read_bytes()[-1:] == b";"


def test_of_a_folder_that_is_moved_the_recording_is_finished_where_it_is_now(folder: Path) -> None:
    moved = folder.with_name("elsewhere")
    said, taken = record_until_it_ends(folder / "a.mp4", lambda: folder.rename(moved))
    assert f"the folder {folder} was moved while it was being recorded to" in said
    assert f"the {taken} frames so far are in {moved / 'a.mp4'}" in said
    assert numbers_in(moved / "a.mp4") == [n % 256 for n in range(taken)]
    assert [path.name for path in moved.iterdir()] == ["a.mp4"]


def test_a_file_that_is_deleted_alone_gets_its_name_in_its_folder(folder: Path) -> None:
    said, taken = record_until_it_ends(folder / "a.mp4", (folder / "a.part.mp4").unlink)
    assert f"{folder / 'a.part.mp4'} was deleted" in said
    assert numbers_in(folder / "a.mp4") == [n % 256 for n in range(taken)]
    assert [path.name for path in folder.iterdir()] == ["a.mp4"]


def test_a_file_that_was_renamed_by_somebody_stays_as_they_call_it(folder: Path) -> None:
    mine = folder / "mine.mp4"
    said, taken = record_until_it_ends(folder / "a.mp4", lambda: (folder / "a.part.mp4").rename(mine))
    assert f"the {taken} frames so far are in {mine}" in said
    assert numbers_in(mine) == [n % 256 for n in range(taken)]


def test_a_file_in_whose_place_is_another_now_is_not_mistaken_for_it(folder: Path) -> None:
    part = folder / "a.part.mp4"

    def replaced() -> None:
        part.unlink()
        part.write_bytes(b"another's")

    said, taken = record_until_it_ends(folder / "a.mp4", replaced)
    assert "was deleted" in said
    assert numbers_in(folder / "a.mp4") == [n % 256 for n in range(taken)]
    assert part.read_bytes() == b"another's"


def test_what_is_there_already_is_not_replaced_by_what_is_kept(folder: Path) -> None:
    (folder.parent / "a.mp4").write_bytes(b"mine")
    said, taken = record_until_it_ends(folder / "a.mp4", lambda: deleted(folder))
    assert "a-2.mp4" in said
    assert (folder.parent / "a.mp4").read_bytes() == b"mine"
    assert len(numbers_in(folder.parent / "a-2.mp4")) == taken


def test_a_folder_that_vanishes_at_the_very_end_is_noticed_too(folder: Path) -> None:
    recorder = Recorder(folder / "a.mp4", SIZE_WH, 25.0)
    with pytest.raises(SinkError, match="the 5 frames so far are in"), recorder:
        for number in range(5):
            recorder.write(numbered_picture(number), number / 25)
        shutil.rmtree(folder)
    assert numbers_in(folder.parent / "a.mp4") == list(range(5))


def test_pictures_whose_folder_was_moved_are_found_in_it(folder: Path) -> None:
    moved = folder.with_name("elsewhere")
    said, _ = record_until_it_ends(folder / "a-%03d.png", lambda: folder.rename(moved))
    assert f"the folder {folder} was moved" in said
    assert str(moved) in said
    kept = sorted(moved.glob("*.png"))
    assert [number_in(cv2.imread(str(path))) for path in kept] == list(range(len(kept)))
    assert kept


def test_pictures_whose_folder_was_deleted_are_said_to_be_gone(folder: Path) -> None:
    said, _ = record_until_it_ends(folder / "a-%03d.png", lambda: deleted(folder))
    assert "was deleted" in said
    assert "the pictures were in it" in said
    assert not folder.exists()


@pytest.mark.parametrize(
    "fails", ["tempfile.TemporaryFile", "heatcam.sinks.recorder.FileWatch", "heatcam.sinks.recorder.start"]
)
def test_a_start_that_fails_leaves_nothing_that_is_in_the_way_of_the_next(folder: Path, fails: str) -> None:
    def too_many(*_: object, **__: object) -> None:
        raise OSError(24, "Too many open files")

    with pytest.MonkeyPatch.context() as patch, pytest.raises(OSError, match="Too many open files"):
        patch.setattr(fails, too_many)
        Recorder(folder / "a.mp4", SIZE_WH, 25.0)
    assert list(folder.iterdir()) == []
    with Recorder(folder / "a.mp4", SIZE_WH, 25.0) as recorder:
        recorder.write(numbered_picture(7), 0)
    assert numbers_in(folder / "a.mp4") == [7]


def test_something_live_that_gives_no_frame_for_long_is_told_at_once(folder: Path) -> None:
    told: list[int] = []
    recorder = LiveRecorder(folder / "a.mp4", SIZE_WH, 25, on_failure=lambda: told.append(1))
    for number in range(5):
        recorder.offer(numbered_picture(number), number / 25)
    until(lambda: recorder.frames == 5)
    shutil.rmtree(folder)
    until(lambda: bool(told), 10)
    assert "the 5 frames so far are in" in str(recorder.failure)
    assert numbers_in(folder.parent / "a.mp4") == list(range(5))
    recorder.close()


class Ticking:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def until(self, gone: FileWatch, seconds: float) -> float:
        """How long it takes until ``gone`` says so, ``seconds`` at most."""
        begun = self.now_s
        while self.now_s - begun < seconds:
            self.now_s += 0.25
            if gone.is_gone():
                break
        return self.now_s - begun


@pytest.mark.parametrize("phase", range(16))
def test_it_is_noticed_within_five_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phase: int
) -> None:
    monkeypatch.setattr(vanishing, "_EVERY_S", EVERY_S)
    path, clock = tmp_path / "a", Ticking()
    path.write_bytes(b"")
    watch = FileWatch(path, clock)
    assert clock.until(watch, 10 + phase / 4) == 10 + phase / 4
    path.unlink()
    assert clock.until(watch, 60) <= 5
    watch.close()


def test_a_single_glance_is_not_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network disk may lose sight of a file for a moment; that is no reason to end a recording."""
    monkeypatch.setattr(vanishing, "_EVERY_S", 1.0)
    path, clock = tmp_path / "a", Ticking()
    path.write_bytes(b"")
    watch = FileWatch(path, clock)
    path.rename(tmp_path / "b")
    assert clock.until(watch, 1.25) == 1.25  # (looked at once)
    (tmp_path / "b").rename(path)
    assert clock.until(watch, 5) == 5
    watch.close()


def test_what_cannot_be_told_is_no_reason_to_end_a_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"")
    watch = FileWatch(tmp_path / "a")

    def is_slow(*_: object, **__: object) -> None:
        raise OSError(110, "Connection timed out")

    monkeypatch.setattr(Path, "stat", is_slow)
    assert not watch.is_missing()
    watch.close()


def test_where_nothing_can_be_written_the_next_folder_is_tried(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"all of it")
    watch = FileWatch(tmp_path / "a")
    (tmp_path / "a").unlink()
    (tmp_path / "b").mkdir()
    assert watch.copy_to(iter([tmp_path / "missing", tmp_path / "b"]), "a") == tmp_path / "b" / "a"
    assert (tmp_path / "b" / "a").read_bytes() == b"all of it"
    assert watch.copy_to(iter([tmp_path / "missing"]), "a") is None
    watch.close()


def test_the_nearest_folders_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert next(other_folders(tmp_path / "no" / "such")) == tmp_path
    assert tmp_path in list(other_folders(Path("/no/such")))
