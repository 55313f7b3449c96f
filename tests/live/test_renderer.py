"""From what was seen to the picture: what is drawn over it, and where the numbers of the graphs come from."""

from dataclasses import replace

import numpy as np
import pytest

from heatcam.enums import ComparedView, Layout, Renorm
from heatcam.live.asked import asked_shown
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.frame_history import HistoryEntry
from heatcam.live.renderer import Renderer
from heatcam.live.state import WindowState
from heatcam.overlay import Status
from heatcam.sinks.keys import DEFAULT_KEYS
from tests.live.asking import asked_about, entry_of
from tests.live.streams import BOX, frame, seen

STATUS = Status("HEATMAP", 25.0, 30.0, 5.0)


def with_own_maps(of):
    found = seen(of)
    return replace(found, object_maps=(found.saliency,))


def painted(renderer, explanation, state, **more):
    return renderer.paint(
        HistoryEntry(explanation, (1,) * len(explanation.detections), ExplainRequest()), state, STATUS, **more
    )


@pytest.mark.parametrize(
    "change", [{"numbers": True}, {"graphs": True}, {"help": True}, {"boxes": False}, {"hud": False}]
)
def test_each_choice_changes_the_picture_and_nothing_changes_the_frame(change):
    large = replace(frame(5), image_bgr=np.full((480, 640, 3), 5, np.uint8))  # (panels need room)
    renderer, found = Renderer(0.0, DEFAULT_KEYS), with_own_maps(large)
    before = found.frame.image_bgr.copy()
    renderer.take(found, WindowState())
    usual = painted(renderer, found, WindowState()).picture
    assert (painted(renderer, found, WindowState(**change)).picture != usual).any()
    assert (found.frame.image_bgr == before).all()


def test_a_banner_dims_the_picture():
    renderer, found = Renderer(0.0, DEFAULT_KEYS), seen(frame(200))
    usual = painted(renderer, found, WindowState(hud=False, heatmap=False)).picture
    said = painted(renderer, found, WindowState(hud=False, heatmap=False), banner=("gone", "for 3 s")).picture
    assert said[:10].mean() < 0.7 * usual[:10].mean()


def test_the_graphs_are_of_own_maps_alone_and_of_each_frame_once():
    renderer = Renderer(0.0, DEFAULT_KEYS)
    added = []
    renderer.evidence.add = added.append
    renderer.take(seen(frame(0)), WindowState())
    assert added == []
    second = with_own_maps(frame(0))
    renderer.refine(second)
    renderer.refine(second)
    renderer.take(with_own_maps(frame(1)), WindowState())
    assert [one.frame.frame_index for one in added] == [0, 1]


def test_heat_is_smoothed_once_a_frame_and_a_second_look_is_shown_as_it_is():
    renderer = Renderer(0.9, DEFAULT_KEYS)
    state = WindowState(hud=False, boxes=False)
    first, then = seen(frame(0, value=80)), seen(frame(1, value=80))
    noise = np.random.default_rng(0)
    for one in (first, then):
        one.saliency.values[:] += 1 + 0.2 * noise.random(one.saliency.values.shape)
    for one in (first, then):
        renderer.take(one, state)
    smoothed = painted(renderer, then, state).picture
    assert (painted(renderer, then, state).picture == smoothed).all()
    raw = painted(Renderer(0.0, DEFAULT_KEYS), then, state).picture
    assert (smoothed != raw).any()
    again = replace(then, timings=replace(then.timings, map_ms=9.0))  # another look at the same frame
    assert (painted(renderer, again, state).picture == raw).all()


def test_another_scale_is_shown_at_once():
    renderer = Renderer(0.9, DEFAULT_KEYS)
    found = seen(frame(0, value=80), (BOX, (0.0, 0.0, 30.0, 30.0)))
    found.saliency.values[:] *= np.linspace(0.1, 1, found.saliency.values.shape[1])[None]
    state = WindowState(hud=False, boxes=False)
    renderer.take(found, state)
    per_frame = painted(renderer, found, replace(state, renorm=Renorm.FRAME)).picture
    alone = painted(Renderer(0.0, DEFAULT_KEYS), found, replace(state, renorm=Renorm.FRAME)).picture
    assert (per_frame == alone).all()


def test_an_object_in_focus_that_is_not_seen_leaves_no_heat_of_others():
    renderer, found = Renderer(0.0, DEFAULT_KEYS), seen(frame(0, value=80))
    picture = painted(renderer, found, WindowState(focus=7, hud=False, boxes=False)).picture
    assert (picture == 80).all()


def test_dual_shows_the_frame_twice_and_finds_the_way_back():
    renderer, found = Renderer(0.0, DEFAULT_KEYS), seen(frame(0, value=80))
    view = painted(renderer, found, WindowState(layout=Layout.DUAL))
    height, width = found.frame.image_bgr.shape[:2]
    assert view.picture.shape[1] >= 2 * width
    right = view.picture.shape[1] - width + 10
    assert view.to_frame(right, height // 2) == pytest.approx((10, height // 2), abs=2)


def shown_of(entry, **choices):
    state = WindowState(questions=entry.request.questions, hud=False, **choices)
    return Renderer(0.0, DEFAULT_KEYS).paint(entry, state, STATUS, canvas_wh=(1280, 720))


def outlines(view, box):
    """How many of a frame's places in the window have a light line along the top of a box."""
    found = 0
    for x1, y1, x2, _ in view.boxes_of(box):
        rows = view.picture[y1 - 1 : y1 + 4, (2 * x1 + x2) // 3 : (x1 + 2 * x2) // 3].astype(int)
        found += bool((np.abs(rows - 235).max(2) < 8).all(1).any())
    return found


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize("with_evidence", [False, True])
def test_the_place_that_is_asked_about_is_outlined_in_every_picture_of_the_frame(layout, with_evidence):
    place = (20.0, 150.0, 150.0, 300.0)
    view = shown_of(entry_of(asked_about(0, place, with_evidence=with_evidence)), layout=layout)
    assert outlines(view, place) == len(view.places) == (2 if layout is Layout.DUAL else 1)
    assert outlines(shown_of(entry_of(ExplainRequest()), layout=layout), place) == 0


def test_the_evidence_takes_the_place_of_the_heat_where_heat_is_shown():
    running, still = entry_of(asked_about()), entry_of(asked_about(with_evidence=True))

    def left_of(entry, **choices):
        view = shown_of(entry, boxes=False, **choices)
        left, _, right, _ = view.places[-1]
        return view.picture[600, left + (right - left) // 8].astype(int)

    assert np.ptp(left_of(running)) == 0, "grey, as the frame is, where there is no heat"
    assert left_of(still)[2] > left_of(still)[0] + 40, "red: it speaks for the class"
    assert np.ptp(left_of(still, heatmap=False)) == 0
    assert np.ptp(left_of(still, layout=Layout.DUAL)) > 40


def test_two_models_get_the_outline_and_the_line_that_one_is_to_be_chosen():
    place = (20.0, 150.0, 150.0, 300.0)
    entry = entry_of(asked_about(0, place))
    state = WindowState(questions=entry.request.questions, compared=ComparedView.BOTH, hud=False)
    asked = asked_shown(entry, state)
    assert asked is not None
    assert asked.reason
    assert [mark.label for mark in asked.marks()] == ["asked here"]
    view = Renderer(0.0, DEFAULT_KEYS).paint(entry, state, STATUS, canvas_wh=(1280, 720))
    assert outlines(view, place) == 1


def test_with_its_own_top_line_off_the_tool_in_hand_is_still_said():
    entry = entry_of(ExplainRequest())
    bare, said = (
        Renderer(0.0, DEFAULT_KEYS).paint(entry, WindowState(hud=False), replace(STATUS, tool=tool)).picture
        for tool in ((), ("ASK",))
    )
    assert (bare != said).any()
