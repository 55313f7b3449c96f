"""Drags in the window: boxes in frame pixels, handed to the tool in hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from heatcam.frames import Explanation, Frame
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.presenter import NOTE_S
from heatcam.live.questions import AskedBox, CoverStroke, FrameAnswers, Tool
from heatcam.live.state import WindowState
from heatcam.sinks import Action, Click, Drag, Event, MouseButton
from tests.live.streams import QUIT, FakeExplainer, FakeViewer, Stream, after, later, session

LEFT, RIGHT = MouseButton.LEFT, MouseButton.RIGHT


def dragged(button: MouseButton, start: tuple[float, float], to: tuple[float, float]) -> list[Event]:
    """The events of one drag, as the viewer has them."""
    press: list[Event] = [Click(*start)] if button is LEFT else []
    return [*press, Drag(start, to, button), Drag(start, to, button, is_over=True)]


def ended(*events: list[Event], explain: Callable[..., Explanation] | None = None) -> WindowState:
    """The state at the end of a session with these events."""
    viewer = FakeViewer(
        (after(1), events[0]), *((later(0.05), own) for own in events[1:]), (later(0.1), QUIT)
    )
    run = session(Stream(is_live=True), viewer, explain)
    run.run()
    return run.state


def test_the_right_button_asks_about_a_place_whatever_is_in_hand() -> None:
    state = ended(dragged(RIGHT, (10, 5), (29, 24)))
    assert state.questions.place == AskedBox((10, 5, 30, 25))
    assert state.tool is Tool.NONE
    assert state.focus is None
    assert ended([Action.COVER_PLACE], dragged(RIGHT, (10, 5), (29, 24))).questions.strokes == ()


def test_a_box_may_be_drawn_from_any_corner_and_ends_at_the_picture() -> None:
    state = ended(dragged(RIGHT, (29, 24), (-50, -8)))
    assert state.questions.place == AskedBox((0, 0, 30, 25))


def test_the_left_button_does_what_the_tool_in_hand_is_for() -> None:
    assert ended(dragged(LEFT, (10, 5), (29, 24))).questions.place is None
    asked = ended([Action.ASK_PLACE], dragged(LEFT, (10, 5), (29, 24)))
    assert asked.questions.place == AskedBox((10, 5, 30, 25))
    strokes = ended(
        [Action.COVER_PLACE], dragged(LEFT, (10, 5), (29, 24)), dragged(LEFT, (0, 0), (9, 9))
    ).questions.strokes
    assert [stroke.box_xyxy for stroke in strokes] == [(10, 5, 30, 25), (0, 0, 10, 10)]


def test_a_drag_with_a_tool_in_hand_leaves_the_focus_alone() -> None:
    box = FakeExplainer().boxes[0]
    middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    assert ended([Click(*middle)]).focus is not None
    assert ended([Action.COVER_PLACE], dragged(LEFT, middle, (middle[0] + 6, middle[1] + 6))).focus is None


def test_a_mere_click_asks_nothing() -> None:
    assert ended(dragged(RIGHT, (10, 5), (11, 6))).questions.place is None


def test_the_key_of_the_tool_puts_it_down_and_ends_its_question() -> None:
    drawn = dragged(LEFT, (10, 5), (29, 24))
    state = ended([Action.ASK_PLACE], drawn, [Action.ASK_PLACE])
    assert state.tool is Tool.NONE
    assert state.questions.place is None
    state = ended([Action.COVER_PLACE], drawn, [Action.COVER_PLACE])
    assert state.tool is Tool.NONE
    assert state.questions.strokes, "covers lie until they are taken back"


def test_escape_puts_the_tool_down_and_only_then_quits() -> None:
    viewer = FakeViewer(
        (after(1), [Action.ASK_PLACE]), (later(0.05), [Action.LEAVE]), (later(0.05), [Action.LEAVE])
    )
    run = session(Stream(is_live=True), viewer)
    run.run()
    assert run.state.tool is Tool.NONE
    assert run.stats.actions[Action.LEAVE] == 2


def test_escape_ends_the_question_about_a_place_before_it_quits() -> None:
    drawn = dragged(RIGHT, (10, 5), (29, 24))
    viewer = FakeViewer((after(1), drawn), (later(0.05), [Action.LEAVE]), (later(0.2), QUIT))
    run = session(Stream(is_live=True), viewer)
    run.run()
    assert run.state.questions.place is None
    assert run.stats.actions[Action.QUIT] == 1, "the window was still there"
    state = ended([Action.ASK_PLACE], dragged(LEFT, (10, 5), (29, 24)), [Action.LEAVE])
    assert (state.tool, state.questions.place) == (Tool.NONE, None)


def test_covers_are_taken_back_one_by_one_and_the_classes_there_are_walked_through() -> None:
    two = dragged(LEFT, (10, 5), (29, 24)) + dragged(LEFT, (0, 0), (9, 9))
    assert ended([Action.COVER_PLACE], two, [Action.UNDO_COVER]).questions.strokes == (
        CoverStroke((10, 5, 30, 25)),
    )
    assert ended([Action.UNDO_COVER]).questions.strokes == ()
    asked = ended(dragged(RIGHT, (10, 5), (29, 24)), [Action.NEXT_ASKED_CLASS, Action.NEXT_ASKED_CLASS])
    assert asked.questions.place == AskedBox((10, 5, 30, 25), 2)
    assert ended([Action.NEXT_ASKED_CLASS]).questions.place is None


def test_the_box_is_seen_while_it_is_drawn() -> None:
    drawing: list[Event] = [Drag((10, 5), (29, 24), RIGHT)]
    viewer = FakeViewer((after(1), [Action.PAUSE]), (later(0.3), drawing), (later(0.2), QUIT))
    run = session(Stream(is_live=True), viewer)
    run.run()
    before, now = viewer.shown[-2], viewer.shown[-1]
    assert run.state.drawn_box == (10, 5, 30, 25)
    assert (before != now).any()


@pytest.mark.parametrize("paused", [False, True])
def test_an_answer_comes_with_each_frame_and_without_explaining_a_paused_one_again(paused: bool) -> None:
    explain, answered, requests = FakeExplainer(), [], []

    def answer(explanation: Explanation, request: ExplainRequest) -> FrameAnswers:
        answered.append((explanation.frame.frame_index, request.questions.place))
        requests.append(request)
        return FrameAnswers(request.questions, reason="so it is")

    pause: list[Event] = [Action.PAUSE] if paused else []
    viewer = FakeViewer(
        (after(2), pause), (later(0.3), dragged(RIGHT, (10, 5), (29, 24))), (later(0.3), QUIT)
    )
    run = session(Stream(is_live=True, fps=20), viewer, explain, answer=answer)
    run.run()
    assert {place for _, place in answered} == {AskedBox((10, 5, 30, 25))}
    now = run.playback.history.now
    assert now is not None
    assert now.answers.reason == "so it is"
    asked_with_it = [request for _, request in explain.asked if request.questions.are_any]
    assert (asked_with_it == []) is paused, "the paused frame has its maps: only the answer is new"
    if paused:
        assert {index for index, _ in answered} == {now.explanation.frame.frame_index}
        assert [request.with_evidence for request in requests] == [False, True], "the verdict comes first"


def test_a_paused_frame_gets_its_verdict_before_its_fine_maps_and_the_evidence_after_them() -> None:
    explain, requests = FakeExplainer(), []

    def answer(explanation: Explanation, request: ExplainRequest) -> FrameAnswers:
        requests.append(request)
        return FrameAnswers(request.questions)

    def slow(frame: Frame, request: ExplainRequest) -> Explanation:
        if request.still:
            requests.append(request)
        return explain(frame, request)

    both: list[Event] = [Action.PAUSE, *dragged(RIGHT, (10, 5), (29, 24))]
    viewer = FakeViewer((after(2), both), (later(0.5), QUIT))
    run = session(Stream(is_live=True, fps=20), viewer, slow, answer=answer)
    run.run()
    first = next(n for n, request in enumerate(requests) if request.questions.place is not None)
    assert not requests[first].with_evidence
    assert requests[-1].with_evidence
    assert requests[-1].still
    now = run.playback.history.now
    assert now is not None
    assert now.request == requests[-1]
    assert now.answers.asked.place == AskedBox((10, 5, 30, 25))


def test_stepping_back_asks_about_the_frame_that_is_shown_then() -> None:
    answered = []

    def answer(explanation: Explanation, request: ExplainRequest) -> FrameAnswers:
        answered.append(explanation.frame.frame_index)
        return FrameAnswers(request.questions)

    viewer = FakeViewer(
        (after(3), [Action.PAUSE]),
        (later(0.3), dragged(RIGHT, (10, 5), (29, 24))),
        (later(0.3), [Action.STEP_BACK]),
        (later(0.4), QUIT),
    )
    run = session(Stream(is_live=True, fps=20), viewer, answer=answer)
    run.run()
    now = run.playback.history.now
    assert now is not None
    assert answered[-1] == now.explanation.frame.frame_index
    assert now.explanation.frame.frame_index < answered[0]
    assert now.answers.asked.place is not None


def test_the_tool_in_hand_is_on_the_picture_as_long_as_it_is_in_hand() -> None:
    viewer = FakeViewer(
        (after(1), [Action.PAUSE]),
        (later(0.3), [Action.ASK_PLACE]),
        (later(NOTE_S + 0.2), [Action.TOGGLE_BOXES]),
        (later(0.2), QUIT),
    )
    run = session(Stream(is_live=True), viewer)
    run.run()
    assert run.presenter.shown is not None
    assert run.presenter.shown.status.tool[0] == "ASK: drag around a place, w or Esc ends it"
    assert run.presenter.shown.status.message == ""
