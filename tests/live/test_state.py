"""What each key makes of the choices, without a window."""

import pytest

from heatcam.enums import Colormap, ComparedView, Layout, Renorm
from heatcam.live.controls import SEEKS_S
from heatcam.live.questions import AskedBox, CoverStroke, Questions
from heatcam.live.state import Choices, WindowState, changed, said
from heatcam.sinks.keys import Action

CHOICES = Choices(
    ("live", "gradcam", "odam"), ("", "15", "18,21"), WindowState(alpha=0.6), tuple(ComparedView)
)


def press(state, *actions, objects=()):
    for action in actions:
        state = changed(state, action, CHOICES, objects)
    return state


SWITCHES = {
    Action.TOGGLE_HEATMAP: "heatmap",
    Action.PAUSE: "paused",
    Action.TOGGLE_BOXES: "boxes",
    Action.TOGGLE_NUMBERS: "numbers",
    Action.TOGGLE_GRAPHS: "graphs",
    Action.TOGGLE_HELP: "help",
    Action.FULL_SCREEN: "full_screen",
}


@pytest.mark.parametrize(("action", "name"), SWITCHES.items(), ids=str)
def test_a_switch_changes_one_thing_and_twice_changes_nothing(action, name):
    before = WindowState()
    after = press(before, action)
    assert getattr(after, name) is not getattr(before, name)
    assert press(before, action, action) == before


def test_dual_and_wipe_exclude_each_other_and_go_off_when_pressed_again():
    state = press(WindowState(), Action.DUAL_VIEW)
    assert state.layout is Layout.DUAL
    assert press(state, Action.WIPE).layout is Layout.WIPE
    assert press(state, Action.DUAL_VIEW).layout is Layout.SINGLE


def test_stepping_pauses():
    assert press(WindowState(), Action.STEP_FORWARD).paused
    assert press(WindowState(), Action.STEP_BACK).paused


@pytest.mark.parametrize(
    ("action", "name", "values"),
    [
        (Action.NEXT_COLORMAP, "colormap", list(Colormap)),
        (Action.NEXT_RENORM, "renorm", list(Renorm)),
        (Action.NEXT_METHOD, "method", ["live", "gradcam", "odam"]),
        (Action.NEXT_LAYERS, "layers", ["", "15", "18,21"]),
        (Action.NEXT_EVERY, "every", [1, 2, 3, 5]),
    ],
)
def test_lists_are_gone_through_and_begin_again(action, name, values):
    state, seen = WindowState(), []
    for _ in values:
        seen.append(getattr(state, name))
        state = press(state, action)
    assert seen == values
    assert getattr(state, name) == values[0]


def test_a_value_that_is_not_in_the_list_goes_to_the_first():
    assert press(WindowState(method="other"), Action.NEXT_METHOD).method == "live"


def test_opacity_and_confidence_stay_in_their_ranges():
    state = press(WindowState(), *[Action.MORE_OPACITY] * 20, *[Action.MORE_CONFIDENCE] * 30)
    assert (state.alpha, state.conf) == (1.0, 0.95)
    state = press(state, *[Action.LESS_OPACITY] * 20, *[Action.LESS_CONFIDENCE] * 30)
    assert (state.alpha, state.conf) == (0.0, 0.05)
    assert press(WindowState(conf=0.25), Action.MORE_CONFIDENCE).conf == 0.3


def test_the_focus_goes_through_the_objects_and_then_to_all():
    numbers, state = [], WindowState()
    for _ in range(4):
        state = press(state, Action.FOCUS_NEXT, objects=(7, 3, 9))
        numbers.append(state.focus)
    assert numbers == [7, 3, 9, None]
    assert press(WindowState(), Action.FOCUS_PREVIOUS, objects=(7, 3, 9)).focus == 9
    assert press(WindowState(focus=4), Action.FOCUS_NEXT, objects=()).focus is None
    assert press(WindowState(focus=4), Action.FOCUS_NEXT, objects=(7,)).focus == 7


def test_reset_goes_back_to_the_start_and_stays_paused():
    changed_much = press(
        WindowState(), Action.PAUSE, Action.NEXT_COLORMAP, Action.DUAL_VIEW, Action.TOGGLE_HEATMAP
    )
    after = press(changed_much, Action.RESET)
    assert after.paused
    assert after == WindowState(alpha=0.6, paused=True)


def test_every_action_is_answered_or_belongs_to_the_session():
    of_the_session = {
        Action.QUIT,
        Action.LEAVE,
        Action.CHANGE_PROMPT,
        Action.SAVE_SNAPSHOT,
        Action.TOGGLE_RECORDING,
        *SEEKS_S,
    }
    asked = Questions(AskedBox((0, 0, 9, 9)), (CoverStroke((0, 0, 9, 9)),))
    base = WindowState(colormap=Colormap.JET, alpha=0.5, paused=False, questions=asked)
    for action in Action:
        unchanged = press(base, action, objects=(1, 2)) == base
        assert unchanged == (action in of_the_session), action


def test_a_change_that_is_not_seen_at_once_is_said():
    state = WindowState()
    for action, words in {
        Action.NEXT_METHOD: "method gradcam",
        Action.MORE_CONFIDENCE: "boxes above 0.30",
        Action.NEXT_EVERY: "every 2 frames",
        Action.NEXT_RENORM: "per region",
        Action.NEXT_LAYERS: "layers 15",
    }.items():
        assert words in said(state, press(state, action))
    assert said(state, press(state, Action.TOGGLE_HEATMAP)) == ""
