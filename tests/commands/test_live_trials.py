"""A paused frame of the window's own model grows true by itself: for a real network, and in a real window."""

from __future__ import annotations

import time
from dataclasses import replace
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
from heatcam.sources.demo.source import DemoSource
from tests.commands.test_live_answers import TERMINAL

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
        except Exception as error:
            assert type(error).__name__ == "NotReadyError", error
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


def test_how_far_a_paused_frame_is_refined_is_chosen_and_contradictions_are_refused() -> None:
    assert WindowChoice().trials_of_paused() == 200
    assert WindowChoice(trials=80).trials_of_paused() == 80
    assert WindowChoice(refine=Refine.FINE).trials_of_paused() == 0
    with pytest.raises(UsageError, match="--trials is for --refine true"):
        before_live("demo", ModelChoice(model="markers"), WindowChoice(refine=Refine.FINE, trials=80))
