"""Two models in the window: who explains, what is drawn of whom, and what begins anew when the model changes."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from heatcam.comparison import ComparedExplanation, Comparing
from heatcam.enums import ComparedView, Layout
from heatcam.errors import UsageError
from heatcam.frames import AnchorGrid, Explanation, Frame
from heatcam.geometry import Letterbox
from heatcam.live.compared import models_of, side_shown
from heatcam.live.explain_request import ExplainRequest, Side
from heatcam.live.explaining import Explaining
from heatcam.live.frame_history import HistoryEntry
from heatcam.live.inference import Inference
from heatcam.live.objects import FIRST_OWN, shown_numbers
from heatcam.live.refinement import Refinement
from heatcam.live.renderer import Renderer
from heatcam.live.saving import Snapshots
from heatcam.live.state import Choices, WindowState, changed, said
from heatcam.overlay import Status
from heatcam.sinks.keys import DEFAULT_KEYS, Action
from tests.live.streams import QUIT, FakeViewer, Stream, after, frame, seen, session

A, B, BOTH, DIFFERENCE = ComparedView
SIDES = Side("one", "cpu torch"), Side("two", "cpu openvino")
SMALL = (4.0, 4.0, 24.0, 24.0)
BOX_A, BOX_B = (40.0, 100.0, 240.0, 300.0), (100.0, 100.0, 300.0, 300.0)
ALONE = (400.0, 100.0, 560.0, 260.0)


def spread(found: Explanation) -> Explanation:
    """The same with evidence around the hot cells too: a single one is pale once it is smoothed."""
    if found.saliency is None:
        return found
    values = cv2.dilate(found.saliency.values, np.ones((3, 3), np.uint8))
    return replace(found, saliency=replace(found.saliency, values=values))


class Model:
    """Finds given boxes, each with a map of its own, and answers everywhere."""

    class_names = {0: "thing"}  # noqa: RUF012

    def __init__(self, title: str, *boxes: tuple[float, ...]) -> None:
        self.title, self.boxes = title, boxes
        self.asked: list[tuple[int, bool]] = []

    def explain(self, image: Frame, *, with_map=True, with_object_maps=False, conf=None) -> Explanation:
        self.asked.append((image.frame_index, with_map))
        found = spread(seen(image, self.boxes, heat=with_map))
        names = ("thing",) * len(self.boxes)
        found = replace(found, model=self.title, detections=replace(found.detections, class_names=names))
        own = tuple(spread(seen(image, (box,))).saliency for box in self.boxes)
        return replace(found, object_maps=own) if with_object_maps and with_map else found

    def may_run_beside(self, _other: object) -> bool:
        return False

    def anchor_grid(self, image_wh):
        return AnchorGrid(Letterbox.fit(image_wh, 64), (8, 16, 32))

    def maps_at(self, image, anchors, _class_ids):
        return tuple(seen(Frame(image, 0, 0.0, 0.0), (ALONE,)).saliency for _ in anchors)


ONE, TWO = Model("one", BOX_A, ALONE), Model("two", BOX_B)


def large(index: int = 0, value: int = 90) -> Frame:
    return replace(frame(index), image_bgr=np.full((480, 640, 3), value, np.uint8))


def explaining(one: Model = ONE, two: Model = TWO, tracker=None) -> Explaining:
    """The window's explaining by two models."""
    made = {A: one, B: two, BOTH: Comparing(one, two)}
    return Explaining(lambda *key: made[key[5]], tracker)


def entry_of(compared: ComparedView, of: Frame | None = None) -> HistoryEntry:
    request = ExplainRequest(with_object_maps=True, compared=compared)
    found = explaining()(large() if of is None else of, request)
    ids = tuple(FIRST_OWN + n for n in range(len(found.detections)))
    return HistoryEntry(found, ids, request)


def painted(entry: HistoryEntry, state: WindowState):
    return Renderer(0.0, DEFAULT_KEYS).paint(entry, state, Status("HEATMAP", 0.0, 0.0, 0.0))


def press(state: WindowState, *actions: Action, models=tuple(ComparedView)) -> WindowState:
    for action in actions:
        state = changed(state, action, Choices(("live",), ("",), WindowState(), models))
    return state


def test_the_key_goes_through_both_models_and_back_and_does_nothing_for_one() -> None:
    states = [press(WindowState(), *[Action.NEXT_COMPARED] * n) for n in range(5)]
    assert [state.compared for state in states] == [A, B, BOTH, DIFFERENCE, A]
    assert [said(a, b) for a, b in pairwise(states)] == [
        *("model B", "A beside B", "the difference of A and B", "model A")
    ]
    assert press(WindowState(), Action.NEXT_COMPARED, models=(A,)) == WindowState()


def test_an_object_stays_in_focus_between_the_two_views_of_both_alone() -> None:
    assert press(WindowState(focus=3), Action.NEXT_COMPARED).focus is None
    assert press(WindowState(focus=3, compared=BOTH), Action.NEXT_COMPARED).focus == 3
    assert press(WindowState(focus=3, compared=DIFFERENCE), Action.NEXT_COMPARED).focus is None


def test_both_views_of_both_ask_the_same_and_each_frame_has_its_own_maps() -> None:
    refinement = Refinement(None, None, slideshow=False)  # type: ignore[arg-type]
    one, both, difference = (
        refinement.flowing_request(WindowState(every=3, compared=compared))
        for compared in (B, BOTH, DIFFERENCE)
    )
    assert both == difference
    assert (one.compared, one.every, one.with_object_maps) == (B, 3, False)
    assert (both.compared, both.every, both.with_object_maps) == (BOTH, 1, True)


def test_the_objects_of_both_are_one_list() -> None:
    found = entry_of(BOTH).explanation
    assert isinstance(found, ComparedExplanation)
    assert models_of(found) == ("one", "two")
    assert len(found.detections) == len(found.comparison.objects) == 2
    np.testing.assert_array_equal(found.detections.boxes_xyxy[0], (40, 100, 300, 300))  # around both boxes


def test_tracks_begin_anew_with_the_other_model_and_the_first_frame_has_its_own_map() -> None:
    class Tracker:
        said: list[object] = []  # noqa: RUF012

        def follow(self, explanation: Explanation) -> Explanation:
            self.said.append(models_of(explanation))
            return explanation

        def forget(self) -> None:
            self.said.append("forget")

    one, two = Model("one", SMALL), Model("two", SMALL)
    explain = explaining(one, two, Tracker())
    for n, compared in enumerate((A, A, B, BOTH)):
        explain(frame(n), ExplainRequest(every=3, compared=compared))
    assert Tracker.said == [("one",), ("one",), "forget", ("two",), "forget", ("one", "two")]
    assert two.asked == [(2, True), (3, True)]
    assert one.asked == [(0, True), (1, False), (3, True)]


def test_a_model_that_cannot_be_asked_gives_way_to_the_one_before() -> None:
    def explainer_for(*key):
        if key[5] is B:
            raise UsageError("no layer is called '15'", "take another")
        return Model("one", SMALL)

    explain = Explaining(explainer_for)
    viewer = FakeViewer(
        (after(3), [Action.NEXT_COMPARED]),
        (lambda v: (bool(run.stats.errors) and after(9)(v)) or after(150)(v), QUIT),
    )
    run = session(Stream(fps=50), viewer, explain)
    run.current._choices = replace(run.current.choices, compared=tuple(ComparedView))
    run.run()
    assert ["'15'" in text for text in run.stats.errors] == [True]
    assert run.state.compared is A


def test_numbers_graphs_and_smoothing_begin_anew_when_the_other_models_frames_come() -> None:
    restarts, ids = [], []
    viewer = FakeViewer(
        (after(3), [Action.NEXT_COMPARED]),
        (lambda v: (bool(restarts) and after(8)(v)) or after(150)(v), QUIT),
    )
    run = session(Stream(fps=50), viewer, explaining(Model("one", SMALL, SMALL), Model("two", SMALL)))
    run.current._choices = replace(run.current.choices, compared=tuple(ComparedView))
    run.parts.renderer.restart = lambda: restarts.append(models_of(run.playback.history.now.explanation))
    paint = run.parts.renderer.paint

    def noting(entry, *more):
        ids.append((models_of(entry.explanation)[0], entry.object_ids))
        return paint(entry, *more)

    run.parts.renderer.paint = noting
    run.run()
    assert restarts == [("two",)]
    assert {own for model, own in ids if model == "two"} == {(FIRST_OWN,)}


@pytest.mark.parametrize(
    ("compared", "shown", "letters", "name"),
    [
        (A, A, "A", "one"),
        (B, B, "B", "two"),
        (BOTH, BOTH, "A|B", "one | two"),
        (DIFFERENCE, BOTH, "A-B", "one | two"),
        (B, A, "A", "one"),  # B's first frame is still to come
        (B, BOTH, "B", "two"),
    ],
)
def test_the_top_line_names_the_model_that_is_seen(compared, shown, letters, name) -> None:
    found = side_shown(entry_of(shown).explanation, WindowState(compared=compared), SIDES)
    assert found is not None
    assert (found[0], found[1].name) == (letters, name)
    assert side_shown(entry_of(A).explanation, WindowState(), ()) is None


def test_two_models_lie_beside_each_other_or_under_a_wipe() -> None:
    entry = entry_of(BOTH)
    view = painted(entry, WindowState(compared=BOTH, hud=False))
    assert len(view.places) == 2
    left, right = (view.picture[y1:y2, x1:x2] for x1, y1, x2, y2 in view.places)
    assert (left != right).any()
    wiped = painted(entry, WindowState(compared=BOTH, layout=Layout.WIPE, hud=False)).picture
    assert wiped.shape == (480, 640, 3)
    assert (
        painted(entry, WindowState(compared=BOTH, layout=Layout.DUAL, hud=False)).picture == view.picture
    ).all()


def test_the_difference_is_grey_outside_of_the_objects_and_has_its_own_bar() -> None:
    entry = entry_of(BOTH)
    state = WindowState(compared=DIFFERENCE, hud=False, boxes=False)
    bare = painted(entry, state).picture
    assert (bare[400:] == bare[400, 0, 0]).all()
    assert (np.ptp(bare[100:300].astype(int), axis=2) > 20).any()
    told = painted(entry, replace(state, hud=True)).picture
    assert (np.ptp(told[400:].astype(int), axis=2) > 100).any()
    dual = painted(entry, replace(state, layout=Layout.DUAL)).picture
    assert (dual[400, 10] == 90).all()  # the plain picture


def test_focus_and_the_heat_key_hold_for_both() -> None:
    entry = entry_of(BOTH)
    state = WindowState(compared=BOTH, hud=False)
    every = painted(entry, state).picture
    alone = painted(entry, replace(state, focus=FIRST_OWN + 1)).picture
    assert (alone != every).any()
    assert (alone[100:, :320] == 90).all()  # nothing of the other object
    cold = painted(entry, replace(state, heatmap=False, boxes=False)).picture
    assert (cold[60:, :600] == 90).all()
    gone = painted(entry, replace(state, focus=99)).picture
    assert (gone[60:, :600] == 90).all()


@pytest.mark.parametrize(("compared", "model"), [(A, ONE), (B, TWO)])
def test_until_a_models_own_frame_comes_its_part_of_the_comparison_is_shown(compared, model) -> None:
    state = WindowState(compared=compared, numbers=True)
    request = ExplainRequest(with_object_maps=True)
    own = HistoryEntry(model.explain(large(), with_object_maps=True), tuple(range(len(model.boxes))), request)
    assert (painted(entry_of(BOTH), state).picture == painted(own, state).picture).all()


def test_a_click_in_either_half_finds_the_object() -> None:
    entry = entry_of(BOTH)
    view = painted(entry, WindowState(compared=BOTH))
    for left, top, right, _ in view.places:
        scale = (right - left) / 640
        assert view.to_frame(left + 38 * scale, top + 12 * scale) == pytest.approx((38, 12), abs=2)


def test_numbers_to_draw_are_tracks_or_count_from_one_and_differ() -> None:
    assert shown_numbers([FIRST_OWN, FIRST_OWN + 4, 7]) == [1, 5, 7]
    assert shown_numbers([7, FIRST_OWN + 6, -1, -2]) == [7, 8, 1, 2]


def test_another_models_refinement_has_numbers_of_its_own() -> None:
    class Refined(Inference):
        def __init__(self, shown) -> None:
            self.refined = shown

    from heatcam.live.frame_history import FrameHistory
    from heatcam.live.inference import ExplainedFrame
    from heatcam.runtime import FrameQueue, WhenFull

    history, of = FrameHistory(), large()
    history.add(HistoryEntry(ONE.explain(of), (11, 12), ExplainRequest()))
    state = WindowState(compared=B, paused=True)
    refined: FrameQueue[ExplainedFrame] = FrameQueue(1, WhenFull.DROP_OLDEST)
    refinement = Refinement(Refined(refined), history, slideshow=False)
    refined.put(ExplainedFrame(TWO.explain(of), refinement.still_request(state)))
    taken = refinement.take(state)
    assert taken is not None
    assert taken.object_ids == (-1,)


def test_a_snapshot_of_both_has_the_maps_of_both_and_their_differences(tmp_path) -> None:
    snapshots = Snapshots(tmp_path, {"model": "one"})
    entry = entry_of(BOTH)
    snapshots.save(entry.explanation.frame.image_bgr, entry.explanation, WindowState(compared=BOTH))
    snapshots.close()
    stem = next(tmp_path.glob("*.png")).stem
    assert sorted(path.name[len(stem) :] for path in tmp_path.iterdir()) == [
        "-a.npz",
        "-b.npz",
        ".json",
        ".png",
    ]
    said = json.loads((tmp_path / f"{stem}.json").read_text())
    assert said["models"] == {"a": "one", "b": "two"}
    assert (len(said["pairs"]), len(said["only_a"]), said["only_b"]) == (1, 1, [])
    assert said["view"]["compared"] == "A|B"


def test_a_snapshot_of_b_names_b(tmp_path) -> None:
    snapshots = Snapshots(tmp_path, {"model": "one"})
    entry = entry_of(B)
    snapshots.save(entry.explanation.frame.image_bgr, entry.explanation, WindowState(compared=B))
    snapshots.close()
    said = json.loads(next(tmp_path.glob("*.json")).read_text())
    assert said["model"] == "two"
    assert len(list(tmp_path.glob("*.npz"))) == 1


def test_what_is_kept_to_step_back_counts_the_maps_of_both() -> None:
    entry = entry_of(BOTH)
    a, b = entry.explanation.comparison.a, entry.explanation.comparison.b
    maps = [a.saliency, b.saliency, *a.object_maps, *b.object_maps]
    assert entry.bytes == large().image_bgr.nbytes + sum(own.values.nbytes for own in maps)


def test_help_has_the_key_only_where_there_are_two() -> None:
    keys = DEFAULT_KEYS.without(Action.NEXT_COMPARED)
    assert keys.action_for(ord("v")) is None
    assert {binding.action for binding in DEFAULT_KEYS} - {binding.action for binding in keys} == {
        Action.NEXT_COMPARED
    }
