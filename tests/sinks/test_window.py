"""The window as a sink, with a viewer that is not there."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from heatcam.frames import Explanation, Frame
from heatcam.pipeline import Controls
from heatcam.sinks.keys import Action
from heatcam.sinks.window import WindowSink
from tests.test_pipeline import NOTHING


class FakeViewer:
    """Answers each poll with the next list of actions, and lets time pass by what it was asked to wait."""

    def __init__(self, *answers: list[Action]) -> None:
        self.answers = list(answers)
        self.shown = 0
        self.now_s = 100.0

    def show(self, picture: np.ndarray) -> None:
        self.shown += 1

    def poll(self, wait_ms: int = 1) -> list[Action]:
        if self.answers:
            return self.answers.pop(0)
        self.now_s += wait_ms / 1e3
        return []

    def clock(self) -> float:
        return self.now_s


def explanation(index: int = 7) -> Explanation:
    return Explanation(Frame(np.zeros((20, 30, 3), np.uint8), index, 0.0, 0.0), NOTHING)


def take(
    viewer: FakeViewer, controls: Controls, folder: Path, interval_s: float = 0.0, times: int = 1
) -> None:
    sink = WindowSink(viewer, controls, interval_s, folder, viewer.clock)
    for index in range(times):
        sink.take(np.full((20, 30, 3), 9, np.uint8), explanation(index))


def test_keys_change_the_controls(tmp_path: Path) -> None:
    controls = Controls(heatmap=True)
    take(FakeViewer([Action.TOGGLE_HEATMAP]), controls, tmp_path)
    assert (controls.heatmap, controls.toggles, controls.stop) == (False, 1, False)
    take(FakeViewer([Action.QUIT]), controls, tmp_path)
    assert controls.stop


def test_a_snapshot_is_what_is_shown_and_is_said(tmp_path: Path) -> None:
    controls = Controls()
    take(FakeViewer([Action.SAVE_SNAPSHOT]), controls, tmp_path)
    (saved,) = tmp_path.iterdir()
    assert (cv2.imread(str(saved)) == 9).all()
    assert controls.message == f"saved {saved.name}"


def test_a_snapshot_that_cannot_be_written_is_a_note_and_not_the_end(tmp_path: Path) -> None:
    controls = Controls()
    take(FakeViewer([Action.SAVE_SNAPSHOT]), controls, tmp_path / "not there")
    assert "cannot write" in controls.message
    assert not controls.stop


def test_a_note_goes_after_two_seconds(tmp_path: Path) -> None:
    viewer, controls = FakeViewer([Action.SAVE_SNAPSHOT]), Controls()
    sink = WindowSink(viewer, controls, 0.0, tmp_path, viewer.clock)
    sink.take(np.zeros((20, 30, 3), np.uint8), explanation())
    viewer.now_s += 2.1
    sink.take(np.zeros((20, 30, 3), np.uint8), explanation())
    assert controls.message == ""


def test_a_file_plays_at_its_own_pace(tmp_path: Path) -> None:
    viewer = FakeViewer()
    take(viewer, Controls(), tmp_path, interval_s=0.1, times=10)
    assert viewer.now_s - 100 == pytest.approx(1.0, abs=0.12)


def test_a_camera_is_not_waited_for(tmp_path: Path) -> None:
    viewer = FakeViewer()
    take(viewer, Controls(), tmp_path, interval_s=0.0, times=10)
    assert viewer.now_s - 100 < 0.05


def test_a_change_of_mode_does_not_wait_for_the_next_frames_time(tmp_path: Path) -> None:
    viewer = FakeViewer([Action.TOGGLE_HEATMAP])
    take(viewer, Controls(), tmp_path, interval_s=0.5)
    assert viewer.now_s - 100 < 0.01
