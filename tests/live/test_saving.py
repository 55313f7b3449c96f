"""What the window writes: recordings that keep their size, and names that are free."""

import json
from concurrent.futures import wait

import cv2
import numpy as np
import pytest

from heatcam.errors import SinkError
from heatcam.live.questions import NO_ANSWERS
from heatcam.live.saving import RecordingToggle, Shown, Snapshots
from heatcam.live.state import WindowState
from tests.live.asking import answered, asked_about, scene_frame
from tests.live.streams import frame, seen


def picture(width=160, height=120, value=128):
    return np.full((height, width, 3), value, np.uint8)


class Clock:
    now_s = 10.0

    def __call__(self):
        return self.now_s


def test_a_recording_keeps_its_size_and_its_times_whatever_the_layout(tmp_path):
    clock = Clock()
    recording = RecordingToggle(tmp_path, clock)
    assert recording.seconds is None
    assert recording.start(picture()).startswith("recording heatcam-")
    for n in range(6):
        clock.now_s = 10 + n / 2
        assert recording.offer(picture() if n < 3 else picture(322, 120)) == ""
    assert recording.seconds == 2.5
    assert "finishing heatcam-" in recording.stop()
    assert recording.seconds is None
    (news,) = recording.close()
    assert "6 frames" in news
    assert not recording.failed
    (video,) = tmp_path.glob("*.mp4")
    capture = cv2.VideoCapture(str(video))
    assert capture.get(cv2.CAP_PROP_FRAME_WIDTH) == 160
    times = []
    while capture.read()[0]:
        times.append(capture.get(cv2.CAP_PROP_POS_MSEC))
    assert times == pytest.approx([0, 500, 1000, 1500, 2000, 2500], abs=2)


def test_nothing_is_recorded_while_it_is_off(tmp_path):
    recording = RecordingToggle(tmp_path)
    assert recording.offer(picture()) == ""
    assert recording.stop() == ""
    assert list(tmp_path.iterdir()) == []


def test_a_recording_that_cannot_start_is_said_and_stays_off(tmp_path):
    recording = RecordingToggle(tmp_path / "missing")
    assert "missing" in recording.start(picture())
    assert recording.seconds is None


def test_a_recording_that_ends_by_itself_is_said_and_not_called_whole(tmp_path):
    recording = RecordingToggle(tmp_path)
    recording.start(picture())
    recording._recorder.failure = SinkError("the disk is full", "make space")
    text = recording.offer(picture())
    assert "the disk is full" in text
    recording.close()
    assert recording.failed
    assert recording.seconds is None


def test_a_snapshot_whose_folder_is_gone_is_saved_in_the_one_above_and_said_at_the_end(tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    snapshots = Snapshots(folder, {"model": "fake"})
    folder.rmdir()
    snapshots.save(picture(640, 480), seen(frame(0)), WindowState())
    (said,) = snapshots.close()
    assert "No such file or directory" in said
    assert f"saved as {tmp_path}" in said
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".npz", ".png"]
    assert snapshots.failed


def test_a_snapshot_that_fails_half_way_leaves_nothing_and_removes_nothing_of_others(tmp_path, monkeypatch):
    def is_full(*_):
        raise SinkError("the disk is full")

    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.png").write_bytes(b"mine")
    snapshots = Snapshots(tmp_path / "other", {})
    monkeypatch.setattr("heatcam.live.saving.other_folders", lambda _: iter(()))
    with monkeypatch.context() as full:
        full.setattr("heatcam.live.saving.write_whole", is_full)
        snapshots.save(picture(640, 480), seen(frame(0)), WindowState())
        (said,) = snapshots.close()
    assert said == "the disk is full"
    taken = snapshots._write(
        tmp_path / "other" / "mine.png", picture(), Shown(seen(frame(0)), WindowState(), NO_ANSWERS)
    )
    assert "exists already" in taken
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["mine.png"]


def test_a_snapshot_that_has_failed_before_the_window_is_left_is_said_once(tmp_path, monkeypatch):
    monkeypatch.setattr("heatcam.live.saving.other_folders", lambda _: iter(()))
    snapshots = Snapshots(tmp_path / "missing", {})
    snapshots.save(picture(), seen(frame(0)), WindowState())
    wait(snapshots._waiting)
    (said,) = snapshots.close()
    assert "missing" in said
    assert snapshots.failed


def test_a_snapshot_whose_failure_was_shown_is_said_again_when_the_window_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr("heatcam.live.saving.other_folders", lambda _: iter(()))
    snapshots = Snapshots(tmp_path / "missing", {})
    snapshots.save(picture(), seen(frame(0)), WindowState())
    wait(snapshots._waiting)
    shown = snapshots.news()
    assert snapshots.close() == shown
    assert snapshots.failed


def test_what_has_failed_is_said_again_when_the_window_is_left(tmp_path):
    recording = RecordingToggle(tmp_path / "missing")
    said = recording.start(picture())
    assert recording.close() == [said]
    assert recording.failed


def test_what_was_asked_for_last_is_written_before_the_window_is_left(tmp_path):
    snapshots = Snapshots(tmp_path, {"model": "fake"})
    for n in range(3):
        snapshots.save(picture(640, 480), seen(frame(n)), WindowState())
    news = snapshots.close()
    assert len([text for text in news if text.startswith("saved")]) == 3
    assert len(list(tmp_path.glob("*.png"))) == 3


def test_the_settings_of_a_snapshot_say_what_was_asked_about_a_place_and_answered(tmp_path):
    request = asked_about(with_evidence=True)
    state = WindowState(questions=request.questions)
    snapshots = Snapshots(tmp_path, {})
    snapshots.save(picture(), seen(scene_frame()), state, answered(request))
    snapshots.save(picture(), seen(scene_frame()), WindowState(), answered(request))
    assert len(snapshots.close()) == 2
    asked, not_asked = (json.loads(path.read_text()) for path in sorted(tmp_path.glob("*.json")))
    if "answers" not in asked:  # (by name, which ends in a number)
        asked, not_asked = not_asked, asked
    assert asked["answers"]["place"]["verdict"] == "below-threshold"
    assert asked["answers"]["place"]["class_name"] == "dog"
    assert asked["view"]["questions"]["place"]["box_xyxy"] == asked["answers"]["place"]["at_xyxy"]
    assert "answers" not in not_asked
