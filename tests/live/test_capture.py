"""The thread that reads: all of a file, the newest of a camera, and an end although a read blocks."""

import time

import pytest

from heatcam.errors import SourceError
from heatcam.live.capture import Captured, CaptureThread, End, FilmOptions
from tests.live.streams import Stream


def all_of(capture, slow_s=0.0):
    taken = []
    while not capture.frames.exhausted:
        captured = capture.frames.take(1)
        if captured is not None:
            taken.append(captured.frame.frame_index)
            time.sleep(slow_s)
    return taken


def test_a_slow_taker_gets_every_frame_of_a_file():
    capture = CaptureThread(Stream(20))
    capture.start()
    assert all_of(capture, slow_s=0.005) == list(range(20))
    assert capture.dropped == 0
    assert capture.frames_read == 20
    assert capture.stop()


def test_a_slow_taker_gets_the_newest_of_a_camera_and_the_rest_is_counted():
    capture = CaptureThread(Stream(40, is_live=True, fps=200))
    capture.start()
    taken = all_of(capture, slow_s=0.03)
    assert taken == sorted(set(taken))
    assert len(taken) < 40
    assert len(taken) + capture.dropped == 40


def test_the_drops_of_the_source_itself_are_counted_too():
    source = Stream(1, is_live=True)
    source.dropped = 7
    assert CaptureThread(source).dropped == 7


def test_a_file_in_real_time_keeps_its_pace_and_drops_what_is_late():
    capture = CaptureThread(Stream(30, fps=100), realtime=True)
    started = time.monotonic()
    capture.start()
    taken = all_of(capture, slow_s=0.05)
    assert time.monotonic() - started > 0.25
    assert len(taken) + capture.dropped == 30
    assert capture.dropped > 5


def test_what_kills_the_source_is_kept_and_what_it_gave_can_be_taken():
    capture = CaptureThread(Stream(10, dies_at=3))
    capture.start()
    assert all_of(capture) == [0, 1, 2]
    assert isinstance(capture.failure, SourceError)


@pytest.mark.parametrize("is_live", [True, False])
def test_stopping_does_not_wait_for_a_read_that_blocks(is_live):
    source = Stream(blocks_at=2, is_live=is_live)
    capture = CaptureThread(source)
    capture.start()
    deadline = time.monotonic() + 5
    while source.given < 2 and time.monotonic() < deadline:
        capture.frames.take(0.01)
    started = time.monotonic()
    assert not capture.stop(), "the thread is still in its read"
    assert time.monotonic() - started < 1.8
    assert capture.failure is None
    source.unblock.set()


def test_stopping_leaves_the_source():
    source = Stream()
    capture = CaptureThread(source)
    capture.start()
    assert capture.frames.take(5) is not None
    assert capture.stop()
    assert source.left.is_set()


def test_what_was_never_started_can_be_stopped():
    assert CaptureThread(Stream()).stop()


def test_a_file_in_real_time_stands_still_while_it_is_paused():
    capture = CaptureThread(Stream(200, fps=100), realtime=True)
    capture.start()
    assert capture.frames.take(2) is not None
    capture.pause(True)
    time.sleep(0.2)
    read = capture.frames_read
    time.sleep(0.5)
    assert capture.frames_read - read <= 1
    capture.pause(False)
    time.sleep(0.2)
    assert 2 < capture.frames_read - read < 60
    capture.stop()


def read_until(capture, kind, most=200):
    """What lies on the belt up to the first of a kind."""
    taken = []
    for _ in range(most):
        one = capture.frames.take(5)
        taken.append(one)
        if isinstance(one, kind):
            return taken
    raise AssertionError(f"no {kind.__name__} in {most}")


def indices(taken):
    return [one.frame.frame_index for one in taken if isinstance(one, Captured)]


def test_behind_the_last_frame_of_a_file_it_waits_to_be_sent_back():
    capture = CaptureThread(Stream(6, can_seek=True))
    capture.start()
    assert indices(read_until(capture, End)) == list(range(6))
    assert not capture.frames.exhausted
    seeks = capture.seek(0.03)
    again = read_until(capture, End)
    assert indices(again) == [3, 4, 5]
    assert {one.stretch.seeks for one in again} == {seeks}
    assert capture.stop()


def test_a_seek_takes_away_what_was_read_before_it():
    capture = CaptureThread(Stream(can_seek=True))
    capture.start()
    assert indices([capture.frames.take(5)]) == [0]
    seeks = capture.seek(5.0)
    after = [capture.frames.take(5) for _ in range(4)]
    of_the_seek = [one for one in after if one.stretch.seeks == seeks]
    assert len(of_the_seek) >= 3, "one may have been on its way"
    assert indices(of_the_seek)[0] == 500
    assert capture.stop()


def test_a_loop_begins_again_at_the_start_and_says_which_lap_it_is():
    capture = CaptureThread(Stream(4, can_seek=True), FilmOptions(start_s=0.02, loop=True))
    capture.start()
    taken = [capture.frames.take(5) for _ in range(8)]
    assert indices(taken) == [0, 1, 2, 3, 2, 3, 2, 3]
    assert [one.stretch.laps for one in taken] == [0] * 4 + [1] * 2 + [2] * 2
    assert capture.stop()


def test_in_real_time_a_file_plays_at_the_speed_asked_for_and_its_end_drops_no_frame():
    capture = CaptureThread(Stream(20, fps=100, can_seek=True), FilmOptions(speed=0.25), realtime=True)
    started = time.monotonic()
    capture.start()
    taken = read_until(capture, End)
    assert time.monotonic() - started > 0.7
    assert indices(taken)[-1] == 19
    assert capture.stop()


def test_while_paused_in_real_time_a_seek_brings_one_frame():
    capture = CaptureThread(Stream(fps=100, can_seek=True), realtime=True)
    capture.pause(True)
    capture.start()
    assert indices([capture.frames.take(5)]) == [0]
    assert capture.frames.take(0.2) is None
    capture.seek(3.0)
    assert indices([capture.frames.take(5)]) == [300]
    assert capture.frames.take(0.2) is None
    assert capture.stop()
