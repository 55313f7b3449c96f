"""A paused frame of the window's own model grows true by itself: for a real network, and in a real window."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heatcam.commands.live_model import LiveModel
from heatcam.commands.options import LookOptions, ModelChoice, MotionOptions, WindowChoice
from heatcam.commands.refusals import before_live
from heatcam.enums import Refine
from heatcam.errors import UsageError
from heatcam.frames import Frame
from heatcam.live import ExplainRequest, Trying
from heatcam.live.explaining import NotReadyError
from heatcam.sources.demo.source import DemoSource
from tests.commands.test_live import LiveWindow
from tests.commands.test_live_answers import TERMINAL
from tests.sinks.x_server import x_server, xdotool
from tests.system_tools import requires

TRIALS = 56


@pytest.fixture(scope="module")
def model() -> tuple[LiveModel, Frame]:
    with DemoSource() as source:
        frame = next(iter(source))
    choice = ModelChoice(model="markers", backend="torch", conf=0.6, max_det=2, pictures=1)
    made = LiveModel(choice, LookOptions(), MotionOptions(), lambda: frame.size_wh, TERMINAL, trials=TRIALS)
    made.load()
    return made, frame


def test_a_paused_frame_gets_its_maps_by_trial_while_the_model_explains_others(
    model: tuple[LiveModel, Frame],
) -> None:
    made, frame = model
    request = ExplainRequest(still=True, with_object_maps=True, conf=0.6)
    made.explain(frame, replace(request, still=False))
    before_s = time.monotonic()
    while True:  # (its explainer is prepared beside the stream)
        try:
            fine = made.explain(frame, request)
            break
        except NotReadyError:
            assert time.monotonic() - before_s < 60
    trying = Trying(made.trials_of, TRIALS)
    trying.want(fine, request, first=1)
    shown: list[Any] = []
    beside = 0
    while not (shown and shown[-1].is_settled) and time.monotonic() - before_s < 120:
        again = made.explain(frame, replace(request, with_object_maps=False, with_map=False, still=False))
        assert np.allclose(again.detections.boxes_xyxy, fine.detections.boxes_xyxy, atol=0.5)
        beside += 1
        taken = trying.take()
        shown += [taken] if taken else []
    assert trying.take_fault() == ""
    last = shown[-1].explanation
    assert (beside > 1, last.saliency.trials, last.saliency.unit) == (True, TRIALS, "score")
    assert [own.trials for own in last.object_maps] == [TRIALS, TRIALS]
    assert last.detections is fine.detections
    assert trying.close()


@pytest.mark.soak
@requires("Xvfb", "xdotool")
def test_in_a_real_window_a_paused_picture_changes_by_itself_and_keys_are_answered(tmp_path: Path) -> None:
    with x_server() as display:
        window = LiveWindow(display, tmp_path, "--backend", "torch", "--conf", "0.6", "--trials", "56")
        try:
            window.press("space", 3.0)
            window.press("s", 0.2)
            deadline_s = time.monotonic() + 40
            while not by_trial(tmp_path) and time.monotonic() < deadline_s:
                window.press("s", 1.5)
            assert by_trial(tmp_path), "no snapshot has a map by trial"
            window.press("space", 0.5)
        finally:
            xdotool(display, "key", "q")
            window.program.communicate(timeout=30)
    assert window.program.returncode == 0


def by_trial(folder: Path) -> bool:
    """True if a snapshot has maps by trial."""
    for path in folder.glob("*.npz"):
        with np.load(path) as saved:
            if str(saved["method"]) == "true":
                return True
    return False


def test_how_far_a_paused_frame_is_refined_is_chosen_and_contradictions_are_refused() -> None:
    assert WindowChoice().trials_of_paused() == 200
    assert WindowChoice(trials=80).trials_of_paused() == 80
    assert WindowChoice(refine=Refine.FINE).trials_of_paused() == 0
    with pytest.raises(UsageError, match="--trials is for --refine true"):
        before_live("demo", ModelChoice(model="markers"), WindowChoice(refine=Refine.FINE, trials=80))
