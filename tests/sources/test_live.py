"""The state machine of live sources, with captures that block, die and lie."""

import threading
import time

import cv2
import numpy as np
import pytest

from heatcam.errors import SourceError
from heatcam.sources.backoff import Backoff
from heatcam.sources.camera import CameraDevice
from heatcam.sources.device import ProbeResult
from heatcam.sources.live import LiveSource
from heatcam.sources.options import CaptureOptions
from heatcam.sources.reconnect import Timeouts
from heatcam.sources.state import Phase
from tests.sources.fake_captures import BlockedCapture, DyingCapture, FakeCapture

QUICK = Timeouts(open_s=0.3, stalled_s=0.1, give_up_s=0.2, look_s=0.05, ready_s=0.1, stop_s=0.3)


class FakeDevice(CameraDevice):
    """Hands out one capture after the other; the last one again and again. ``is_there`` is what a look sees."""

    def __init__(self, *captures, options=None):
        super().__init__(0, options, open_capture=self._next, list_names=dict, devices=None)
        self.captures = list(captures)
        self.opened = 0
        self.is_there = True

    def _next(self, _index):
        capture = self.captures[min(self.opened, len(self.captures) - 1)]
        self.opened += 1
        if isinstance(capture, FakeCapture) and not self.is_there:
            capture = FakeCapture(opened=False)
        return capture

    def look(self):
        return ProbeResult(self.is_there, "" if self.is_there else "camera 0 is not plugged in")


class Hurried(Backoff):
    def next_wait_s(self):
        return super().next_wait_s() * 0.05


@pytest.fixture(autouse=True)
def _failed_reads_take_less_time(monkeypatch):
    monkeypatch.setattr("heatcam.sources.camera._FAILED_READS_FORGIVEN_S", 0.05)


def live(*captures, timeouts=QUICK, options=None):
    return LiveSource(FakeDevice(*captures, options=options), timeouts, Hurried())


def take(source, count):
    frames = []
    for frame in source:
        frames.append(frame)
        if len(frames) == count:
            break
    return frames


def until(condition, within_s=5.0):
    deadline_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline_s, "it never happened"
        time.sleep(0.005)


def threads_of_sources():
    return [thread for thread in threading.enumerate() if thread.name.startswith("heatcam ")]


def test_a_slow_consumer_gets_the_newest_frame_and_the_others_are_counted():
    with live(FakeCapture(interval_s=0.002)) as source:
        frames = iter(source)
        first = next(frames)
        time.sleep(0.1)
        second = next(frames)
        assert time.monotonic() - second.captured_at_s < 0.05
        skipped = second.frame_index - first.frame_index - 1
        assert skipped >= 10
        assert source.dropped >= skipped


def test_what_a_frame_shows_is_what_its_index_says():
    with live(FakeCapture()) as source:
        for frame in take(source, 5):
            assert frame.image_bgr[0, 0, 0] == (frame.frame_index + 1) % 256
            assert frame.name == "camera 0"


def test_a_frame_is_given_once_only():
    with live(FakeCapture(interval_s=0.02)) as source:
        indices = [frame.frame_index for frame in take(source, 6)]
    assert len(set(indices)) == 6


def test_leaving_releases_the_camera_in_the_thread_that_read_it():
    capture = FakeCapture()
    with live(capture) as source:
        take(source, 1)
    assert capture.released.wait(1)
    assert capture.threads == {"heatcam camera 0"}
    until(lambda: not threads_of_sources())


def test_the_default_stop_takes_less_than_a_second_and_a_half():
    assert Timeouts().stop_s < 1.5


def test_a_camera_that_blocks_is_left_behind_in_time_and_released_when_it_wakes():
    capture = BlockedCapture(frames=1)
    with live(capture, timeouts=Timeouts(stop_s=0.3)) as source:
        take(source, 1)
        before_s = time.monotonic()
    assert time.monotonic() - before_s < 1
    assert not capture.released.is_set()
    capture.unblock.set()
    assert capture.released.wait(1)


def test_leaving_from_another_thread_ends_the_iterator():
    capture = BlockedCapture(frames=1)
    source = live(capture, timeouts=Timeouts(stop_s=0.3))
    ended = threading.Event()

    def consume():
        for _ in source:
            pass
        ended.set()

    with source:
        threading.Thread(target=consume, daemon=True).start()
        time.sleep(0.1)
        assert not ended.is_set()
    assert ended.wait(0.5)
    capture.unblock.set()


def test_a_camera_without_a_first_frame_is_an_error_when_entering():
    capture = BlockedCapture(frames=0)
    with pytest.raises(SourceError, match=r"gave no frame for 0\.3 s"), live(capture):
        pytest.fail("entered")
    capture.unblock.set()


def test_an_opening_that_never_ends_is_left_behind():
    never = threading.Event()
    device = FakeDevice()
    device._open_capture = lambda _: never.wait() and None
    before_s = time.monotonic()
    with pytest.raises(SourceError, match="gave no frame"), LiveSource(device, QUICK):
        pytest.fail("entered")
    assert time.monotonic() - before_s < 1.5
    never.set()


def test_a_driver_that_dies_before_its_first_frame_is_raised_with_its_cause():
    with (
        pytest.raises(SourceError, match="reading camera 0 failed") as caught,
        live(DyingCapture(frames=0)),
    ):
        pytest.fail("entered")
    assert isinstance(caught.value.__cause__, cv2.error)


def test_no_camera_there_names_the_index_and_the_next_step():
    with (
        pytest.raises(SourceError, match=r"cannot open camera 0; .*--source demo") as caught,
        live(FakeCapture(opened=False)),
    ):
        pytest.fail("entered")
    assert "\n" not in str(caught.value)
    assert threads_of_sources() == []


def test_it_is_opening_then_playing():
    source = live(FakeCapture())
    assert source.state.phase is Phase.OPENING
    with source:
        state = source.state
        assert (state.phase, state.attempt, state.reason) == (Phase.PLAYING, 0, "")
        assert 0 <= time.monotonic() - state.since_s < 5


def test_a_stalled_camera_is_said_within_three_seconds():
    """With the limits that users get: nothing is hurried here."""
    capture = BlockedCapture(frames=3)
    with live(capture, timeouts=Timeouts(stop_s=0.2)) as source:
        until(lambda: source._newest.last_frame_s and capture.given == 3)
        last_frame_s = source._newest.last_frame_s
        until(lambda: source.state.phase is not Phase.PLAYING, within_s=4)
        assert time.monotonic() - last_frame_s < 2.5
        assert source.state.phase is Phase.STALLED
        assert source.state.since_s == last_frame_s
        assert source.state.reason == "no frame comes"
        capture.unblock.set()


def test_a_stall_that_passes_needs_no_new_connection():
    class Hesitating(FakeCapture):
        def read(self):
            if self.given == 3:
                time.sleep(0.6)
            return super().read()

    timeouts = Timeouts(stalled_s=0.1, give_up_s=5, stop_s=0.3)
    with live(Hesitating(), timeouts=timeouts) as source:
        until(lambda: source.state.phase is Phase.STALLED)
        until(lambda: source.state.phase is Phase.PLAYING)
        assert source.device.opened == 1


def test_a_camera_that_hangs_is_given_up_for_a_new_connection():
    hanging, fresh = BlockedCapture(frames=3), FakeCapture()
    with live(hanging, fresh) as source:
        frames = iter(source)
        while source.device.opened < 2:
            last = next(frames)
        after = next(frames)
        assert source.hanging == 1
        hanging.unblock.set()
        until(lambda: source.hanging == 0)
        assert hanging.released.wait(1)
    assert after.frame_index > last.frame_index
    assert after.pts_s > last.pts_s


def test_what_a_connection_that_was_given_up_still_brings_is_not_shown():
    class Late(FakeCapture):
        late = threading.Event()

        def read(self):
            if self.given == 3:
                self.late.wait(5)
                self.given += 1
                return True, np.full((48, 64, 3), 200, np.uint8)
            return super().read()

    old, fresh = Late(), FakeCapture(interval_s=0.01)
    with live(old, fresh) as source:
        until(lambda: source.device.opened == 2 and source.state.phase is Phase.PLAYING)
        old.late.set()
        shown = [frame.image_bgr[0, 0, 0] for frame in take(source, 20)]
        assert 200 not in shown


def test_a_camera_that_is_unplugged_and_comes_back_goes_on_counting():
    first, second = FakeCapture(frames=4, size_wh=(64, 48)), FakeCapture(size_wh=(96, 64))
    with live(first, second) as source:
        before = take(source, 1)[0]
        until(lambda: source.device.opened == 2 and source.state.phase is Phase.PLAYING)
        after = take(source, 3)
        assert source.size_wh == (96, 64)
    assert after[-1].size_wh == (96, 64)
    indices = [before.frame_index, *(frame.frame_index for frame in after)]
    times = [before.pts_s, *(frame.pts_s for frame in after)]
    assert indices == sorted(set(indices))
    assert times == sorted(set(times))
    assert after[-1].pts_s == pytest.approx(after[-1].captured_at_s - before.captured_at_s, abs=0.2)


def test_a_driver_that_dies_is_a_loss_with_its_reason():
    capture = DyingCapture(frames=3)
    with live(capture) as source:
        source.device.is_there = False
        until(lambda: source.state.phase is Phase.RECONNECTING)
        state = source.state
        assert state.attempt >= 1
        assert state.reason in ("reading it failed (error)", "camera 0 is not plugged in")


def test_while_it_is_away_attempts_are_counted_and_the_next_one_is_announced():
    with live(FakeCapture(frames=3)) as source:
        source.device.is_there = False
        until(lambda: source.state.phase is Phase.RECONNECTING and source.state.attempt >= 3)
        until(lambda: source.state.retry_at_s is not None)
        state = source.state
        assert state.reason == "camera 0 is not plugged in"
        assert 0 < time.monotonic() - state.since_s < 5


def test_when_it_comes_back_the_long_wait_is_cut_short():
    class Patient(Backoff):
        def next_wait_s(self):
            super().next_wait_s()
            return 30.0

    device = FakeDevice(FakeCapture(frames=3), FakeCapture())
    timeouts = Timeouts(look_s=0.05, ready_s=30, stop_s=0.3)
    with LiveSource(device, timeouts, Patient()) as source:
        device.is_there = False
        until(lambda: source.state.phase is Phase.RECONNECTING)
        time.sleep(0.3)
        assert device.opened == 1
        device.is_there, back_s = True, time.monotonic()
        until(lambda: source.state.phase is Phase.PLAYING)
        assert time.monotonic() - back_s < 1


def test_what_was_asked_for_while_it_was_away_is_asked_for_anew():
    """A half-open server takes the connection and never answers it, also when it is back."""
    hanging = BlockedCapture(frames=0)
    captures = iter([FakeCapture(frames=3), hanging, FakeCapture()])
    device = FakeDevice()
    device._open_capture = lambda _: next(captures)
    timeouts = Timeouts(open_s=30, look_s=0.05, ready_s=30, stop_s=0.3)
    with LiveSource(device, timeouts, Hurried()) as source:
        device.is_there = False
        until(lambda: hanging.asked)  # it is asked for MJPG when it was opened
        time.sleep(0.1)
        assert source.state.phase is Phase.RECONNECTING
        device.is_there, back_s = True, time.monotonic()
        until(lambda: source.state.phase is Phase.PLAYING)
        assert time.monotonic() - back_s < 1.5
        hanging.unblock.set()


def test_where_every_look_says_ready_attempts_are_still_rationed():
    class Broken(FakeCapture):
        def __init__(self):
            super().__init__(opened=False)

    timeouts = Timeouts(open_s=0.3, look_s=0.02, ready_s=0.2, stop_s=0.3)
    device = FakeDevice(FakeCapture(frames=3), Broken())

    class Patient(Backoff):
        def next_wait_s(self):
            super().next_wait_s()
            return 30.0

    with LiveSource(device, timeouts, Patient()):
        time.sleep(1.2)
    assert 2 <= device.opened <= 8


def test_reads_that_hang_are_bounded():
    captures = [BlockedCapture(frames=1) for _ in range(20)]
    timeouts = Timeouts(
        open_s=0.1, stalled_s=0.05, give_up_s=0.05, look_s=0.02, ready_s=0.02, stop_s=0.2, most_hanging=3
    )
    with live(*captures, timeouts=timeouts) as source:
        until(lambda: source.state.reason == "3 reads hang in the driver")
        opened = source.device.opened
        time.sleep(0.4)
        assert source.device.opened == opened == 3
        for capture in captures:
            capture.unblock.set()
    until(lambda: not threads_of_sources())


def test_a_camera_slower_than_a_frame_a_second_is_not_called_stalled():
    with live(FakeCapture(interval_s=0.08), timeouts=Timeouts(stalled_s=0.05, give_up_s=0.15)) as source:
        take(source, 20)
        phases = set()
        for _ in range(100):
            phases.add(source.state.phase)
            time.sleep(0.005)
        assert phases == {Phase.PLAYING}
        assert source.device.opened == 1


@pytest.mark.parametrize("cycles", [5, pytest.param(100, marks=pytest.mark.soak)])
def test_losing_it_again_and_again_leaks_no_thread(cycles):
    until(lambda: not threads_of_sources())
    before = threading.active_count()
    device = FakeDevice(*(FakeCapture(frames=3) for _ in range(cycles)), FakeCapture())
    with LiveSource(device, QUICK, Hurried()) as source:
        until(lambda: device.opened > cycles, within_s=cycles * 5)
        until(lambda: source.state.phase is Phase.PLAYING)
        until(lambda: source.hanging == 0)
        assert threading.active_count() == before + 2
    until(lambda: threading.active_count() == before)


def test_a_few_failed_reads_are_forgiven(monkeypatch):
    monkeypatch.setattr("heatcam.sources.camera._FAILED_READS_FORGIVEN_S", 0.5)

    class Settling(FakeCapture):
        hesitations = 4

        def read(self):
            if self.hesitations:
                self.hesitations -= 1
                return False, None
            return super().read()

    with live(Settling(), timeouts=Timeouts()) as source:
        assert len(take(source, 3)) == 3


def test_size_is_what_the_frames_have_not_what_was_asked_or_claimed():
    class Liar(FakeCapture):
        def get(self, propId):  # noqa: N803
            return 1920.0 if propId == cv2.CAP_PROP_FRAME_WIDTH else super().get(propId)

    with live(Liar(size_wh=(64, 48)), options=CaptureOptions((1280, 720), 30)) as source:
        assert source.size_wh == (64, 48)
        assert source.negotiated_format == "camera 0: asked 1280x720 at 30, gives 64x48 at 30"


@pytest.mark.parametrize("claimed", [0.0, -1.0, float("nan"), 1e6])
def test_an_unbelievable_rate_becomes_30_and_is_not_said(claimed):
    with live(FakeCapture(fps=claimed)) as source:
        assert source.fps == 30
        assert source.negotiated_format == "camera 0 gives 64x48"


def test_grey_cameras_give_three_channels():
    class Infrared(FakeCapture):
        def read(self):
            time.sleep(0.002)
            return True, np.full((48, 64), 7, np.uint8)

    with live(Infrared()) as source:
        assert take(source, 1)[0].image_bgr.shape == (48, 64, 3)
