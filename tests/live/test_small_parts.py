"""Pace, past, notes, banner and objects: the small parts of the window, each by hand."""

import numpy as np
import pytest

from heatcam.frames import Detections
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.frame_history import FrameHistory, HistoryEntry
from heatcam.live.objects import FIRST_OWN, Objects, ids_again, object_at
from heatcam.live.playback_clock import PlaybackClock
from heatcam.live.presenter import NOTE_S, Notes, banner_of
from heatcam.live.run_stats import RunStats
from heatcam.pipeline import percentiles_ms
from heatcam.sources.state import PLAYING, Phase, SourceState
from tests.live.streams import BOX, frame, seen


def test_frames_are_due_at_their_own_times_also_at_a_variable_rate():
    pace = PlaybackClock()
    assert pace.due_s(5.0, 100.0) == 100.0
    assert pace.due_s(5.1, 100.0) == pytest.approx(100.1)
    assert pace.due_s(5.5, 100.2) == pytest.approx(100.5)


def test_lost_time_is_not_caught_up_with():
    pace = PlaybackClock()
    pace.due_s(0.0, 100.0)
    assert pace.due_s(0.1, 103.0) == 103.0
    assert pace.due_s(0.2, 103.0) == pytest.approx(103.1)


def test_after_a_pause_the_next_frame_is_due_at_once():
    pace = PlaybackClock()
    pace.due_s(0.0, 100.0)
    pace.forget()
    assert pace.due_s(7.0, 100.1) == 100.1


def entry(index):
    return HistoryEntry(seen(frame(index)), (1,), ExplainRequest())


def index_of(history):
    return history.now.explanation.frame.frame_index


def test_the_past_can_be_stepped_through_and_ends_at_both_ends():
    history = FrameHistory()
    assert history.now is None
    for n in range(3):
        history.add(entry(n))
    assert [index_of(history), history.step(-1), index_of(history), history.step(-1), history.step(-1)] == [
        *(2, True, 1, True, False),
    ]
    assert index_of(history) == 0
    assert history.step(1)
    history.to_newest()
    assert index_of(history) == 2
    assert not history.step(1)


def test_the_past_is_bounded_by_frames_and_by_memory():
    history = FrameHistory(most_frames=3)
    for n in range(10):
        history.add(entry(n))
    back = 0
    while history.step(-1):
        back += 1
    assert back == 2
    of_one = entry(0).bytes
    history = FrameHistory(most_bytes=2 * of_one + 10)
    for n in range(10):
        history.add(entry(n))
    assert history.step(-1)
    assert not history.step(-1)


def test_one_frame_larger_than_all_memory_is_still_shown():
    history = FrameHistory(most_bytes=1)
    history.add(entry(4))
    assert index_of(history) == 4


def test_a_second_look_takes_the_place_of_the_first():
    history = FrameHistory()
    history.add(entry(0))
    history.add(entry(1))
    history.step(-1)
    history.replace_now(HistoryEntry(seen(frame(0)), (5,), ExplainRequest(still=True)))
    assert history.now.request.still
    history.to_newest()
    assert not history.now.request.still


def test_a_note_stays_for_a_while_and_the_newest_counts():
    notes = Notes()
    notes.say("one", 10.0)
    notes.say("", 10.5)
    assert notes.text(10.6) == "one"
    notes.say("two", 11.0)
    assert notes.text(11.0 + NOTE_S) == "two"
    assert notes.text(11.1 + NOTE_S) == ""


def test_the_banner_says_what_the_source_does_and_nothing_while_it_plays():
    assert banner_of("camera 0", PLAYING, 5.0) is None
    stalled = SourceState(Phase.STALLED, since_s=2.0)
    assert banner_of("camera 0", stalled, 5.0) == ("camera 0 gives no frames", "for 3 s")
    waiting = SourceState(Phase.RECONNECTING, 2.0, attempt=2, retry_at_s=9.0, reason="connection refused")
    line, detail = banner_of("camera 0", waiting, 5.0)
    assert line == "reconnecting to camera 0, attempt 2"
    assert detail == "in 4 s (connection refused)"


def two(boxes, classes=(0, 0), tracks=None):
    return Detections(
        np.array(boxes, np.float32),
        np.array([0.9, 0.8], np.float32),
        np.array(classes),
        np.array([0, 1]),
        ("thing", "thing"),
        track_ids=None if tracks is None else np.array(tracks),
    )


A, B = (0, 0, 50, 50), (100, 0, 150, 50)


def test_objects_keep_their_number_while_they_move_a_little():
    objects, found = Objects(), seen(frame(0))
    first = objects.ids_of(replaced(found, two([A, B])))
    moved = objects.ids_of(replaced(found, two([(104, 2, 152, 52), (3, 1, 52, 50)])))
    assert moved == first[::-1]
    assert min(first) >= FIRST_OWN


def test_the_trackers_numbers_are_taken_where_there_are_some():
    numbers = Objects().ids_of(replaced(seen(frame(0)), two([A, B], tracks=[4, 0])))
    assert numbers[0] == 4
    assert numbers[1] >= FIRST_OWN


def test_a_second_look_keeps_the_numbers_whatever_the_order():
    before, again = two([A, B]), two([B, A])
    assert ids_again(before, (7, 9), again) == (9, 7)
    assert ids_again(before, (7, 9), two([A, (200, 200, 250, 250)])) == (7, -2)
    assert ids_again(before, (7, 9), two([A, B], classes=(1, 0))) == (-1, 9)


def test_a_click_takes_the_smallest_box_under_it():
    nested = two([(0, 0, 100, 100), (20, 20, 40, 40)])
    assert object_at(nested, 30, 30) == 1
    assert object_at(nested, 80, 80) == 0
    assert object_at(nested, 120, 80) is None
    assert object_at(seen(frame(0), ()).detections, 1, 1) is None


def test_numbers_of_a_run():
    numbers = RunStats()
    for n in range(10):
        numbers.count_frame(100 + n / 20)
    assert numbers.fps == pytest.approx(20)
    assert numbers.frames_taken == 10
    numbers.pause()
    assert numbers.fps == 0
    for n in range(10):
        numbers.count_frame(200 + n / 20)
    assert numbers.fps == pytest.approx(20)
    assert numbers.mean_fps == pytest.approx(20), "the pause of 100 s is nobody's rate"
    numbers.note_failure("x")
    numbers.note_failure("x")
    numbers.note_failure("")
    assert numbers.errors == ["x"]
    assert percentiles_ms([]) is None
    assert percentiles_ms([0.01] * 99 + [1.0])["p50"] == 10.0


def replaced(explanation, detections):
    from dataclasses import replace

    return replace(explanation, detections=detections)


def test_the_box_of_these_tests_lies_in_the_picture():
    assert object_at(seen(frame(0)).detections, *BOX[:2]) == 0


def test_a_jump_of_a_files_times_does_not_freeze_the_window():
    pace = PlaybackClock()
    pace.due_s(0.0, 100.0)
    assert pace.due_s(3.0, 100.0) == pytest.approx(103.0), "a long frame is a long frame"
    assert pace.due_s(100.0, 100.1) == 100.1
    assert pace.due_s(100.1, 100.1) == pytest.approx(100.2)


def test_a_second_look_counts_with_the_memory_that_is_kept():
    of_one = entry(0).bytes
    history = FrameHistory(most_bytes=3 * of_one)
    for n in range(3):
        history.add(entry(n))
    heavy = seen(frame(2))
    history.replace_now(HistoryEntry(replaced_maps(heavy, 200), (1,), ExplainRequest(still=True)))
    assert index_of(history) == 2
    assert not history.step(-1)


def replaced_maps(explanation, count):
    from dataclasses import replace

    return replace(explanation, object_maps=(explanation.saliency,) * count)
