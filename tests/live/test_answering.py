"""Answers about places: which class is asked about, what becomes of faults, and what is said of them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from heatcam.enums import ComparedView
from heatcam.errors import MapError, UsageError
from heatcam.live.answering import Answering
from heatcam.live.asked import asked_row, asked_shown
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.questions import AskedBox, FrameAnswers, PlaceReply, Questions
from heatcam.live.state import WindowState
from tests.live.asking import FakeModel, answered, asked_about, entry_of, scene_frame
from tests.live.streams import seen
from tests.probing.scenes import BOX, CAT, COW, DOG, candidates

OTHER = (10.0, 10.0, 90.0, 90.0)


def class_asked(answers: FrameAnswers) -> int:
    assert answers.place is not None and answers.place.answer is not None, answers.place
    return answers.place.answer.place.class_id


def test_the_likeliest_class_is_asked_about_with_boxes_read_near_the_place_alone() -> None:
    model = FakeModel()
    answers = answered(asked_about(), model)
    assert class_asked(answers) == DOG
    assert answers.place is not None and answers.place.answer is not None
    assert answers.place.answer.verdict.value == "below-threshold"
    assert answers.place.cost_ms > 0
    assert model.near == [list(BOX)]
    assert model.mapped == [], "no map is made while frames run"
    assert answers.cover is None


def test_without_steps_it_is_the_likeliest_of_each_frame_and_after_a_step_the_class_stays() -> None:
    model = FakeModel()
    ask = Answering(lambda _: model)

    def asked(rank: int, *order: int) -> int:
        model.there = candidates([(BOX, {own: -2.0 - n for n, own in enumerate(order)})])
        return class_asked(ask(seen(scene_frame()), asked_about(rank)))

    assert asked(0, DOG, CAT, COW) == DOG
    assert asked(0, CAT, DOG, COW) == CAT
    assert asked(1, CAT, DOG, COW) == DOG
    assert asked(1, DOG, COW, CAT) == DOG, "it stays, whatever is likelier now"
    assert asked(2, DOG, CAT, COW) == COW, "the likeliest that was not asked about yet"
    assert asked(2, CAT, DOG, COW) == COW
    assert asked(3, CAT, DOG, COW) == CAT, "round again"
    assert asked(4, CAT, DOG, COW) == DOG


def test_another_place_begins_anew_and_steps_that_came_at_once_are_all_taken() -> None:
    ask = Answering(lambda _: FakeModel(candidates([(BOX, {DOG: 0.0, CAT: -1.0, COW: -2.0})])))
    assert class_asked(ask(seen(scene_frame()), asked_about(2))) == COW
    moved = tuple(side + 1 for side in BOX)
    assert class_asked(ask(seen(scene_frame()), asked_about(1, moved))) == CAT  # type: ignore[arg-type]


def test_classes_that_are_not_kept_are_not_asked_about() -> None:
    answers = answered(asked_about(classes=("cat", "2")))
    assert class_asked(answers) == CAT
    assert answers.place is not None
    assert {each.class_id for each in answers.place.likely} == {CAT, COW}


@pytest.mark.parametrize("fault", [UsageError("it finds no boxes", "give another"), ValueError("no\nidea")])
def test_a_fault_becomes_the_reason_in_one_line(fault: Exception) -> None:
    answers = answered(asked_about(), FakeModel(fault=fault))
    assert answers.place is not None
    assert answers.place.answer is None
    assert answers.place.reason.startswith(str(fault).splitlines()[0])
    assert "\n" not in answers.place.reason


def test_a_map_that_cannot_be_made_leaves_the_verdict() -> None:
    answers = answered(asked_about(with_evidence=True), FakeModel(maps_fault=MapError("no gradient")))
    assert class_asked(answers) == DOG
    assert answers.place is not None and answers.place.evidence is not None
    assert answers.place.evidence.own is None
    assert "no gradient" in answers.place.evidence.reason


def test_two_models_are_not_asked() -> None:
    model = FakeModel()
    answers = answered(asked_about(compared=ComparedView.BOTH), model)
    assert answers.place is not None
    assert "choose one with v" in answers.place.reason
    assert model.near == []


def lines_of(entry_request: ExplainRequest, model: FakeModel | None = None, **state: object) -> list[str]:
    window = replace(WindowState(questions=entry_request.questions), **state)  # type: ignore[arg-type]
    shown = asked_shown(entry_of(entry_request, model), window)
    assert shown is not None
    return [f"{line.text} {line.value}".strip() for line in shown.lines()]


def test_the_panel_says_verdict_numbers_classes_and_cost() -> None:
    lines = lines_of(asked_about())
    assert lines[0] == "below-threshold"
    assert lines[1] == "dog 0.12 at IoU 1.00; --conf 0.119 keeps it"
    assert lines[2] == "confidence 0.12, logit -2.0, IoU 1.00, stride 16"
    assert lines[3:7] == [
        "likeliest of 3 classes, in any box there",
        "1. dog 0.12",
        "2. cat 0.018",
        lines[6],
    ]
    assert lines[6].startswith("3. cow ")
    assert lines[7].startswith("the answer took ")
    assert lines[8] == "W next class, Esc ends it"


def test_the_class_that_is_asked_about_is_listed_with_its_rank_however_low_that_is() -> None:
    names = {n: f"thing{n}" for n in range(40)}
    few = candidates([(BOX, {DOG: -2.0})])
    import numpy as np

    logits = np.concatenate((few.logits, np.tile(-11 - np.arange(37, dtype=np.float32), (400, 1))), 1)
    shown = asked_shown(
        entry_of(asked_about(30), FakeModel(replace(few, logits=logits, class_names=names))),
        WindowState(questions=asked_about(30).questions),
    )
    assert shown is not None
    rows = [line for line in shown.lines() if line.value]
    assert [row.text.split(".")[0] for row in rows] == ["1", "2", "3", "31"]
    assert [row.is_chosen for row in rows] == [False, False, False, True]


def test_low_evidence_is_called_a_map_of_nothing() -> None:
    lines = lines_of(asked_about(with_evidence=True), FakeModel(low=True))
    assert any("evidence 4.0 for, 2.0 against, in logits; low: a map of nothing" in line for line in lines)
    assert not any("low" in line for line in lines_of(asked_about(with_evidence=True))[1:])


def test_the_panel_says_that_an_answer_is_to_come_why_there_is_none_and_that_one_model_must_be_chosen() -> (
    None
):
    shown = asked_shown(entry_of(ExplainRequest()), WindowState(questions=asked_about().questions))
    assert shown is not None
    assert [line.text for line in shown.lines()] == ["asking about this place ..."]
    assert [mark.label for mark in shown.marks()] == ["asked here"]
    assert "it finds no boxes" in " ".join(
        lines_of(asked_about(), FakeModel(fault=UsageError("it finds no boxes", "give another")))
    )
    assert any("press v" in line for line in lines_of(asked_about(), compared=ComparedView.DIFFERENCE))
    assert asked_shown(entry_of(asked_about()), WindowState()) is None


def test_an_answer_about_another_place_is_not_shown() -> None:
    moved = Questions(place=AskedBox(OTHER))
    shown = asked_shown(entry_of(asked_about()), WindowState(questions=moved))
    assert shown is not None
    assert shown.answer is None
    next_class = Questions(place=AskedBox(BOX, 1))
    stays = asked_shown(entry_of(asked_about()), WindowState(questions=next_class))
    assert stays is not None
    assert stays.answer is not None, "the class before stays until the next one is answered"


def test_a_document_has_the_row_of_the_command_with_classes_and_cost() -> None:
    row = json.loads(json.dumps(asked_row(answered(asked_about(with_evidence=True)))))["place"]
    assert row["at_xyxy"] == list(BOX)
    assert (row["class_name"], row["verdict"]) == ("dog", "below-threshold")
    assert row["evidence_for"] == pytest.approx(4.0)
    assert [each["class_name"] for each in row["likely"]] == ["dog", "cat", "cow"]
    assert row["cost_ms"] > 0
    running = asked_row(answered(asked_about()))["place"]
    assert running["map_error"] == "not mapped while frames run"
    assert asked_row(FrameAnswers()) == {}
    asked = Questions(place=AskedBox(BOX))
    for failed in (FrameAnswers(asked, reason="why"), FrameAnswers(asked, PlaceReply(reason="why"))):
        assert asked_row(failed) == {"place": {"at_xyxy": list(BOX), "reason": "why"}}
