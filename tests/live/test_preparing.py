"""Explainers that take long to make: the stream goes on with the one before, and what nobody wants any more is not made."""

import threading
import time
from dataclasses import replace

import pytest

from heatcam.errors import UsageError
from heatcam.live import presenter
from heatcam.live.explaining import Explaining
from heatcam.live.preparing import Key, Preparing
from heatcam.sinks.keys import Action
from tests.live.streams import QUIT, FakeViewer, Stream, after, later, seen, session


def key(method):
    return Key(method, "", False)


class Workshop:
    """Makes names of methods; one that is told to wait waits until it is let go."""

    def __init__(self, *slow, refused=()):
        self.go = {method: threading.Event() for method in slow}
        self.refused, self.begun = refused, []

    def __call__(self, wanted):
        method = wanted[0]
        self.begun.append(method)
        if method in self.go:
            assert self.go[method].wait(20)
        if method in self.refused:
            raise UsageError(f"no {method} with this model", "take another")
        return method


def until_made(preparing, wanted, within_s=10):
    deadline = time.monotonic() + within_s
    while (made := preparing.get(wanted)) is None and time.monotonic() < deadline:
        pass
    return made


def test_what_is_quick_is_there_at_once_and_made_once():
    workshop = Workshop()
    preparing = Preparing(workshop)
    assert [preparing.get(key("live"), waits=True) for _ in range(3)] == ["live"] * 3
    assert workshop.begun == ["live"]
    assert preparing.progress() is None


def test_what_takes_long_is_none_until_it_is_there_and_says_for_how_long():
    workshop = Workshop("gradcam")
    preparing = Preparing(workshop)
    assert preparing.get(key("gradcam")) is None
    wanted, seconds = preparing.progress()
    assert wanted == key("gradcam")
    time.sleep(0.2)
    assert preparing.progress()[1] > seconds + 0.1
    workshop.go["gradcam"].set()
    assert until_made(preparing, key("gradcam")) == "gradcam"
    assert preparing.progress() is None


def test_of_several_that_were_asked_for_meanwhile_only_the_newest_is_made():
    workshop = Workshop("a")
    preparing = Preparing(workshop)
    for method in ("a", "b", "c", "d"):
        assert preparing.get(key(method)) is None
    workshop.go["a"].set()
    assert until_made(preparing, key("d")) == "d"
    assert workshop.begun == ["a", "d"]


def test_what_is_not_wanted_any_more_is_not_waited_for():
    workshop = Workshop("slow")
    preparing = Preparing(workshop)
    preparing.get(key("live"), waits=True)
    assert preparing.get(key("slow")) is None
    assert preparing.get(key("live")) == "live"
    assert preparing.progress() is None
    workshop.go["slow"].set()


def test_a_refusal_is_raised_each_time_and_tried_once():
    workshop = Workshop(refused=("odam",))
    preparing = Preparing(workshop)
    for _ in range(3):
        with pytest.raises(UsageError, match="no odam"):
            preparing.get(key("odam"), waits=True)
    assert workshop.begun == ["odam"]


def test_a_defect_is_raised_in_the_thread_that_asks():
    def make(_):
        raise ZeroDivisionError("a defect")

    with pytest.raises(ZeroDivisionError):
        Preparing(make).get(key("live"), waits=True)


class Explainer:
    """Says in its maps which method made them."""

    def __init__(self, method):
        self.method = method

    def explain(self, image, *, with_map, with_object_maps, conf):
        found = seen(image, heat=with_map)
        return (
            found
            if found.saliency is None
            else replace(found, saliency=replace(found.saliency, method=self.method))
        )


def run_with(workshop, viewer):
    """A session whose explainers come from the workshop; with what its top line said, and the methods of its maps."""
    explaining = Explaining(lambda *wanted: Explainer(workshop(wanted)))
    run = session(Stream(fps=50), viewer, explaining, waits_for=explaining.waits_for)
    said, shown = [], []
    paint = run.parts.renderer.paint

    def noting(entry, state, status, *more):
        said.append((status.message, status.model))
        shown.append(entry.explanation.saliency.method)
        return paint(entry, state, status, *more)

    run.parts.renderer.paint = noting
    return run, said, shown


def test_the_stream_goes_on_with_the_old_method_while_another_is_prepared_and_the_top_line_says_so(
    monkeypatch,
):
    monkeypatch.setattr(presenter, "NOTE_S", 0.3)  # (which key was pressed is said first)
    workshop = Workshop("gradcam")
    viewer = FakeViewer(
        (after(2), [Action.NEXT_METHOD]),
        (lambda v: later(2.0)(v) and (workshop.go["gradcam"].set() or True), []),
        (lambda v: shown[-1] == "gradcam", QUIT),
    )
    run, said, shown = run_with(workshop, viewer)
    run.run()
    preparing = [model for message, model in said if message.startswith("preparing gradcam ... ")]
    assert len(preparing) > 10, "frames go on"
    assert set(preparing) == {"fake"}, "what is shown is not called gradcam yet"
    assert any(message == "preparing gradcam ... 1 s" for message, _ in said)
    assert said[-1] == ("", "fake gradcam") or said[-1][1] == "fake gradcam"
    assert run.stats.errors == []


def test_a_method_that_cannot_be_prepared_leaves_the_old_one_with_one_message():
    workshop = Workshop("gradcam", refused=("gradcam",))
    viewer = FakeViewer(
        (after(2), [Action.NEXT_METHOD]),
        (lambda v: later(0.5)(v) and (workshop.go["gradcam"].set() or True), []),
        (later(0.6), QUIT),
    )
    run, _, shown = run_with(workshop, viewer)
    run.run()
    assert run.state.method == "live"
    assert set(shown) == {"live"}
    assert run.stats.errors == ["no gradcam with this model; take another"]
