"""The focus on one object: over frames without it, and from a refinement back into the stream."""

import pytest

from heatcam.live.explain_request import ExplainRequest
from heatcam.live.focus import LOST_S, ObjectFocus, number_in_stream
from heatcam.live.frame_history import HistoryEntry
from tests.live.streams import BOX, frame, seen

OTHER = (0.0, 0.0, 30.0, 20.0)


class Clock:
    now_s = 100.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


def entry(boxes, object_ids):
    return HistoryEntry(seen(frame(0), boxes), object_ids, ExplainRequest())


def test_an_object_is_lost_only_after_a_while_without_it(clock):
    focus = ObjectFocus(clock)
    assert not focus.is_lost(7, (7, 8))
    clock.now_s += LOST_S
    assert not focus.is_lost(7, (8,))
    clock.now_s += 0.1
    assert focus.is_lost(7, (8,))
    assert not focus.is_lost(7, (7,)), "it came back"


def test_a_pause_is_not_a_time_without_the_object(clock):
    focus = ObjectFocus(clock)
    assert not focus.is_lost(7, (7,))
    clock.now_s += 60
    focus.restart()
    assert not focus.is_lost(7, ())


def test_all_objects_are_never_lost(clock):
    focus = ObjectFocus(clock)
    clock.now_s += 60
    assert not focus.is_lost(None, ())


def test_an_object_that_a_refinement_has_found_gets_the_streams_number():
    refined = entry((BOX, OTHER), (3, -2))
    assert number_in_stream(-2, refined, entry((BOX, OTHER), (3, 9))) == 9


def test_an_object_that_the_stream_does_not_have_is_in_focus_no_more():
    assert number_in_stream(-2, entry((BOX, OTHER), (3, -2)), entry((BOX,), (3,))) is None


def test_a_number_of_the_stream_stays():
    assert number_in_stream(3, entry((BOX,), (3,)), entry((OTHER,), (4,))) == 3
