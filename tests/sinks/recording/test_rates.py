"""Constant rates: as FFmpeg's ``-r`` makes them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatcam.frames import Frame
from heatcam.sinks.recording.rates import at_rate

PICTURE = np.zeros((1, 1, 3), np.uint8)


def frames_at(times_s):
    return [Frame(PICTURE, n, 0.0, at_s) for n, at_s in enumerate(times_s)]


def shown(times_s, fps, last_s=0.0):
    return [(f.frame_index, round(f.pts_s, 4)) for f in at_rate(frames_at(times_s), fps, last_s)]


def test_too_many_frames_are_dropped_evenly():
    made = shown([n / 30 for n in range(90)], 10, 1 / 30)
    assert len(made) == 30
    steps = np.diff([index for index, _ in made])
    assert set(steps) == {3}
    assert [at_s for _, at_s in made] == [round(n / 10, 4) for n in range(30)]


def test_too_few_frames_are_repeated():
    assert [index for index, _ in shown([0.0, 0.1, 0.2], 20, 0.1)] == [0, 0, 1, 1, 2, 2]


def test_a_pause_is_filled_with_the_last_frame_before_it():
    assert [index for index, _ in shown([0.0, 0.1, 0.5], 10, 0.1)] == [0, 1, 1, 1, 1, 2]


def test_times_go_on_from_the_first_frames():
    assert [at_s for _, at_s in shown([7.0, 7.5], 2, 0.5)] == [7.0, 7.5]


def test_no_frames_stay_none_and_one_stays_one():
    assert shown([], 10) == []
    assert [index for index, _ in shown([3.0], 10)] == [0]


@given(
    count=st.integers(1, 200),
    source=st.sampled_from([1.0, 12.0, 24000 / 1001, 25.0, 29.97, 60.0]),
    fps=st.sampled_from([1.0, 5.0, 12.5, 24.0, 25.0, 29.97, 50.0]),
)
def test_the_length_is_kept_and_time_never_runs_back(count, source, fps):
    made = list(at_rate(frames_at(n / source for n in range(count)), fps, 1 / source))
    assert len(made) / fps == pytest.approx(count / source, abs=1 / fps)
    assert [f.frame_index for f in made] == sorted(f.frame_index for f in made)
    np.testing.assert_allclose(np.diff([f.pts_s for f in made]), 1 / fps, rtol=2e-3)
