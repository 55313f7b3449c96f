"""Covers in the window's picture: the pixels that the model saw, outlines with numbers, and the card."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from heatcam.enums import Fill, Layout
from heatcam.frames import Explanation, Frame
from heatcam.geometry import Uint8Array
from heatcam.live import covers_shown
from heatcam.live.answering import Answering
from heatcam.live.covering import Covering
from heatcam.live.covers_shown import cover_marks, covers_on, covers_row, with_covers
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.frame_history import HistoryEntry
from heatcam.live.questions import CoverStroke, FrameAnswers
from heatcam.live.renderer import Renderer
from heatcam.live.state import WindowState
from heatcam.overlay import CoverCard, Status
from heatcam.sinks.keys import DEFAULT_KEYS, Action
from tests.live.covered_scenes import CoveredModel, bare_frame, explained, left_of, request_for
from tests.live.streams import QUIT, FakeViewer, Stream, after, later, session
from tests.live.test_gestures import LEFT, dragged
from tests.probing.scenes import BOX

STATUS = Status("HEATMAP", 25.0, 30.0, 5.0)
BARE: dict[str, Any] = {"boxes": False, "hud": False}
COVER = CoverStroke((96, 208, 304, 304), 1)


def entry_of(
    *strokes: CoverStroke, fill: Fill = Fill.NOISE
) -> tuple[HistoryEntry, WindowState, CoveredModel]:
    """A frame that was answered with these strokes lying, and the state that they are in."""
    model, request = CoveredModel(), request_for(*strokes, fill=fill)
    reply = Covering(lambda _request: model).reply(explained(), request)
    answers = FrameAnswers(request.questions, cover=reply)
    return (
        HistoryEntry(explained(), (1, 2), request, answers),
        WindowState(questions=request.questions),
        model,
    )


def painted(entry: HistoryEntry, state: WindowState, wh: tuple[int, int] | None = None) -> Uint8Array:
    return Renderer(0.0, DEFAULT_KEYS).paint(entry, state, STATUS, None, wh).picture


@pytest.fixture
def no_card(monkeypatch: pytest.MonkeyPatch) -> list[CoverCard]:
    """The cards that would have been drawn."""
    cards: list[CoverCard] = []

    def keep(_picture: Uint8Array, card: CoverCard, *_: object) -> None:
        cards.append(card)

    monkeypatch.setattr(covers_shown, "draw_cover_card", keep)
    return cards


def inside(picture: Uint8Array, left: int = 0) -> Uint8Array:
    """The cover, without its outline and the corner that has its number."""
    part: Uint8Array = picture[212:270, left + 100 : left + 300]
    return part


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize("heatmap", [True, False])
def test_every_layout_shows_the_pixels_that_the_model_saw(
    layout: Layout, heatmap: bool, no_card: list[CoverCard]
) -> None:
    entry, state, model = entry_of(COVER)
    state = replace(state, layout=layout, heatmap=heatmap, split=1.0, **BARE)
    picture = painted(entry, state)
    assert np.array_equal(inside(picture), inside(model.asked[0]))
    if layout is Layout.DUAL:
        left = picture.shape[1] - 320
        assert np.array_equal(inside(picture, left), inside(model.asked[0]))
    assert len(no_card) == 1


def test_without_its_stroke_an_answer_is_not_shown_any_more(no_card: list[CoverCard]) -> None:
    entry, _, _ = entry_of(COVER)
    bare = replace(entry, answers=FrameAnswers())
    assert np.array_equal(painted(entry, WindowState()), painted(bare, WindowState()))
    assert no_card == []


def test_a_cover_that_waits_for_its_first_answer_is_dashed_where_it_was_drawn(
    no_card: list[CoverCard],
) -> None:
    entry, state, model = entry_of(COVER)
    two = replace(state, questions=replace(state.questions, strokes=(COVER, left_of(BOX, 2))))
    marks = cover_marks(entry, two, (640, 640))
    assert marks is not None
    assert (marks.numbers, marks.waits) == ((1, 2), (False, True))
    assert marks.boxes_xyxy[1].tolist() == [224, 224, 320, 416]
    waiting = painted(replace(entry, answers=FrameAnswers()), replace(state, heatmap=False, **BARE))
    assert (inside(waiting) == inside(entry.explanation.frame.image_bgr)).all(), "not covered yet"
    assert (waiting != entry.explanation.frame.image_bgr).any(), "but outlined"
    del model


def test_the_card_counts_covers_and_says_what_they_cost(no_card: list[CoverCard]) -> None:
    entry, state, _ = entry_of(COVER, left_of(BOX, 2))
    painted(entry, state)
    (card,) = no_card
    assert (card.covers, card.fill, card.maps, card.foretold.pairs) == (2, Fill.NOISE, "live", 2)
    assert card.cost_ms > 0


def test_a_model_that_cannot_be_asked_at_all_is_said_on_the_card(no_card: list[CoverCard]) -> None:
    entry, state, _ = entry_of(COVER)
    painted(replace(entry, answers=FrameAnswers(state.questions, reason="there is none")), state)
    assert [card.reason for card in no_card] == ["there is none"]


def test_the_covers_are_in_the_memory_of_the_history() -> None:
    entry, _, _ = entry_of(COVER)
    assert entry.bytes == replace(entry, answers=FrameAnswers()).bytes + 208 * 96 * 3


def test_the_document_tells_what_the_card_tells_and_is_json() -> None:
    entry, state, _ = entry_of(left_of(BOX, 3, 0.9))
    assert covers_on(entry, state) is entry.answers.cover
    document = json.loads(json.dumps(covers_row(entry.answers)))["cover"]
    assert (document["fill"], document["numbers"]) == ("noise", [3])
    assert document["effect"]["vanished"][0]["class_name"] == "dog"
    assert document["foretold"] == {"pairs": 2, "rank_correlation": None, "maps": "live"}
    assert covers_row(FrameAnswers()) == {}
    assert with_covers(entry.explanation, None) is entry.explanation


def replies(
    *events: list[Any], after_each_s: float = 0.15, folder: Path | None = None
) -> tuple[Any, CoveredModel]:
    """A session of the covered scene with these events, and the model that was asked."""
    model = CoveredModel()
    viewer = FakeViewer(
        (after(1), events[0]), *((later(after_each_s), own) for own in events[1:]), (later(0.4), QUIT)
    )

    def explain(of: Frame, _request: ExplainRequest) -> Explanation:
        large = of if of.size_wh == (320, 320) else replace(of, image_bgr=bare_frame().image_bgr)
        return replace(explained(), frame=large)

    run = session(
        Stream(is_live=True, fps=20), viewer, explain, folder=folder, answer=Answering(lambda _request: model)
    )
    run.run()
    return run, model


@pytest.mark.parametrize("paused", [False, True])
def test_a_drag_with_the_brush_is_answered_in_the_stream_and_on_a_paused_frame(paused: bool) -> None:
    pause: list[Any] = [Action.PAUSE] if paused else []
    run, model = replies(pause, [Action.COVER_PLACE], dragged(LEFT, (10, 10), (90, 60)))
    now = run.playback.history.now
    assert now.answers.cover.numbers == (1,)
    assert now.answers.cover.effect is not None
    assert now.request.with_object_maps
    assert (len(model.asked) == 1) is paused


def test_a_snapshot_shows_the_covers_and_its_settings_say_what_they_change(tmp_path: Path) -> None:
    run, model = replies(
        [Action.COVER_PLACE], dragged(LEFT, (110, 80), (140, 110)), [Action.SAVE_SNAPSHOT], folder=tmp_path
    )
    (document,) = tmp_path.glob("heatcam-*.json")
    written = json.loads(document.read_text())
    assert written["view"]["questions"]["strokes"][0]["box_xyxy"] == [110, 80, 141, 111]
    assert written["answers"]["cover"]["effect"]["objects"][0]["class_name"] == "dog"
    assert written["answers"]["cover"]["foretold"]["pairs"] == 2
    picture = cv2.imread(str(document.with_suffix(".png")))
    bare = bare_frame().image_bgr
    assert (picture[80:111, 110:141] != bare[80:111, 110:141]).any()
    assert run.parts.snapshots.failed is False
    del model


def test_maps_of_objects_are_made_for_every_frame_while_a_cover_lies_and_only_then() -> None:
    run, _ = replies([Action.TOGGLE_HEATMAP, Action.NEXT_EVERY])
    before = run.parts.inference.request
    assert (before.with_map, before.every) == (False, 2)
    drawn = (
        [Action.TOGGLE_HEATMAP, Action.NEXT_EVERY],
        [Action.COVER_PLACE],
        dragged(LEFT, (10, 10), (90, 60)),
    )
    run, _ = replies(*drawn)
    request = run.parts.inference.request
    assert (request.with_map, request.with_object_maps, request.every) == (True, True, 1)
    run, _ = replies(*drawn, [Action.UNDO_COVER])
    assert replace(run.parts.inference.request, questions=before.questions) == before


def test_undo_takes_the_last_cover_and_zero_all_of_them() -> None:
    two = dragged(LEFT, (10, 10), (90, 60)) + dragged(LEFT, (20, 20), (50, 60))
    run, _ = replies([Action.COVER_PLACE], two, [Action.UNDO_COVER], dragged(LEFT, (30, 20), (70, 60)))
    assert [own.number for own in run.state.questions.strokes] == [1, 3]
    run, _ = replies([Action.COVER_PLACE], two, [Action.RESET])
    assert run.state.questions.strokes == ()
    assert run.playback.history.now.answers.cover is None


def test_another_fill_is_on_every_cover_at_once() -> None:
    run, model = replies([Action.COVER_PLACE], dragged(LEFT, (10, 10), (90, 60)), [Action.NEXT_FILL])
    assert run.playback.history.now.answers.cover.fill is Fill.GREY
    assert (model.asked[-1][12:58, 12:88] == 114).all()


def test_a_cover_drawn_while_an_object_is_in_focus_follows_it() -> None:
    run, _ = replies([Action.FOCUS_NEXT], [Action.COVER_PLACE], dragged(LEFT, (110, 80), (140, 110)))
    (stroke,) = run.state.questions.strokes
    assert stroke.class_name == "dog"
    assert stroke.object_xyxy == pytest.approx(BOX)
    run, _ = replies([Action.COVER_PLACE], dragged(LEFT, (110, 80), (140, 110)))
    assert run.state.questions.strokes[0].object_xyxy is None
