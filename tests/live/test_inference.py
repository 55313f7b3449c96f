"""The thread that explains: in order, paused and stepped, with second looks, and never stopped by what cannot be had."""

import time
from dataclasses import replace

import pytest

from heatcam.errors import UsageError
from heatcam.live.capture import Captured, End, Stretch
from heatcam.live.explain_request import ExplainRequest, Ready
from heatcam.live.inference import Inference
from heatcam.runtime import FrameQueue, WhenFull
from tests.live.streams import FakeExplainer, frame, seen


def started(explain, count=0, *, drops=False, request=None):
    frames = FrameQueue(max(1, count), WhenFull.WAIT)
    for n in range(count):
        frames.put(Captured(frame(n)))
    inference = Inference(frames, explain, request or ExplainRequest(), drops=drops)
    inference.start()
    return inference, frames


def results_of(inference, count, within_s=5):
    taken, deadline = [], time.monotonic() + within_s
    while len(taken) < count and time.monotonic() < deadline:
        shown = inference.results.take(0.05)
        if shown is not None:
            taken.append(shown.explanation.frame.frame_index)
    return taken


def test_every_frame_is_explained_in_order():
    inference, frames = started(FakeExplainer(), 8)
    frames.finish()
    assert results_of(inference, 8) == list(range(8))
    assert inference.results.take(2) is None
    assert inference.results.exhausted
    assert inference.stop()


def test_new_wants_count_from_the_next_frame_on():
    explain = FakeExplainer(seconds=0.02)
    inference, frames = started(explain, 1)
    results_of(inference, 1)
    inference.request = ExplainRequest(with_map=False, conf=0.5)
    frames.put(Captured(frame(1)))
    results_of(inference, 1)
    assert [request.conf for _, request in explain.asked] == [0.25, 0.5]
    assert not explain.asked[1][1].with_map
    inference.stop()


def test_paused_it_leaves_frames_where_they_are_until_a_step():
    explain = FakeExplainer()
    inference, frames = started(explain)
    inference.pause(True)
    time.sleep(0.1)  # it may have been waiting for a frame already
    frames.put(Captured(frame(0)))
    assert results_of(inference, 1, within_s=0.15) == []
    inference.step()
    assert results_of(inference, 1) == [0]
    frames.put(Captured(frame(1)))
    assert results_of(inference, 1, within_s=0.15) == []
    inference.pause(False)
    assert results_of(inference, 1) == [1]
    inference.stop()


def test_a_frame_that_stands_still_gets_its_second_look_first():
    explain = FakeExplainer()
    inference, frames = started(explain)
    inference.pause(True)
    still = frame(3)
    inference.refine(still, ExplainRequest(still=True, with_object_maps=True))
    shown = inference.refined.take(5)
    assert shown.explanation.frame is still
    assert shown.request.still
    assert len(shown.explanation.object_maps) == 1
    inference.stop()
    del frames


def test_the_last_second_look_that_was_asked_for_counts():
    explain = FakeExplainer(seconds=0.1)
    inference, _ = started(explain)
    inference.pause(True)
    inference.refine(frame(1), ExplainRequest(still=True))
    time.sleep(0.03)
    inference.refine(frame(2), ExplainRequest(still=True))
    looks = [inference.refined.take(1), inference.refined.take(0.4)]
    assert [s.explanation.frame.frame_index for s in looks if s] == [2]
    inference.stop()


def test_second_looks_go_on_after_the_last_frame():
    inference, frames = started(FakeExplainer(), 1)
    frames.finish()
    results_of(inference, 1)
    inference.refine(frame(0), ExplainRequest(still=True))
    assert inference.refined.take(5) is not None
    inference.stop()


def test_what_cannot_be_had_is_said_once_and_the_stream_goes_on_as_before():
    def explain(of, request):
        if request.method != "live":
            raise UsageError("no such method here", "take another")
        return seen(of)

    inference, frames = started(explain, 1)
    results_of(inference, 1)
    inference.request = replace(inference.request, method="gradcam")
    frames.put(Captured(frame(1)))
    assert results_of(inference, 1) == [1]
    explain_failure = inference.take_explain_failure()
    assert "no such method" in explain_failure.text
    assert explain_failure.request.method == "gradcam"
    assert inference.take_explain_failure() is None
    assert inference.failure is None
    inference.stop()


@pytest.mark.parametrize("error", [RuntimeError("broken"), UsageError("never worked", "give up")])
def test_what_kills_the_thread_is_kept(error):
    def explain(of, request):
        raise error

    inference, _ = started(explain, 1)
    deadline = time.monotonic() + 5
    while not inference.results.exhausted and time.monotonic() < deadline:
        time.sleep(0.01)
    assert inference.failure is error
    inference.stop()


def test_it_says_how_long_it_has_been_at_something():
    inference, frames = started(FakeExplainer(seconds=0.3))
    assert inference.busy_s == 0
    frames.put(Captured(frame(0)))
    time.sleep(0.15)
    assert 0.05 < inference.busy_s < 2
    assert inference.task == "method live"
    results_of(inference, 1)
    assert inference.busy_s == 0
    inference.stop()


def test_stopping_does_not_wait_for_a_long_pass():
    inference, frames = started(FakeExplainer(seconds=3))
    frames.put(Captured(frame(0)))
    time.sleep(0.1)
    begun = time.monotonic()
    assert not inference.stop()
    assert time.monotonic() - begun < 1.8


def test_a_second_look_that_waits_to_be_taken_is_not_made_again():
    explain = FakeExplainer()
    inference, _ = started(explain)
    inference.pause(True)
    still, request = frame(3), ExplainRequest(still=True)
    inference.refine(still, request)
    while inference.refined.peek() is None:
        time.sleep(0.005)
    inference.refine(still, request)
    time.sleep(0.1)
    assert len(explain.asked) == 1
    inference.refine(still, replace(request, conf=0.5))
    while len(explain.asked) == 1:
        time.sleep(0.005)
    inference.stop()


def test_a_second_look_that_is_asked_for_again_is_not_begun_anew():
    explain = FakeExplainer(seconds=0.2)
    inference, _ = started(explain)
    inference.pause(True)
    still, request = frame(1), ExplainRequest(still=True)
    for _ in range(4):
        inference.refine(still, request)
        time.sleep(0.03)
    assert inference.refined.take(1) is not None
    assert len(explain.asked) == 1
    inference.stop()


def test_a_step_goes_before_a_second_look():
    explain = FakeExplainer(seconds=0.02)
    inference, frames = started(explain)
    inference.pause(True)
    inference.refine(frame(1), ExplainRequest(still=True))
    inference.step()
    inference.refine(frame(2), ExplainRequest(still=True))
    time.sleep(0.2)  # the step waits for its frame, and the look for the step
    assert 2 not in [index for index, _ in explain.asked]
    frames.put(Captured(frame(5)))
    assert results_of(inference, 1) == [5]
    assert inference.refined.take(2).explanation.frame.frame_index == 2
    inference.stop()


def test_a_second_look_that_cannot_be_had_is_a_complaint_and_the_stream_goes_on():
    def explain(of, request):
        if request.still:
            raise UsageError("no fine maps here", "look at the others")
        return seen(of)

    inference, frames = started(explain, 1)
    results_of(inference, 1)
    inference.refine(frame(0), ExplainRequest(still=True))
    deadline = time.monotonic() + 5
    while (explain_failure := inference.take_explain_failure()) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert explain_failure.request.still
    frames.put(Captured(frame(1)))
    assert results_of(inference, 1) == [1]
    assert inference.failure is None
    inference.stop()


def test_a_look_that_is_not_wanted_any_more_is_not_handed_over():
    inference, _ = started(FakeExplainer(seconds=0.15))
    inference.refine(frame(1), ExplainRequest(still=True))
    time.sleep(0.05)
    inference.forget_refinement()
    assert inference.refined.take(0.4) is None
    inference.stop()


def test_what_was_read_before_a_seek_is_not_explained_and_the_thread_is_told_of_the_jump():
    explain, jumps = FakeExplainer(), []
    frames = FrameQueue(9, WhenFull.WAIT)
    inference = Inference(
        frames, explain, ExplainRequest(), drops=False, on_jump=lambda: jumps.append(len(explain.asked))
    )
    inference.seek(1, step=False)
    for captured in (
        Captured(frame(7)),
        *(Captured(frame(n), Stretch(1, lap)) for n, lap in ((3, 0), (4, 0), (0, 1))),
    ):
        frames.put(captured)
    inference.start()
    assert results_of(inference, 3) == [3, 4, 0]
    assert jumps == [0, 2], "at the seek, and where the file began again"
    inference.stop()


def test_an_end_follows_the_last_explanation_also_where_results_may_be_dropped():
    frames = FrameQueue(9, WhenFull.WAIT)
    frames.put(Captured(frame(0)))
    frames.put(End())
    inference = Inference(frames, FakeExplainer(), ExplainRequest(), drops=True)
    inference.start()
    time.sleep(0.3)
    assert results_of(inference, 1) == [0]
    assert isinstance(inference.results.take(5), End)
    assert not inference.results.exhausted, "somebody may still go back"
    inference.stop()


def test_loading_waits_for_the_first_picture_because_it_keeps_other_threads_waiting():
    loaded_at_s = []
    ready = Ready("m", "cpu", (), (), {})
    inference = Inference(
        FrameQueue(1, WhenFull.WAIT),
        FakeExplainer(),
        ExplainRequest(),
        drops=False,
        load=lambda: (loaded_at_s.append(time.monotonic()), ready)[1],
    )
    inference.start()
    time.sleep(0.3)
    assert loaded_at_s == []
    assert inference.is_loading
    begun_s = time.monotonic()
    inference.begin()
    while inference.is_loading and time.monotonic() - begun_s < 5:
        time.sleep(0.01)
    assert loaded_at_s[0] >= begun_s
    assert inference.ready is ready
    inference.stop()
