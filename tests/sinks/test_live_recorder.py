"""Recording beside a window: nothing waits, what is lost is counted, failures are there to be read."""

from __future__ import annotations

import os
import signal
import time

import numpy as np
import pytest

from heatcam.errors import UsageError
from heatcam.sinks.live_recorder import LiveRecorder
from heatcam.sinks.recorder import RecorderOptions
from tests.sinks.test_recorder import SIZE_WH, numbers_in, posix_only
from tests.sources.numbered import numbered_picture


def until(holds, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert holds()


def test_frames_at_a_cameras_pace_are_all_there(tmp_path):
    with LiveRecorder(tmp_path / "a.mp4", SIZE_WH, 100) as recorder:
        for number in range(50):
            while not recorder.offer(numbered_picture(number), number / 100):
                time.sleep(0.01)
    assert recorder.failure is None
    assert recorder.frames == 50
    assert numbers_in(tmp_path / "a.mp4") == list(range(50))


@posix_only
def test_an_encoder_that_hangs_makes_nobody_wait_and_what_is_lost_is_counted(tmp_path):
    recorder = LiveRecorder(tmp_path / "a.mp4", (640, 360), 25, finish_s=1.0)
    os.kill(recorder._recorder._child.pid, signal.SIGSTOP)
    longest_s = 0.0
    for number in range(200):
        before_s = time.monotonic()
        recorder.offer(numbered_picture(number, (640, 360)), number / 25)
        longest_s = max(longest_s, time.monotonic() - before_s)
    assert longest_s < 0.2
    assert 130 < recorder.dropped < 140
    before_s = time.monotonic()
    recorder.close()
    assert time.monotonic() - before_s < 5
    assert "killed by signal 9" in str(recorder.failure)


def test_what_comes_too_fast_is_dropped_and_the_rest_is_in_order(tmp_path):
    pictures = [numbered_picture(n, (320, 192)) for n in range(200)]
    with LiveRecorder(tmp_path / "a.mp4", (320, 192), 25) as recorder:
        kept = [n for n, picture in enumerate(pictures) if recorder.offer(picture, n / 25)]
    assert recorder.dropped == 200 - len(kept)
    assert recorder.dropped > 0
    assert numbers_in(tmp_path / "a.mp4") == kept


@posix_only
def test_a_killed_encoder_is_a_failure_to_be_read_and_no_exception(tmp_path):
    recorder = LiveRecorder(tmp_path / "a.mp4", SIZE_WH, 25)
    assert recorder.offer(numbered_picture(0), 0)
    recorder._recorder._child.kill()
    number = 1
    while recorder.failure is None and number < 2000:
        recorder.offer(numbered_picture(number % 256), number / 25)
        number += 1
        time.sleep(0.001)
    assert "killed by signal 9" in str(recorder.failure)
    assert not recorder.offer(numbered_picture(0), 99.0)
    recorder.close()
    recorder.close()


def test_a_disk_with_too_little_room_ends_it_with_a_finished_file(tmp_path, monkeypatch):
    recorder = LiveRecorder(tmp_path / "a.mp4", SIZE_WH, 25, options=RecorderOptions(min_free=1))
    recorder.offer(numbered_picture(7), 0)
    until(lambda: recorder.frames == 1)
    monkeypatch.setattr(recorder._recorder._space, "shortage", lambda: "only 5 MB are free")
    recorder.offer(numbered_picture(8), 0.04)
    until(lambda: recorder.failure is not None)
    assert "only 5 MB are free; recording stopped" in str(recorder.failure)
    recorder.close()
    assert numbers_in(tmp_path / "a.mp4") == [7]


def test_what_cannot_be_recorded_is_said_at_the_start(tmp_path):
    (tmp_path / "a.mp4").touch()
    with pytest.raises(UsageError, match="exists already"):
        LiveRecorder(tmp_path / "a.mp4", SIZE_WH, 25)
    with (
        LiveRecorder(tmp_path / "b.mp4", SIZE_WH, 25) as recorder,
        pytest.raises(ValueError, match="frame of shape"),
    ):
        recorder.offer(np.zeros((5, 5, 3), np.uint8), 0)


def test_a_recording_without_frames_leaves_nothing(tmp_path):
    LiveRecorder(tmp_path / "a.mp4", SIZE_WH, 25).close()
    assert list(tmp_path.iterdir()) == []
