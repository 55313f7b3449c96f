"""Answers about places by the window's own model: the same as the command's, for real networks."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from heatcam.commands.live_model import LiveModel
from heatcam.commands.options import LookOptions, ModelChoice, MotionOptions
from heatcam.commands.terminal import Terminal
from heatcam.frames import Explanation, Frame
from heatcam.live import ExplainRequest
from heatcam.live.questions import AskedBox, PlaceReply, Questions
from heatcam.probing import AskedPlace, ask_places
from heatcam.saliency import Prober
from heatcam.sources.demo.source import DemoSource
from tests.bench.tiny import tiny_checkpoint
from tests.nets import class_checkpoint

TERMINAL = Terminal(Console(file=io.StringIO()), Console(file=io.StringIO()))


def live_model(model: str, frame: Frame) -> LiveModel:
    choice = ModelChoice(model=model, backend="torch", pictures=1)
    made = LiveModel(choice, LookOptions(), MotionOptions(), lambda: frame.size_wh, TERMINAL)
    made.load()
    return made


def asked(model: LiveModel, frame: Frame, request: ExplainRequest) -> tuple[PlaceReply, Explanation]:
    explanation = model.explain(frame, request)
    answers = model.answer(explanation, request)
    assert answers.asked == request.questions
    assert answers.place is not None
    return answers.place, explanation


@pytest.fixture(scope="module")
def demo() -> tuple[Frame, list[tuple[float, float, float, float]]]:
    """A frame of the demo scene, and where its markers are."""
    with DemoSource() as source:
        return next(iter(source)), [box.box_xyxy for box in source.truth(0)]


def about(box: tuple[float, float, float, float], rank: int = 0, **more: object) -> ExplainRequest:
    return ExplainRequest(questions=Questions(place=AskedBox(box, rank)), **more)  # type: ignore[arg-type]


def test_the_window_finds_what_is_there_and_says_of_other_classes_what_the_command_says(
    demo: tuple[Frame, list[tuple[float, float, float, float]]],
) -> None:
    frame, boxes = demo
    model = live_model("markers", frame)
    explainer = model._loaded.explainer_of
    for box in boxes:
        found, explanation = asked(model, frame, about(box))
        assert found.answer is not None and found.answer.verdict.value == "found", found
        assert found.answer.detection is not None
        kept = explanation.detections
        assert kept.class_names[found.answer.detection] == found.answer.place.class_name
        assert found.likely[0].class_name == found.answer.place.class_name
    walked = {}
    for rank in range(6):
        reply, _ = asked(model, frame, about(boxes[0], rank))
        assert reply.answer is not None
        walked[rank] = reply.answer.place.class_id
    assert len(set(walked.values())) == 5
    assert walked[5] == walked[0]
    everywhere = Prober(explainer(about(boxes[0]))).candidates(frame.image_bgr)
    for class_id in walked.values():
        name = everywhere.class_names[class_id]
        (by_command,) = ask_places([AskedPlace(boxes[0], class_id, name)], everywhere)
        rank = next(rank for rank, own in walked.items() if own == class_id)
        reply, _ = asked(model, frame, about(boxes[0], rank))
        assert reply.answer is not None
        assert reply.answer.verdict is by_command.verdict
        assert np.isclose(reply.answer.candidate.logit, by_command.candidate.logit, atol=1e-3)


def test_the_threshold_is_that_of_the_window_and_the_evidence_is_mapped_when_it_is_asked_for(
    demo: tuple[Frame, list[tuple[float, float, float, float]]],
) -> None:
    frame, boxes = demo
    model = live_model("markers", frame)
    found, _ = asked(model, frame, about(boxes[0], with_evidence=True))
    assert found.answer is not None and found.evidence is not None
    assert found.evidence.own is not None
    assert found.evidence.own.speaks_for > found.evidence.own.speaks_against
    above = round(min(0.99, found.answer.candidate.confidence + 0.02), 3)
    missed, _ = asked(model, frame, about(boxes[0], conf=above))
    assert missed.answer is not None
    assert missed.answer.verdict.value == "below-threshold"
    assert missed.answer.needs.conf is not None and missed.answer.needs.conf < above
    assert missed.evidence is None


@pytest.mark.parametrize("family", ["yolov8n", "yolo26n"])
def test_heads_of_every_kind_are_asked(tmp_path: Path, family: str) -> None:
    image = np.random.default_rng(3).integers(0, 256, (48, 80, 3), np.uint8)
    frame = Frame(image, 0, 0.0, 0.0, "noise")
    reply, _ = asked(
        live_model(str(tiny_checkpoint(tmp_path, family)), frame),
        frame,
        about((10.0, 8.0, 60.0, 40.0), with_evidence=True),
    )
    assert reply.reason == ""
    assert reply.answer is not None
    assert len(reply.likely) == 5


def test_a_classifier_gets_a_clear_line(tmp_path: Path) -> None:
    frame = Frame(np.full((60, 80, 3), 99, np.uint8), 0, 0.0, 0.0, "grey")
    model = live_model(str(class_checkpoint(tmp_path)), frame)
    reply, _ = asked(model, frame, about((10.0, 10.0, 40.0, 40.0)))
    assert reply.answer is None
    assert "finds no boxes" in reply.reason
    again, _ = asked(model, frame, replace(about((10.0, 10.0, 40.0, 40.0)), with_evidence=True))
    assert "finds no boxes" in again.reason
