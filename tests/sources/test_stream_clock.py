import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatcam.sources.stream_clock import StreamClock


def times_of(pairs, start_s=0.0):
    clock = StreamClock(start_s)
    return [clock.time_of(stream_s, arrived_s) for stream_s, arrived_s in pairs]


def test_the_streams_own_times_are_taken_although_arrival_is_uneven():
    arrived = [100.0, 100.09, 100.1, 100.2, 100.21]
    times = times_of(zip([7.0, 7.04, 7.08, 7.12, 7.2], arrived, strict=True))
    assert times == pytest.approx([0, 0.04, 0.08, 0.12, 0.2])


def test_without_a_stream_clock_arrival_counts():
    assert times_of([(None, 5.0), (None, 5.5), (None, 5.6)]) == pytest.approx([0, 0.5, 0.6])


def test_a_rate_that_is_only_claimed_is_found_out():
    """25 a second are claimed and 10 come: from where it is 3 s off, time runs as it should."""
    times = times_of([(n / 25, n / 10) for n in range(200)])
    steps = [b - a for a, b in itertools.pairwise(times)]
    assert steps[0] == pytest.approx(0.04)
    assert steps[60:] == pytest.approx([0.1] * len(steps[60:]))


@pytest.mark.parametrize("jump", [-50.0, 0.0, 400.0])
def test_a_clock_that_jumps_or_stands_is_believed_no_more(jump):
    pairs = [(n / 25, 100 + n / 25) for n in range(10)]
    pairs += [(10 / 25 + jump if jump else 9 / 25, 100.4), (5.0, 100.44), (6.0, 100.48)]
    times = times_of(pairs)
    assert times == pytest.approx([n / 25 for n in range(13)])


def test_a_clock_that_stands_once_is_still_believed():
    """As OpenCV's does at the second frame of an RTSP stream, of which many come at once."""
    times = times_of([(0.0, 5.0), (0.0, 5.001), (0.04, 5.002), (0.08, 5.003), (0.12, 5.1)])
    assert times == pytest.approx([0, 0.001, 0.041, 0.081, 0.121])


def test_a_clock_that_stands_for_long_is_not():
    times = times_of([(7.0, n / 10) for n in range(6)] + [(8.0, 0.6), (9.0, 0.7)])
    assert times == pytest.approx([n / 10 for n in range(8)])


def test_a_later_connection_goes_on_from_its_start():
    assert times_of([(0.0, 900.0), (0.04, 900.04)], start_s=12.5) == pytest.approx([12.5, 12.54])


@given(st.lists(st.tuples(st.none() | st.floats(-1e6, 1e6), st.floats(0, 10)), min_size=2, max_size=50))
def test_times_rise_whatever_comes(steps):
    arrived_s, pairs = 0.0, []
    for stream_s, wait_s in steps:
        arrived_s += wait_s
        pairs.append((stream_s, arrived_s))
    times = times_of(pairs)
    assert all(b > a for a, b in itertools.pairwise(times))
    assert times[-1] <= arrived_s - pairs[0][1] + 3.0 + 0.002 * len(times)
