"""The window's loop with fakes around it: what is shown, what is answered, how it ends."""

import json
import time

import cv2
import numpy as np
import pytest

from heatcam.enums import Layout
from heatcam.errors import ModelError, SinkError, SourceError, UsageError
from heatcam.live.capture import FilmOptions
from heatcam.live.explain_request import Ready
from heatcam.live.screen import Choose, SeekTo
from heatcam.live.state import WindowState
from heatcam.pipeline import Limits
from heatcam.sinks.keys import Action
from heatcam.sinks.window_events import Click, Hover
from heatcam.sources.state import Phase, SourceState
from tests.live.streams import (
    BOX,
    QUIT,
    SIZE_WH,
    FakeExplainer,
    FakeViewer,
    Stream,
    after,
    later,
    session,
)

MIDDLE = ((BOX[0] + BOX[2]) / 2, (BOX[1] + BOX[3]) / 2)


def heat_in(picture, box=BOX):
    """How much more colour there is in a box than the grey frame has."""
    x1, y1, x2, y2 = (int(v) for v in box)
    part = picture[y1 + 8 : y2 - 8, x1 + 8 : x2 - 8].astype(int)
    return float((part.max(2) - part.min(2)).max())


def test_every_frame_of_a_file_is_shown_once_and_the_window_ends_with_it():
    viewer, explain = FakeViewer(), FakeExplainer()
    run = session(Stream(12, fps=200), viewer, explain)
    run.run()
    assert run.stats.frames_shown == 12
    assert [index for index, _ in explain.asked] == list(range(12))
    assert run.parts.dropped == 0


def test_sinks_beside_the_window_get_each_frame_that_is_shown_once_with_its_picture():
    class Collects:
        def __init__(self):
            self.taken = []

        def take(self, picture, explanation):
            self.taken.append((explanation.frame.frame_index, picture.shape[1::-1]))

    viewer, sink = FakeViewer((after(3), [Action.TOGGLE_HEATMAP])), Collects()
    session(Stream(6, fps=50), viewer, sinks=(sink,)).run()
    assert sink.taken == [(index, SIZE_WH) for index in range(6)]


def test_a_sink_that_fails_ends_the_window_as_an_error_with_the_recording_finished(tmp_path):
    class Fails:
        def take(self, picture, explanation):
            if explanation.frame.frame_index == 3:
                raise SinkError("the disk is full", "make space")

    viewer = FakeViewer((after(1), [Action.TOGGLE_RECORDING]))
    run = session(Stream(6, fps=50), viewer, sinks=(Fails(),), folder=tmp_path)
    with pytest.raises(SinkError, match="the disk is full"):
        run.run()
    assert run.stats.errors == ["the disk is full; make space"]
    assert any(text.startswith("recorded heatcam-") for text in run.last_words)


def test_a_file_plays_at_its_own_pace():
    viewer = FakeViewer()
    session(Stream(11, fps=25), viewer).run()
    assert viewer.shown_at_s[-1] - viewer.shown_at_s[0] == pytest.approx(0.4, abs=0.15)


def test_a_camera_shows_the_newest_and_counts_what_was_dropped():
    explain = FakeExplainer(seconds=0.05)
    run = session(Stream(60, is_live=True, fps=200), FakeViewer(), explain)
    run.run()
    assert run.parts.dropped > 20
    assert run.stats.frames_shown + run.parts.dropped == 60


def test_a_key_is_answered_while_a_frame_takes_half_a_second():
    viewer = FakeViewer((after(1), []), (later(0.1), [Action.TOGGLE_HEATMAP]), (later(0.3), QUIT))
    run = session(Stream(fps=1000), viewer, FakeExplainer(seconds=0.5))
    run.run()
    asked = viewer.asked_at_s[1]
    answered = min(t for t in viewer.shown_at_s if t >= asked)
    assert answered - asked < 0.2
    assert run.stats.key_s[0] < 0.2


def test_h_takes_the_heat_away_at_once_and_brings_the_same_picture_back():
    viewer = FakeViewer(
        (after(1), [Action.PAUSE]),
        (later(0.4), [Action.TOGGLE_HEATMAP]),
        (later(0.2), [Action.TOGGLE_HEATMAP]),
        (later(0.2), QUIT),
    )
    run = session(Stream(fps=50), viewer, state=WindowState(hud=False, boxes=False))
    run.run()
    changes = [
        p for p, q in zip(viewer.shown, [None, *viewer.shown], strict=False) if q is None or (p != q).any()
    ]
    hot, plain, again = changes[-3:]
    assert heat_in(hot) > 60
    assert heat_in(plain) == 0
    assert (hot == again).all()
    assert run.stats.actions[Action.TOGGLE_HEATMAP] == 2


def test_without_heat_no_map_is_made():
    explain = FakeExplainer()
    session(Stream(4), FakeViewer(), explain, state=WindowState(heatmap=False)).run()
    assert not any(request.with_map for _, request in explain.asked)


def test_dual_makes_the_map_even_where_heat_is_off():
    explain = FakeExplainer()
    viewer = FakeViewer()
    state = WindowState(heatmap=False, layout=Layout.DUAL)
    session(Stream(4), viewer, explain, state=state).run()
    assert all(request.with_map for _, request in explain.asked)
    assert viewer.shown[-1].shape[1] > 2 * SIZE_WH[0] - 1


def test_a_paused_frame_gets_its_second_look_and_stays():
    explain = FakeExplainer()
    viewer = FakeViewer((after(2), [Action.PAUSE]), (later(0.5), QUIT))
    run = session(Stream(fps=50), viewer, explain)
    run.run()
    second = [(index, request) for index, request in explain.asked if request.still]
    assert len(second) == 1
    assert second[0][1].with_object_maps
    last_flowing = [index for index, request in explain.asked if not request.still][-1]
    assert last_flowing <= second[0][0] + 2, "nothing goes on behind a pause but what was under way"


def test_steps_go_one_frame_on_and_back():
    explain = FakeExplainer()
    viewer = FakeViewer(
        (after(2), [Action.PAUSE]),
        (later(0.3), [Action.STEP_FORWARD]),
        (later(0.3), [Action.STEP_BACK]),
        (later(0.3), [Action.STEP_BACK]),
        (later(0.3), QUIT),
    )
    run = session(Stream(fps=50), viewer, explain)
    run.run()
    looks = [index for index, request in explain.asked if request.still]
    start = looks[0]
    assert looks == [start, start + 1, start - 1], "back on the first one, which has had its second look"


def test_no_frame_is_lost_over_a_pause_of_a_file():
    explain = FakeExplainer()
    viewer = FakeViewer((after(3), [Action.PAUSE]), (later(0.3), [Action.PAUSE]))
    run = session(Stream(12, fps=100), viewer, explain)
    run.run()
    assert [index for index, request in explain.asked if not request.still] == list(range(12))
    assert run.stats.frames_shown == 12


def test_after_a_pause_a_camera_shows_what_is_now_and_the_pause_counts_as_no_drop():
    viewer = FakeViewer((after(2), [Action.PAUSE]), (later(0.6), [Action.PAUSE]), (later(0.3), QUIT))
    source = Stream(is_live=True, fps=50)
    run = session(source, viewer)
    run.run()
    assert run.parts.dropped < 12
    assert max(run.stats.age_s) < 0.4


def test_a_click_on_a_box_focuses_it_and_a_click_elsewhere_all():
    explain = FakeExplainer(boxes=(BOX, (0.0, 0.0, 30.0, 20.0)))
    viewer = FakeViewer((after(1), [Click(*MIDDLE)]), (later(0.3), [Click(150, 110)]), (later(0.2), QUIT))
    run = session(Stream(fps=50), viewer, explain)
    focused = []
    change = run.current.change
    run.current.change = lambda state: (focused.append(state.focus), change(state))[1]
    run.run()
    assert focused[0] is not None
    assert focused[-1] is None
    assert any(request.with_object_maps for _, request in explain.asked)


def test_the_focus_shows_one_objects_heat_alone():
    other = (0.0, 0.0, 30.0, 30.0)
    explain = FakeExplainer(boxes=(other, BOX))
    viewer = FakeViewer((after(1), [Action.FOCUS_NEXT, Action.FOCUS_NEXT, Action.PAUSE]), (later(0.5), QUIT))
    session(Stream(fps=50), viewer, explain, state=WindowState(hud=False, boxes=False)).run()
    assert heat_in(viewer.shown[-1]) > 60
    assert heat_in(viewer.shown[-1], other) == 0


def test_an_object_that_is_gone_loses_the_focus():
    class Leaving(FakeExplainer):
        def __call__(self, of, request):
            if of.frame_index > 20:
                self.boxes = ()
            return super().__call__(of, request)

    viewer = FakeViewer((after(1), [Action.FOCUS_NEXT]), (later(2.2), QUIT))
    run = session(Stream(fps=50), viewer, Leaving())
    run.run()
    assert run.state.focus is None


def test_the_wipe_follows_the_mouse():
    viewer = FakeViewer((after(1), [Action.WIPE]), (later(0.1), [Hover(40, 10)]), (later(0.1), QUIT))
    run = session(Stream(fps=50), viewer)
    run.run()
    assert run.state.split == 0.25


def test_full_screen_reaches_the_window():
    viewer = FakeViewer((after(1), [Action.FULL_SCREEN]), (later(0.1), QUIT))
    session(Stream(fps=50), viewer).run()
    assert viewer.full_screen == [False, True]


def test_limits_end_it():
    run = session(Stream(), FakeViewer(), limits=Limits(max_frames=5))
    run.run()
    assert run.stats.frames_shown == 5
    begun = time.monotonic()
    session(Stream(fps=50), FakeViewer(), limits=Limits(seconds=0.3)).run()
    assert 0.25 < time.monotonic() - begun < 3


def test_the_last_photograph_stays_until_the_user_quits():
    viewer = FakeViewer((after(1), []), (later(0.4), QUIT))
    explain = FakeExplainer()
    run = session(Stream(1), viewer, explain, slideshow=True)
    run.run()
    assert run.stats.frames_shown == 1
    assert [request.still for _, request in explain.asked] == [False, True]


def test_what_kills_the_source_is_raised_after_its_frames_were_shown():
    viewer = FakeViewer()
    run = session(Stream(10, dies_at=4), viewer)
    with pytest.raises(SourceError, match="plug it in"):
        run.run()
    assert run.stats.frames_shown == 4


def test_what_kills_inference_is_raised():
    def explain(of, request):
        raise ZeroDivisionError("a defect")

    with pytest.raises(ZeroDivisionError):
        session(Stream(10), FakeViewer(), explain).run()


def test_leaving_takes_no_two_seconds_although_a_read_and_a_pass_block():
    source = Stream(is_live=True, blocks_at=2)
    viewer = FakeViewer((after(1), []), (later(0.3), QUIT))
    run = session(source, viewer, FakeExplainer(seconds=0.2))
    run.run()
    assert time.monotonic() - viewer.asked_at_s[-1] < 2.5
    source.unblock.set()


def test_a_stalled_source_is_said_over_a_dimmed_picture():
    source = Stream(is_live=True, fps=50, blocks_at=5)
    viewer = FakeViewer((after(3), []), (later(0.3), []), (later(0.6), QUIT))
    run = session(source, viewer)
    turn = run._turn

    def stalling():
        if len(viewer.asked_at_s) >= 2:
            source.state = SourceState(Phase.STALLED, time.monotonic() - 2)
        turn()

    run._turn = stalling
    run.run()
    source.unblock.set()
    before, said = viewer.shown[2], viewer.shown[-1]
    assert np.abs(said.astype(int) - before.astype(int)).mean() > 3


def test_what_cannot_be_had_is_said_and_the_keys_go_back():
    from heatcam.errors import UsageError
    from tests.live.streams import seen

    def explain(of, request):
        if request.method == "gradcam":
            raise UsageError("no gradcam with this", "take another")
        return seen(of)

    viewer = FakeViewer((after(1), [Action.NEXT_METHOD]), (later(0.4), QUIT))
    run = session(Stream(fps=50), viewer, explain)
    run.run()
    assert run.state.method == "live"
    assert any("no gradcam" in text for text in run.stats.errors)


def test_s_saves_the_picture_the_raw_map_and_the_settings(tmp_path):
    viewer = FakeViewer((after(2), [Action.SAVE_SNAPSHOT]), (later(0.5), QUIT))
    run = session(Stream(fps=50), viewer, folder=tmp_path)
    run.run()
    (picture,) = tmp_path.glob("*.png")
    assert cv2.imread(str(picture)).shape == (SIZE_WH[1], SIZE_WH[0], 3)
    raw = np.load(picture.with_suffix(".npz"))
    assert raw["saliency"].shape == (SIZE_WH[1], SIZE_WH[0])
    assert raw["saliency"].dtype == np.float32
    assert raw["boxes_xyxy"].tolist() == [list(BOX)]
    settings = json.loads(picture.with_suffix(".json").read_text())
    assert settings["model"] == "fake"
    assert settings["view"]["colormap"] == "turbo"
    assert settings["detections"][0]["class_name"] == "thing"


def test_a_snapshot_whose_folder_is_missing_is_saved_elsewhere_and_the_window_goes_on(tmp_path):
    viewer = FakeViewer((after(2), [Action.SAVE_SNAPSHOT]), (later(0.4), QUIT))
    run = session(Stream(fps=50), viewer, folder=tmp_path / "missing")
    run.run()
    assert run.stats.frames_shown > 5
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".npz", ".png"]
    assert run.parts.snapshots.failed
    assert any(str(tmp_path) in words for words in run.last_words)


def test_keys_during_a_second_look_do_not_begin_it_anew():
    explain = FakeExplainer()
    explain_slowly = FakeExplainer(seconds=0.4)
    viewer = FakeViewer(
        (after(2), [Action.PAUSE]),
        *[(later(0.05), [Action.NEXT_COLORMAP]) for _ in range(8)],
        (later(0.6), QUIT),
    )
    session(
        Stream(fps=50),
        viewer,
        lambda of, request: (explain_slowly if request.still else explain)(of, request),
    ).run()
    assert len(explain_slowly.asked) == 1


def test_a_second_look_at_what_is_not_wanted_any_more_is_not_shown():
    explain, slow = FakeExplainer(), FakeExplainer(seconds=0.3)
    viewer = FakeViewer(
        (after(2), [Action.PAUSE]),
        (later(0.8), [Action.MORE_CONFIDENCE]),
        (later(0.1), [Action.LESS_CONFIDENCE]),
        (later(0.8), QUIT),
    )
    run = session(
        Stream(fps=50), viewer, lambda of, request: (slow if request.still else explain)(of, request)
    )
    run.run()
    assert run.playback.history.now.request.conf == run.state.conf == 0.25


def test_steps_that_have_not_come_yet_are_taken_back():
    viewer = FakeViewer(
        (after(2), [Action.PAUSE]),
        (later(0.5), [Action.STEP_FORWARD, Action.STEP_FORWARD, Action.STEP_BACK]),
        (later(0.8), QUIT),
    )
    run = session(Stream(fps=50), viewer, FakeExplainer(seconds=0.1))
    seen_before = []
    press = run._controls._press
    run._controls._press = lambda action: (
        seen_before.append(run.playback.history.now.explanation.frame.frame_index),
        press(action),
    )[1]
    run.run()
    assert run.playback.history.now.explanation.frame.frame_index == seen_before[1] + 1


def test_a_death_of_inference_is_raised_also_over_a_photograph():
    def explain(of, request):
        if request.still:
            raise ZeroDivisionError("a defect")
        return FakeExplainer()(of, request)

    with pytest.raises(ZeroDivisionError):
        session(Stream(1), FakeViewer((after(1), []), (later(3), QUIT)), explain, slideshow=True).run()


def test_a_source_that_dies_is_in_the_reports_errors():
    run = session(Stream(10, dies_at=4), FakeViewer())
    with pytest.raises(SourceError):
        run.run()
    assert any("the camera is gone" in text for text in run.stats.errors)


def test_what_was_refused_does_not_take_back_what_was_chosen_since():
    from heatcam.errors import UsageError
    from tests.live.streams import seen

    def explain(of, request):
        if request.method == "gradcam":
            time.sleep(0.3)
            raise UsageError("no gradcam with this", "take another")
        return seen(of)

    viewer = FakeViewer(
        (after(1), [Action.NEXT_METHOD]),
        (later(0.1), [Action.NEXT_METHOD, Action.NEXT_LAYERS]),
        (later(0.8), QUIT),
    )
    run = session(Stream(fps=50), viewer, explain)
    run.run()
    assert run.state.layers == "15"


def test_fine_maps_that_cannot_be_had_are_asked_for_once():
    from heatcam.errors import UsageError

    explain, refused = FakeExplainer(), []

    def without_fine_maps(of, request):
        if request.still:
            refused.append(request)
            raise UsageError("no fine maps with this", "take another")
        return explain(of, request)

    viewer = FakeViewer((after(2), [Action.PAUSE]), (later(0.5), [Action.NEXT_COLORMAP]), (later(0.5), QUIT))
    run = session(Stream(fps=50), viewer, without_fine_maps)
    run.run()
    assert len(refused) == 1
    assert any("no fine maps" in text for text in run.stats.errors)


def test_an_object_that_only_a_refinement_finds_keeps_the_focus_when_it_goes_on():
    other = (0.0, 0.0, 30.0, 30.0)

    def shows(objects, *, still):
        """What is in the window has so many objects, and stands still or not."""

        def holds(_viewer):
            shown = run.presenter.shown
            return shown is not None and (len(shown.entry.object_ids), shown.state.paused) == (objects, still)

        return holds

    def explain(of, request):
        return FakeExplainer((BOX, other) if request.still or request.conf < 0.25 else (BOX,))(of, request)

    viewer = FakeViewer(
        (after(2), [Action.PAUSE]),
        (shows(2, still=True), [Action.LESS_CONFIDENCE]),
        (later(0.4), [Click(15, 15)]),
        (later(0.2), [Action.PAUSE]),
        (shows(2, still=False), []),
        (later(0.3), QUIT),
    )
    run = session(Stream(fps=50), viewer, explain)
    run.run()
    assert run.state.focus is not None
    assert run.state.focus in run.playback.history.now.object_ids


def test_frames_that_were_not_drawn_are_not_called_shown_and_the_last_one_is_drawn():
    from dataclasses import replace

    viewer = FakeViewer()
    run = session(Stream(60, fps=200), viewer, state=WindowState(heatmap=False, hud=False))
    run.presenter._caption = replace(run.presenter._caption, draw_every_s=0.1)
    run.run()
    assert run.stats.frames_taken == 60
    assert run.stats.frames_shown == len(viewer.shown) < 20
    assert viewer.shown[-1][0, 0, 0] == 59


def test_two_snapshots_of_one_frame_are_two_files(tmp_path):
    viewer = FakeViewer(
        (after(2), [Action.PAUSE]),
        (later(0.3), [Action.SAVE_SNAPSHOT, Action.NEXT_COLORMAP, Action.SAVE_SNAPSHOT]),
        (later(0.5), QUIT),
    )
    session(Stream(fps=50), viewer, folder=tmp_path).run()
    assert len(list(tmp_path.glob("*.png"))) == len(list(tmp_path.glob("*.npz"))) == 2


def test_a_recording_of_a_paused_frame_has_what_is_seen_of_it(tmp_path):
    viewer = FakeViewer(
        (after(2), [Action.PAUSE]),
        (later(0.3), [Action.TOGGLE_RECORDING]),
        (later(0.3), [Action.TOGGLE_HEATMAP]),
        (later(0.3), [Action.TOGGLE_RECORDING]),
        (later(0.5), QUIT),
    )
    run = session(Stream(fps=50), viewer, folder=tmp_path)
    run.run()
    (video,) = tmp_path.glob("*.mp4")
    assert cv2.VideoCapture(str(video)).get(cv2.CAP_PROP_FRAME_COUNT) >= 2
    assert any("recorded" in text for text in run.last_words) or not run.last_words
    assert not run.parts.recording.failed


def test_an_interrupt_ends_it_with_everything_closed():
    viewer = FakeViewer()
    run = session(Stream(fps=50), viewer)
    poll = viewer.poll

    def interrupted(wait_ms=1):
        if len(viewer.shown) > 3:
            run.interrupt()
        return poll(wait_ms)

    viewer.poll = interrupted
    run.run()
    assert run.interrupted


def test_a_look_that_lands_after_the_keys_have_changed_is_left_lying():
    from heatcam.live.explain_request import ExplainRequest
    from heatcam.live.frame_history import HistoryEntry
    from heatcam.live.inference import ExplainedFrame
    from tests.live.streams import frame, seen

    run = session(Stream(1), FakeViewer())
    of = frame(0)
    run.playback.history.add(HistoryEntry(seen(of), (1,), ExplainRequest()))
    run.parts.inference.refined.put(
        ExplainedFrame(seen(of), ExplainRequest(conf=0.9, still=True, with_object_maps=True))
    )
    run._feed.take_refined()
    assert run.playback.history.now.request == ExplainRequest()
    wanted = ExplainRequest(still=True, with_object_maps=True)
    run.parts.inference.refined.put(ExplainedFrame(seen(of), wanted))
    run._feed.take_refined()
    assert run.playback.history.now.request == wanted


def index_now(run):
    return run.playback.history.now.explanation.frame.frame_index


def test_a_single_picture_stays_and_has_no_end_to_be_said():
    viewer = FakeViewer((lambda v: run.playback.ended, []), (later(0.2), QUIT))
    photograph = Stream(1, can_seek=True)
    photograph.frame_count = 1
    run = session(photograph, viewer, FakeExplainer(), holds=True)
    said = []
    run.presenter.hold = said.append
    run.run()
    assert said == []
    assert index_now(run) == 0


def test_the_end_of_a_file_holds_the_last_frame_and_says_so():
    viewer = FakeViewer((lambda v: run.playback.ended, []), (later(0.4), QUIT))
    explain = FakeExplainer()
    run = session(Stream(5, can_seek=True), viewer, explain, holds=True)
    said = []
    hold = run.presenter.hold
    run.presenter.hold = lambda text: (said.append(text), hold(text))
    run.run()
    assert said == ["end of stream: left to go back, q to quit"]
    assert run.saw_the_end
    assert run.stats.frames_shown == 5
    assert index_now(run) == 4
    assert explain.asked[-1][1].still, "it gets its fine maps"


def test_a_file_that_can_be_sought_in_ends_the_window_where_nobody_sits_there():
    run = session(Stream(5, can_seek=True), FakeViewer())
    run.run()
    assert run.stats.frames_shown == 5
    assert run.saw_the_end


def test_arrows_go_back_and_on_by_seconds_also_from_the_end():
    viewer = FakeViewer(
        (lambda v: run.playback.ended, [Action.SEEK_BACK]),
        (lambda v: run.playback.ended and index_now(run) == 59, QUIT),
    )
    explain = FakeExplainer()
    run = session(Stream(60, fps=10, can_seek=True), viewer, explain, holds=True, film=FilmOptions(speed=8))
    run.run()
    flowing = [index for index, request in explain.asked if not request.still]
    assert flowing[:60] == list(range(60))
    assert flowing[60:] == list(range(9, 60)), "5 s before the last frame, which is at 5.9 s"


def test_seeks_that_follow_one_another_quickly_add_up():
    viewer = FakeViewer(
        (after(1), [Action.SEEK_FORWARD, Action.SEEK_FORWARD, Action.SEEK_FAR_FORWARD]), (later(1), QUIT)
    )
    run = session(Stream(fps=100, can_seek=True), viewer)
    run.run()
    assert 7000 <= index_now(run) < 7400


def test_while_paused_a_seek_shows_one_frame_with_its_fine_maps():
    viewer = FakeViewer((after(2), [Action.PAUSE]), (later(0.3), [Action.SEEK_FORWARD]), (later(1.0), QUIT))
    explain = FakeExplainer()
    run = session(Stream(fps=50, can_seek=True), viewer, explain)
    run.run()
    assert run.state.paused
    index = index_now(run)
    assert 250 <= index <= 260
    assert [(n, request.still) for n, request in explain.asked if n >= 250] == [(index, False), (index, True)]


def test_what_is_not_a_file_says_that_it_cannot_be_sought_in():
    viewer = FakeViewer((after(1), [Action.SEEK_BACK]), (later(0.2), QUIT))
    run = session(Stream(is_live=True, fps=50), viewer)
    said = []
    say = run.presenter.say
    run.presenter.say = lambda text: (said.append(text), say(text))
    run.run()
    assert "stream cannot be sought in: only files can" in said


def test_a_loop_goes_round_until_the_user_quits_and_keeps_its_pace():
    explain = FakeExplainer()
    viewer = FakeViewer((after(14), QUIT))
    run = session(Stream(4, fps=25, can_seek=True), viewer, explain, film=FilmOptions(loop=True))
    run.run()
    assert [index for index, _ in explain.asked][:12] == [0, 1, 2, 3] * 3
    assert viewer.shown_at_s[12] - viewer.shown_at_s[0] > 0.4, "twelve frames of 40 ms"


def test_a_file_plays_at_the_speed_asked_for():
    viewer = FakeViewer()
    session(Stream(11, fps=50), viewer, film=FilmOptions(speed=0.5)).run()
    assert viewer.shown_at_s[-1] - viewer.shown_at_s[0] == pytest.approx(0.4, abs=0.15)


def test_nothing_is_carried_over_a_jump():
    viewer = FakeViewer((after(3), [Action.SEEK_FAR_FORWARD]), (later(0.5), QUIT))
    run = session(Stream(fps=50, can_seek=True), viewer)
    restarts = []
    run.parts.renderer.restart = lambda: restarts.append(index_now(run))
    run.run()
    assert [index >= 3000 for index in restarts] == [True]
    while run.playback.history.step(-1):
        pass
    assert index_now(run) >= 3000, "and no step goes back over it"


def loading(seconds, error=None):
    """Loads a model as slowly as torch does."""

    def load():
        time.sleep(seconds)
        if error is not None:
            raise error
        return Ready("slow", "cpu torch", ("live", "odam"), ("", "15"), {"model": "slow", "imgsz": 160})

    return load


def test_a_file_shows_its_first_frame_plain_while_the_model_is_loaded_and_none_goes_unexplained():
    viewer, explain = FakeViewer(), FakeExplainer()
    run = session(Stream(5, can_seek=True), viewer, explain, load=loading(0.6))
    started = time.monotonic()
    run.run()
    assert viewer.shown_at_s[0] - started < 0.5, "before the model was there"
    assert heat_in(viewer.shown[0]) == 0
    assert heat_in(viewer.shown[-1]) > 60
    assert [index for index, _ in explain.asked] == list(range(5))
    assert run.stats.frames_shown == 5
    assert run.current.choices.methods == ("live", "odam")
    assert run.current.choices.layer_sets == ("", "15")


def test_a_camera_plays_plain_while_the_model_is_loaded_and_nothing_of_it_counts_as_lost():
    viewer, explain = FakeViewer((lambda v: run.stats.frames_shown >= 3, QUIT)), FakeExplainer()
    run = session(Stream(is_live=True, fps=50), viewer, explain, load=loading(0.6))
    run.run()
    plain = [p for p in viewer.shown if heat_in(p) == 0]
    assert len({int(p[-1, -1, 0]) for p in plain}) > 5, "each that came"
    assert explain.asked[0][0] > 5
    assert run.parts.dropped < 5


def test_q_while_the_model_is_loaded_leaves_at_once():
    viewer = FakeViewer((after(1), QUIT))
    run = session(Stream(can_seek=True), viewer, load=loading(3))
    started = time.monotonic()
    run.run()
    assert time.monotonic() - started < 1.5
    assert run.saw_something
    assert run.stats.frames_shown == 0


def test_a_model_that_cannot_be_had_closes_the_window_with_its_one_line():
    viewer = FakeViewer()
    run = session(
        Stream(can_seek=True), viewer, load=loading(0.2, ModelError("x.pt is broken", "get it again"))
    )
    with pytest.raises(ModelError, match="is broken"):
        run.run()
    assert viewer.shown
    assert any("x.pt is broken" in text for text in run.stats.errors)


def test_a_source_that_cannot_be_opened_is_said_without_waiting_for_the_model():
    started = time.monotonic()
    with pytest.raises(SourceError):
        session(Stream(dies_at=0), FakeViewer(), load=loading(3)).run()
    assert time.monotonic() - started < 1.5


def test_keys_work_while_the_model_is_loaded_and_what_they_chose_holds_then():
    viewer = FakeViewer(
        (after(1), [Action.NEXT_METHOD, Action.NEXT_LAYERS, Action.SEEK_FORWARD, Action.PAUSE]),
        (lambda v: run.playback.history.now.request.still, QUIT),
    )
    explain = FakeExplainer()
    run = session(Stream(fps=50, can_seek=True), viewer, explain, load=loading(0.5))
    run.run()
    assert run.state.paused
    assert {index for index, _ in explain.asked} == {250}
    assert index_now(run) == 250


def test_the_top_line_says_what_is_loaded_and_for_how_long():
    run = session(Stream(can_seek=True), FakeViewer((after(1), QUIT)), load=loading(3))
    said = []
    paint = run.parts.renderer.paint
    run.parts.renderer.paint = lambda entry, state, status, *more: (
        said.append(status),
        paint(entry, state, status, *more),
    )[1]
    run.run()
    assert said[0].is_loading
    assert said[0].message.startswith("loading fake ... ")
    assert said[0].mode == "NORMAL"


def test_a_pause_right_after_a_seek_still_shows_what_was_sought():
    viewer = FakeViewer((after(2), [Action.SEEK_FORWARD, Action.PAUSE]), (later(1.0), QUIT))
    run = session(Stream(fps=50, can_seek=True), viewer, FakeExplainer(seconds=0.05))
    run.run()
    assert 250 <= index_now(run) <= 260


def test_the_picture_is_drawn_for_the_window_and_again_when_that_changes():
    viewer = FakeViewer((after(2), [Action.PAUSE]), (later(0.4), []), (later(0.5), QUIT))
    viewer.drawn_for = (400, 300)
    run = session(Stream(fps=50), viewer)
    turn = run._turn

    def resizing():
        if len(viewer.asked_at_s) >= 2:
            viewer.drawn_for = (700, 300)
        turn()

    run._turn = resizing
    run.run()
    assert viewer.shown[0].shape == (300, 400, 3)
    assert viewer.shown[-1].shape == (300, 700, 3), "also of a frame that stands still"


def test_what_is_saved_has_the_frames_own_size_whatever_the_window(tmp_path):
    viewer = FakeViewer((after(2), [Action.SAVE_SNAPSHOT]), (later(0.5), QUIT))
    viewer.drawn_for = (700, 300)
    session(Stream(fps=50), viewer, folder=tmp_path).run()
    (picture,) = tmp_path.glob("*.png")
    assert cv2.imread(str(picture)).shape == (SIZE_WH[1], SIZE_WH[0], 3)


def test_a_click_beside_the_picture_is_a_click_on_nothing():
    viewer = FakeViewer((after(2), [Action.FOCUS_NEXT]), (later(0.3), [Click(20, 120)]), (later(0.3), QUIT))
    viewer.drawn_for = (700, 240)
    explain = FakeExplainer(boxes=((0.0, 0.0, 60.0, 120.0),))
    run = session(Stream(fps=50), viewer, explain)
    run.run()
    assert run.state.focus is None


def test_values_are_chosen_from_a_page_like_keys_in_one_go_and_timed_as_one():
    viewer = FakeViewer((after(1), [Choose({"heatmap": False, "conf": 0.6})]), (later(0.2), QUIT))
    explain = FakeExplainer()
    run = session(Stream(fps=50), viewer, explain)
    run.run()
    assert (run.state.heatmap, run.state.conf) == (False, 0.6)
    assert [(request.with_map, request.conf) for _, request in explain.asked][-1] == (False, 0.6)
    assert len(run.stats.key_s) == 1


def test_overlap_and_classes_reach_the_explainer_and_a_paused_frame_is_explained_again_without_heat():
    choice = Choose({"iou": 0.4, "classes": ("cat",)})
    viewer = FakeViewer((after(1), [Choose({"paused": True})]), (later(0.2), [choice]), (later(0.3), QUIT))
    explain = FakeExplainer()
    run = session(Stream(fps=50), viewer, explain, state=WindowState(heatmap=False))
    run.run()
    index, request = explain.asked[-1]
    assert (request.iou, request.classes, request.still, request.with_map) == (0.4, ("cat",), True, False)
    assert run.playback.history.now.explanation.frame.frame_index == index


def test_classes_that_the_model_refuses_are_taken_back_and_the_stream_goes_on():
    class Refuses(FakeExplainer):
        def __call__(self, of, request):
            if request.classes:
                raise UsageError("the model has no class 'dragon'", "it has 1: cat")
            return super().__call__(of, request)

    viewer = FakeViewer((after(1), [Choose({"classes": ("dragon",)})]), (later(0.4), QUIT))
    run = session(Stream(fps=50), viewer, Refuses())
    run.run()
    assert run.state.classes == ()
    assert run.stats.errors == ["the model has no class 'dragon'; it has 1: cat"]


def test_a_page_seeks_to_a_time():
    viewer = FakeViewer((after(1), [SeekTo(0.8)]), (lambda v: not v.script[1:], []))
    explain = FakeExplainer()
    session(Stream(100, fps=100, can_seek=True), viewer, explain).run()
    indices = [index for index, _ in explain.asked]
    assert indices[-1] == 99
    assert 80 in indices
    assert not set(range(40, 80)) & set(indices)


def test_numbers_of_objects_can_be_asked_for_without_a_panel():
    explain = FakeExplainer()
    session(Stream(3), FakeViewer(), explain, state=WindowState(object_maps=True)).run()
    assert all(request.with_object_maps for _, request in explain.asked)
