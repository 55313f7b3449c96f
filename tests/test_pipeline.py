"""The pipeline: order, limits, and numbers that survive an interruption."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from heatcam.errors import SinkError
from heatcam.frames import Detections, Explanation, Frame
from heatcam.pipeline import Limits, Run, run_at_once, run_pipeline

BOTH = pytest.mark.parametrize("go", [run_pipeline, run_at_once])
NOTHING = Detections(
    np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64), np.zeros(0, np.int64), ()
)


def frames(count: int) -> list[Frame]:
    return [Frame(np.full((2, 2, 3), i % 256, np.uint8), i, 0.0, i / 30) for i in range(count)]


class FakeExplainer:
    def __init__(self, error: str = "") -> None:
        self.with_map: list[bool] = []
        self.error = error

    def explain(self, image: Frame, *, with_map: bool) -> Explanation:
        self.with_map.append(with_map)
        return Explanation(image, NOTHING, map_error=self.error if with_map else "")


class Collector:
    def __init__(self) -> None:
        self.seen: list[int] = []

    def take(self, picture: np.ndarray, explanation: Explanation) -> None:
        self.seen.append(explanation.frame.frame_index)


def painted(explanation: Explanation, run: Run) -> np.ndarray:
    return explanation.frame.image_bgr


@BOTH
def test_every_frame_reaches_every_sink_in_order(go) -> None:
    sinks, run = [Collector(), Collector()], Run()
    go(frames(5), FakeExplainer(), painted, sinks, Limits(), run)
    assert [s.seen for s in sinks] == [[0, 1, 2, 3, 4]] * 2
    assert run.frames == 5


def test_the_frame_limit_ends_it_without_reading_more() -> None:
    given = iter(frames(5))
    run = Run()
    run_pipeline(given, FakeExplainer(), painted, [], Limits(max_frames=2), run)
    assert run.frames == 2
    assert next(given).frame_index == 2


def test_the_time_limit_ends_it() -> None:
    run = Run()
    run_pipeline(frames(50), FakeExplainer(), painted, [], Limits(seconds=0.0), run)
    assert run.frames == 1


@BOTH
def test_a_failing_map_is_noted_once_and_the_stream_goes_on(go) -> None:
    run = Run()
    go(frames(4), FakeExplainer("out of memory"), painted, [], Limits(), run)
    assert run.frames == 4
    assert run.errors == ["out of memory"]


@BOTH
def test_ctrl_c_keeps_the_numbers_of_what_was_done(go) -> None:
    class Interrupts:
        def take(self, picture: np.ndarray, explanation: Explanation) -> None:
            if explanation.frame.frame_index == 3:
                raise KeyboardInterrupt

    run = Run()
    with pytest.raises(KeyboardInterrupt):
        go(frames(9), FakeExplainer(), painted, [Interrupts()], Limits(), run)
    assert run.frames == 3
    assert run.latency_ms()["p99"] >= run.latency_ms()["p50"] >= 0


def test_at_once_the_frame_limit_is_exact_and_the_stages_overlap() -> None:
    """Each frame's explanation waits until the one before is being painted: one after the other, this would never end."""
    painting = threading.Semaphore(1)

    class Waits(FakeExplainer):
        def explain(self, image: Frame, *, with_map: bool) -> Explanation:
            assert painting.acquire(timeout=10)
            return super().explain(image, with_map=with_map)

    def paints(explanation: Explanation, run: Run) -> np.ndarray:
        painting.release()
        return explanation.frame.image_bgr

    sink, run = Collector(), Run()
    run_at_once(frames(9), Waits(), paints, [sink], Limits(max_frames=5), run)
    assert sink.seen == [0, 1, 2, 3, 4]
    assert run.frames == 5


def test_at_once_an_error_of_a_sink_or_of_the_source_ends_the_run() -> None:
    class Fails:
        def take(self, picture: np.ndarray, explanation: Explanation) -> None:
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        run_at_once(frames(500), FakeExplainer(), painted, [Fails()], Limits(), Run())

    def breaks():
        yield from frames(3)
        raise OSError("gone")

    sink = Collector()
    with pytest.raises(OSError, match="gone"):
        run_at_once(breaks(), FakeExplainer(), painted, [sink], Limits(), Run())
    assert sink.seen == [0, 1, 2]


def test_the_rate_is_that_of_the_last_thirty_frames() -> None:
    run = Run()
    assert run.recent_fps == 0
    run.durations_s.extend([10.0] * 50 + [0.1] * 30)
    assert run.recent_fps == pytest.approx(10)


def test_pictures_may_fail_one_by_one_and_the_rest_goes_on() -> None:
    class Refuses(FakeExplainer):
        def explain(self, image: Frame, *, with_map: bool) -> Explanation:
            if image.frame_index == 1:
                raise SinkError("no")
            return super().explain(image, with_map=with_map)

    told, seen, run = [], Collector(), Run()
    run_pipeline(
        frames(3), Refuses(), painted, [seen], Limits(), run, lambda error: told.append(str(error)) or True
    )
    assert (seen.seen, told, run.frames) == ([0, 2], ["no"], 2)
    with pytest.raises(SinkError):
        run_pipeline(frames(3), Refuses(), painted, [seen], Limits(), Run(), lambda _: False)
