"""The demo scene as a source: a file by default, a camera when asked."""

import numpy as np
import pytest

from heatcam.sources.demo import DemoSource
from heatcam.sources.opening import open_source

SMALL = (320, 180)


class FakeClock:
    """Time that passes only when somebody sleeps or works."""

    def __init__(self):
        self.now_s = 100.0
        self.slept_s = []

    def __call__(self):
        return self.now_s

    def sleep(self, seconds):
        self.slept_s.append(seconds)
        self.now_s += seconds


def take(source, count):
    frames = []
    for frame in source:
        frames.append(frame)
        if len(frames) == count:
            break
    return frames


def test_the_word_demo_opens_the_endless_scene():
    source = open_source("demo")
    assert isinstance(source, DemoSource)
    assert (source.name, source.size_wh, source.fps) == ("demo", (1280, 720), 30.0)
    assert source.frame_count is None
    assert not source.is_live


def test_every_frame_comes_in_order_with_its_time():
    with DemoSource(SMALL, fps=25.0) as source:
        frames = take(source, 5)
    assert [frame.frame_index for frame in frames] == [0, 1, 2, 3, 4]
    assert [frame.pts_s for frame in frames] == pytest.approx([0, 0.04, 0.08, 0.12, 0.16])
    assert all(frame.name == "demo" and frame.size_wh == SMALL for frame in frames)


def test_a_counted_scene_ends_by_itself():
    with DemoSource(SMALL, frame_count=3) as source:
        assert len(list(source)) == 3
        assert len(list(source)) == 3  # and starts anew


def test_it_does_not_wait_unless_it_is_live():
    clock = FakeClock()
    with DemoSource(SMALL, clock=clock, sleep=clock.sleep) as source:
        take(source, 10)
    assert clock.slept_s == []


def test_a_live_scene_gives_each_frame_at_its_time():
    clock = FakeClock()
    with DemoSource(SMALL, fps=20.0, is_live=True, clock=clock, sleep=clock.sleep) as source:
        frames = take(source, 5)
    assert [frame.captured_at_s - 100.0 for frame in frames] == pytest.approx([0, 0.05, 0.1, 0.15, 0.2])
    assert source.dropped == 0


def test_a_slow_reader_of_a_live_scene_misses_frames_and_they_are_counted():
    clock = FakeClock()
    seen = []
    with DemoSource(SMALL, fps=10.0, is_live=True, clock=clock, sleep=clock.sleep) as source:
        for frame in source:
            seen.append(frame.frame_index)
            clock.now_s += 0.35
            if len(seen) == 4:
                break
        assert seen == [0, 3, 7, 10]
        assert source.dropped == 2 + 3 + 2


def test_the_truth_of_a_frame_is_what_was_drawn_into_it():
    with DemoSource(SMALL, seed=2) as source:
        frame = take(source, 1)[0]
        truth = source.truth(frame.frame_index)
        later = source.truth(200)
    assert len(truth) >= 4
    assert truth != later
    for box in truth:
        x1, y1, x2, y2 = (int(v) for v in box.box_xyxy)
        marker = frame.image_bgr[y1:y2, x1:x2]
        assert np.ptp(marker) > 120  # ink and paper


def test_it_can_be_used_again_after_it_was_closed():
    source = DemoSource(SMALL)
    pictures = []
    for _ in range(2):
        with source:
            pictures.append(take(source, 1)[0].image_bgr)
    assert np.array_equal(*pictures)
