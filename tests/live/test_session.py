"""The window's loop with fakes around it: what is shown, what is answered, how it ends."""

import json
import time

import cv2
import numpy as np
import pytest

from heatcam.choices import Layout
from heatcam.errors import SourceError
from heatcam.live.state import WindowState
from heatcam.pipeline import Limits
from heatcam.sinks.keys import Action
from heatcam.sinks.viewer import Click, Hover
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
    assert run.numbers.frames_shown == 12
    assert [index for index, _ in explain.asked] == list(range(12))
    assert run.dropped == 0


def test_a_file_plays_at_its_own_pace():
    viewer = FakeViewer()
    session(Stream(11, fps=25), viewer).run()
    assert viewer.shown_at_s[-1] - viewer.shown_at_s[0] == pytest.approx(0.4, abs=0.15)


def test_a_camera_shows_the_newest_and_counts_what_was_dropped():
    explain = FakeExplainer(seconds=0.05)
    run = session(Stream(60, is_live=True, fps=200), FakeViewer(), explain)
    run.run()
    assert run.dropped > 20
    assert run.numbers.frames_shown + run.dropped == 60


def test_a_key_is_answered_while_a_frame_takes_half_a_second():
    viewer = FakeViewer((after(1), []), (later(0.1), [Action.TOGGLE_HEATMAP]), (later(0.3), QUIT))
    run = session(Stream(fps=1000), viewer, FakeExplainer(seconds=0.5))
    run.run()
    asked = viewer.asked_at_s[1]
    answered = min(t for t in viewer.shown_at_s if t >= asked)
    assert answered - asked < 0.2
    assert run.numbers.key_s[0] < 0.2


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
    assert run.numbers.actions[Action.TOGGLE_HEATMAP] == 2


def test_without_heat_no_map_is_made():
    explain = FakeExplainer()
    session(Stream(4), FakeViewer(), explain, state=WindowState(heatmap=False)).run()
    assert not any(wants.with_map for _, wants in explain.asked)


def test_dual_makes_the_map_even_where_heat_is_off():
    explain = FakeExplainer()
    viewer = FakeViewer()
    state = WindowState(heatmap=False, layout=Layout.DUAL)
    session(Stream(4), viewer, explain, state=state).run()
    assert all(wants.with_map for _, wants in explain.asked)
    assert viewer.shown[-1].shape[1] > 2 * SIZE_WH[0] - 1


def test_a_paused_frame_gets_its_second_look_and_stays():
    explain = FakeExplainer()
    viewer = FakeViewer((after(2), [Action.PAUSE]), (later(0.5), QUIT))
    run = session(Stream(fps=50), viewer, explain)
    run.run()
    second = [(index, wants) for index, wants in explain.asked if wants.still]
    assert len(second) == 1
    assert second[0][1].with_object_maps
    last_flowing = [index for index, wants in explain.asked if not wants.still][-1]
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
    looks = [index for index, wants in explain.asked if wants.still]
    start = looks[0]
    assert looks == [start, start + 1, start - 1], "back on the first one, which has had its second look"


def test_no_frame_is_lost_over_a_pause_of_a_file():
    explain = FakeExplainer()
    viewer = FakeViewer((after(3), [Action.PAUSE]), (later(0.3), [Action.PAUSE]))
    run = session(Stream(12, fps=100), viewer, explain)
    run.run()
    assert [index for index, wants in explain.asked if not wants.still] == list(range(12))
    assert run.numbers.frames_shown == 12


def test_after_a_pause_a_camera_shows_what_is_now_and_the_pause_counts_as_no_drop():
    viewer = FakeViewer((after(2), [Action.PAUSE]), (later(0.6), [Action.PAUSE]), (later(0.3), QUIT))
    source = Stream(is_live=True, fps=50)
    run = session(source, viewer)
    run.run()
    assert run.dropped < 12
    assert max(run.numbers.age_s) < 0.4


def test_a_click_on_a_box_focuses_it_and_a_click_elsewhere_all():
    explain = FakeExplainer(boxes=(BOX, (0.0, 0.0, 30.0, 20.0)))
    viewer = FakeViewer((after(1), [Click(*MIDDLE)]), (later(0.3), [Click(150, 110)]), (later(0.2), QUIT))
    run = session(Stream(fps=50), viewer, explain)
    focused = []
    change = run._change
    run._change = lambda state: (focused.append(state.focus), change(state))[1]
    run.run()
    assert focused[0] is not None
    assert focused[-1] is None
    assert any(wants.with_object_maps for _, wants in explain.asked)


def test_the_focus_shows_one_objects_heat_alone():
    other = (0.0, 0.0, 30.0, 30.0)
    explain = FakeExplainer(boxes=(other, BOX))
    viewer = FakeViewer((after(1), [Action.FOCUS_NEXT, Action.FOCUS_NEXT, Action.PAUSE]), (later(0.5), QUIT))
    session(Stream(fps=50), viewer, explain, state=WindowState(hud=False, boxes=False)).run()
    assert heat_in(viewer.shown[-1]) > 60
    assert heat_in(viewer.shown[-1], other) == 0


def test_an_object_that_is_gone_loses_the_focus():
    class Leaving(FakeExplainer):
        def __call__(self, of, wants):
            if of.frame_index > 20:
                self.boxes = ()
            return super().__call__(of, wants)

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
    assert run.numbers.frames_shown == 5
    begun = time.monotonic()
    session(Stream(fps=50), FakeViewer(), limits=Limits(seconds=0.3)).run()
    assert 0.25 < time.monotonic() - begun < 3


def test_the_last_photograph_stays_until_the_user_quits():
    viewer = FakeViewer((after(1), []), (later(0.4), QUIT))
    explain = FakeExplainer()
    run = session(Stream(1), viewer, explain, stays=True)
    run.run()
    assert run.numbers.frames_shown == 1
    assert [wants.still for _, wants in explain.asked] == [False, True]


def test_what_kills_the_source_is_raised_after_its_frames_were_shown():
    viewer = FakeViewer()
    run = session(Stream(10, dies_at=4), viewer)
    with pytest.raises(SourceError, match="plug it in"):
        run.run()
    assert run.numbers.frames_shown == 4


def test_what_kills_inference_is_raised():
    def explain(of, wants):
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

    def explain(of, wants):
        if wants.method == "gradcam":
            raise UsageError("no gradcam with this", "take another")
        return seen(of)

    viewer = FakeViewer((after(1), [Action.NEXT_METHOD]), (later(0.4), QUIT))
    run = session(Stream(fps=50), viewer, explain)
    run.run()
    assert run.state.method == "live"
    assert any("no gradcam" in text for text in run.numbers.errors)


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


def test_a_snapshot_that_cannot_be_written_is_said_and_the_window_goes_on(tmp_path):
    viewer = FakeViewer((after(2), [Action.SAVE_SNAPSHOT]), (later(0.4), QUIT))
    run = session(Stream(fps=50), viewer, folder=tmp_path / "missing")
    run.run()
    assert run.numbers.frames_shown > 5
    assert list(tmp_path.iterdir()) == []
