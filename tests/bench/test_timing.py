"""Interleaved measurement under a clock that only the contestants move."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from heatcam.bench.plan import Plan
from heatcam.bench.timing import Contestant, TimedPart, Times, measure, rotated
from heatcam.errors import MapError

FRAMES = tuple(np.full((2, 2, 3), value, np.uint8) for value in range(3))


class FakeClock:
    """Stands still unless somebody works."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Track:
    """Contestants whose every run takes as long as they were told, and what they did in which order."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.log: list[tuple[str, int]] = []

    def contestant(
        self, name: str, *costs_ms: float, then: Callable[[], Any] = lambda: None, before_ms: float = 0
    ) -> Contestant:
        costs = list(costs_ms)

        def before(image: np.ndarray) -> int:
            self.clock.now_s += before_ms / 1e3
            return int(image[0, 0, 0])

        def run(value: int) -> None:
            self.log.append((name, value))
            self.clock.now_s += (costs.pop(0) if len(costs) > 1 else costs[0]) / 1e3
            then()

        return Contestant(name, lambda: TimedPart(run, before))

    def measure(self, *contestants: Contestant, runs: int = 3, warmup: int = 0) -> Any:
        return measure(contestants, FRAMES, Plan(runs, warmup), self.clock)


def raising(error: BaseException, *, on_call: int = 1) -> Callable[[], None]:
    calls = []

    def then() -> None:
        calls.append(1)
        if len(calls) == on_call:
            raise error

    return then


def test_everybody_runs_once_a_round_and_another_begins_each_time() -> None:
    track = Track()
    track.measure(*(track.contestant(name, 1) for name in "abc"), runs=4)
    order = "".join(name for name, _ in track.log)
    assert [order[i : i + 3] for i in range(0, 12, 3)] == ["abc", "bca", "cab", "abc"]
    assert rotated([], 2) == []


def test_everybody_sees_the_same_frame_in_a_round_and_frames_come_cyclically() -> None:
    track = Track()
    track.measure(track.contestant("a", 1), track.contestant("b", 1), runs=4)
    assert [value for _, value in track.log] == [0, 0, 1, 1, 2, 2, 0, 0]


def test_the_spread_is_of_the_runs_that_count() -> None:
    track = Track()
    (times,) = track.measure(track.contestant("a", 900, 10, 20, 30, 40, 50), runs=5, warmup=1).times
    assert len(track.log) == 6
    assert times.taken_ms == pytest.approx((10, 20, 30, 40, 50))
    assert (times.median_ms, times.iqr_ms, times.min_ms) == pytest.approx((30, 20, 10))


def test_getting_the_picture_ready_is_not_timed() -> None:
    track = Track()
    (times,) = track.measure(track.contestant("a", 5, before_ms=1000)).times
    assert times.median_ms == pytest.approx(5)


def test_who_cannot_be_prepared_has_an_error_and_the_others_go_on() -> None:
    def broken() -> TimedPart:
        raise ImportError("no such library\nand a long trace")

    track = Track()
    failed, fine = track.measure(Contestant("a", broken), track.contestant("b", 7)).times
    assert (failed.error, failed.taken_ms) == ("ImportError: no such library", ())
    assert (failed.median_ms, failed.iqr_ms, failed.min_ms) == (None, None, None)
    assert (len(fine.taken_ms), fine.error) == (3, "")


def test_who_fails_in_a_later_round_loses_all_numbers_and_is_not_run_again() -> None:
    track = Track()
    then = raising(RuntimeError("out of memory"), on_call=2)
    failed, fine = track.measure(track.contestant("a", 1, then=then), track.contestant("b", 1), runs=4).times
    assert (failed.error, failed.taken_ms) == ("RuntimeError: out of memory", ())
    assert [name for name, _ in track.log].count("a") == 2
    assert len(fine.taken_ms) == 4


def test_errors_written_for_users_are_quoted_as_they_are() -> None:
    track = Track()
    error = MapError("no map", "look elsewhere")
    (failed,) = track.measure(track.contestant("a", 1, then=raising(error))).times
    assert failed.error == "no map; look elsewhere"
    (failed,) = track.measure(track.contestant("a", 1, then=raising(ValueError()))).times
    assert failed.error == "ValueError"


def test_after_ctrl_c_only_full_rounds_are_left() -> None:
    track = Track()
    stops = track.contestant("b", 1, then=raising(KeyboardInterrupt(), on_call=3))
    measurement = track.measure(track.contestant("a", 1), stops, track.contestant("c", 1), runs=9)
    assert (measurement.rounds, measurement.interrupted) == (2, True)
    assert [len(times.taken_ms) for times in measurement.times] == [2, 2, 2]


def test_who_had_run_in_the_broken_round_keeps_no_time_of_it() -> None:
    track = Track()
    stops = track.contestant("b", 1, then=raising(KeyboardInterrupt(), on_call=2))
    first, second = track.measure(stops, track.contestant("a", 10, 999), runs=9).times
    assert [name for name, _ in track.log] == ["b", "a", "a", "b"]
    assert second.taken_ms == pytest.approx((10,))
    assert len(first.taken_ms) == 1


@pytest.mark.parametrize("warmup", [0, 1])
def test_ctrl_c_before_the_first_full_round_leaves_nothing(warmup: int) -> None:
    track = Track()
    stops = track.contestant("b", 1, then=raising(KeyboardInterrupt(), on_call=1 + warmup))
    with pytest.raises(KeyboardInterrupt):
        track.measure(track.contestant("a", 1), stops, runs=3, warmup=warmup)


def test_a_run_to_the_end_is_no_interruption() -> None:
    track = Track()
    measurement = track.measure(track.contestant("a", 1), runs=3, warmup=2)
    assert (measurement.rounds, measurement.interrupted) == (3, False)


def test_one_time_has_no_spread() -> None:
    times = Times("a", (4.0,))
    assert (times.median_ms, times.iqr_ms, times.min_ms) == (4, 0, 4)
