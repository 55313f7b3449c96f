"""Trials of a paused frame: in the background, stopped by whatever comes, and no fault of theirs ends more than they."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from heatcam.enums import ComparedView
from heatcam.frames import Explanation
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.frame_history import FrameHistory, HistoryEntry
from heatcam.live.questions import AskedBox, FrameAnswers, PlaceReply, Questions
from heatcam.live.state import WindowState
from heatcam.live.trying import TriedFrame, Trying, can_try
from heatcam.sinks import Action, Click
from tests.live.streams import FakeExplainer, FakeViewer, Stream, after, frame, later, seen, session

STILL = ExplainRequest(with_object_maps=True, still=True)
TWO = ((10.0, 10.0, 60.0, 60.0), (80.0, 40.0, 150.0, 110.0))
BATCH = 8


def still(index: int = 3) -> Explanation:
    return FakeExplainer(TWO)(frame(index), STILL)


class Tries:
    """Trials in batches of eight that take ``seconds``; an object is settled after ``trials`` of them."""

    def __init__(self, base: Explanation, seconds: float, on_batch: Callable[[int], object]) -> None:
        self.base, self.seconds, self.on_batch = base, seconds, on_batch
        self.made = [0] * len(base.object_maps)

    @property
    def trials(self) -> int:
        return sum(self.made)

    def run_object(self, number: int, trials: int) -> Iterator[None]:
        while self.made[number] < trials:
            self.on_batch(number)
            time.sleep(self.seconds)
            self.made[number] += BATCH
            yield

    def explanation(self, *, fine_for_others: bool = False) -> Explanation:
        assert fine_for_others
        maps = tuple(
            replace(own, method="true", trials=count, deviation=np.zeros_like(own.values))
            for own, count in zip(self.base.object_maps, self.made, strict=True)
        )
        return replace(self.base, object_maps=maps, saliency=maps[0])


class Started:
    """Starts trials, and notes which objects had a batch, and of how many frames trials were begun."""

    def __init__(self, seconds: float = 0.0, on_batch: Callable[[int], object] = lambda _: None) -> None:
        self.seconds, self.on_batch = seconds, on_batch
        self.batches: list[int] = []
        self.begun: list[Explanation] = []

    def __call__(self, base: Explanation, request: ExplainRequest) -> Tries:
        assert request.still
        self.begun.append(base)
        return Tries(base, self.seconds, self._batch)

    def _batch(self, number: int) -> None:
        self.batches.append(number)
        self.on_batch(number)


def until(holds: Callable[[], Any], within_s: float = 5) -> Any:
    deadline_s = time.monotonic() + within_s
    while not (found := holds()) and time.monotonic() < deadline_s:
        time.sleep(0.005)
    return found


def all_made(trying: Trying) -> list[TriedFrame]:
    taken: list[TriedFrame] = []

    def settled() -> bool:
        made = trying.take()
        taken.extend([made] if made else [])
        return bool(taken and taken[-1].is_settled)

    assert until(settled)
    return taken


def test_the_chosen_object_comes_first_then_the_strongest() -> None:
    started, base = Started(), still()
    trying = Trying(started, 16)
    trying.want(base, STILL, first=1)
    last = all_made(trying)[-1]
    assert started.batches == [1, 1, 0, 0]
    assert (last.base, last.trials) == (base, 32)
    assert trying.close()


def test_pictures_come_at_most_twice_a_second_and_grow() -> None:
    now = [0.0]

    def tick(_: int) -> None:
        now[0] += 0.125

    trying = Trying(Started(on_batch=tick, seconds=0.004), 80, lambda: now[0])
    trying.want(still(), STILL)
    much_later = threading.Timer(0.3, lambda: now.__setitem__(0, 99.0))  # the last one waits for its time
    much_later.start()
    taken = all_made(trying)
    assert [one.trials for one in taken] == sorted(one.trials for one in taken)
    assert 3 <= len(taken) <= 20 * 0.125 / 0.5 + 2, "20 batches of an eighth of a second"
    assert trying.close()


def test_what_is_stopped_ends_within_a_batch_and_is_gone_on_with() -> None:
    started, base = Started(seconds=0.01), still()
    trying = Trying(started, 400)
    trying.want(base, STILL)
    until(lambda: len(started.batches) >= 4)
    trying.stop()
    count = len(started.batches)
    time.sleep(0.06)
    assert len(started.batches) <= count + 1
    assert trying.take() is None
    trying.want(base, STILL)
    assert until(lambda: len(started.batches) >= count + 4)
    assert started.begun == [base], "trials of before were not kept"
    trying.stop(forget=True)
    time.sleep(0.05)
    trying.want(base, STILL)
    assert until(lambda: len(started.begun) == 2), "a frame that does not come again was kept"
    assert trying.close()


def test_another_object_goes_on_where_it_was_with_nothing_lost() -> None:
    started, base = Started(seconds=0.005), still()
    trying = Trying(started, 80)
    trying.want(base, STILL)
    until(lambda: started.batches)
    trying.want(base, STILL, first=1)
    assert all_made(trying)[-1].trials == 160
    assert len(started.batches) == 20
    assert 1 in started.batches[:4]
    assert trying.close()


def has_more(started: Started, begun: int) -> bool:
    return len(started.batches) > begun + 2


def test_trials_of_at_most_two_frames_are_kept() -> None:
    started, bases = Started(seconds=0.002), [still(n) for n in range(3)]
    trying = Trying(started, 4000)
    for base in (*bases, bases[2], bases[1], bases[0]):
        begun = len(started.batches)
        trying.want(base, STILL)
        until(partial(has_more, started, begun))
    assert started.begun == [*bases, bases[0]]
    assert trying.close()


def test_trials_that_die_are_told_once_and_not_begun_again() -> None:
    def die(_: int) -> None:
        raise MemoryError("no memory\nat all")

    started, base = Started(on_batch=die), still()
    trying = Trying(started, 16)
    trying.want(base, STILL)
    assert "no memory" in until(trying.take_fault)
    assert trying.take_fault() == ""
    trying.want(base, STILL)
    time.sleep(0.05)
    assert len(started.batches) == 1
    assert trying.take() is None
    started.on_batch = lambda _: None
    trying.want(still(4), STILL)
    assert all_made(trying)[-1].trials == 32, "one fault ended all trials"
    assert trying.close()


def test_trials_that_cannot_begin_are_told() -> None:
    def start(*_: object) -> Any:
        raise RuntimeError("cannot compile")

    trying = Trying(start, 16)
    trying.want(still(), STILL)
    assert until(trying.take_fault) == "cannot compile"
    assert trying.close()


def test_trials_that_block_block_nobody() -> None:
    unblock = threading.Event()
    trying = Trying(Started(on_batch=lambda _: bool(unblock.wait(30))), 16)
    trying.want(still(), STILL)
    time.sleep(0.02)
    before_s = time.monotonic()
    trying.stop()
    trying.want(still(4), STILL)
    assert trying.take() is None
    assert time.monotonic() - before_s < 0.5
    unblock.set()
    assert trying.close()


def test_trials_belong_on_the_usual_map_of_one_model_that_stands_still() -> None:
    assert can_try(STILL)
    assert can_try(replace(STILL, method="fine"))
    for other in (
        {"still": False},
        {"with_map": False},
        {"method": "gradcam"},
        {"layers": "15"},
        {"compared": ComparedView.B},
        {"compared": ComparedView.BOTH},
    ):
        assert not can_try(replace(STILL, **other)), other


def tried(index: int) -> HistoryEntry:
    base = still(index)
    maps = tuple(replace(own, method="true", trials=100) for own in base.object_maps)
    return HistoryEntry(
        replace(base, object_maps=maps), (1, 2), STILL, fine=base, trials=200, is_settled=True
    )


def test_maps_by_trial_are_dropped_before_frames_are_and_not_those_of_the_current_one() -> None:
    bare = HistoryEntry(seen(frame(3), ()), (), STILL)
    history = FrameHistory(most_bytes=3 * tried(0).bytes + bare.bytes - 1)
    for n in range(3):
        history.add(tried(n))
    history.add(bare)
    assert kept_in(history) == [(3, 0), (2, 200), (1, 200), (0, 0)]


def test_the_current_frame_keeps_its_maps_by_trial_however_little_memory_there_is() -> None:
    history = FrameHistory(most_bytes=1)
    history.add(tried(0))
    history.add(tried(1))
    assert kept_in(history) == [(1, 200)]


def kept_in(history: FrameHistory) -> list[tuple[int, int]]:
    """Number and trials of each frame that is kept, the newest first."""
    kept = []
    while (now := history.now) is not None:
        kept.append((now.explanation.frame.frame_index, now.trials))
        if not history.step(-1):
            break
    return kept


def shown_by(window: Any) -> list[HistoryEntry]:
    """Every entry that is drawn, from now on."""
    drawn: list[HistoryEntry] = []
    draw = window.presenter.draw

    def kept(entry: HistoryEntry, *words: Any, **named: Any) -> None:
        drawn.append(entry)
        draw(entry, *words, **named)

    window.presenter.draw = kept
    return drawn


def window(
    viewer: FakeViewer, started: Started, *, trials: int = 4000, source: Stream | None = None, **options: Any
) -> Any:
    made = session(source or Stream(4, can_seek=True), viewer, FakeExplainer(TWO), holds=True, **options)
    made.parts.inference.trying = Trying(started, trials)
    return made


def tried_and(window: Any) -> Callable[[FakeViewer], bool]:
    """Once a map by trial is shown."""
    return lambda _: bool(window[0].presenter.shown and window[0].presenter.shown.entry.trials)


def test_the_frame_that_stays_gets_fine_maps_then_those_by_trial() -> None:
    made: list[Any] = []

    def is_settled(_: FakeViewer) -> bool:
        shown = made[0].presenter.shown
        return bool(shown and shown.entry.is_settled)

    viewer = FakeViewer((is_settled, [Action.QUIT]))
    made.append(window(viewer, Started(), trials=16))
    drawn = shown_by(made[0])
    made[0].run()
    last = drawn[-1]
    assert [own.trials for own in last.explanation.object_maps] == [16, 16]
    assert last.is_settled
    assert last.fine is not None
    assert not last.fine.object_maps[0].trials
    assert any(each.request.still and not each.trials for each in drawn), "the fine maps were not shown first"


def test_a_key_that_asks_for_another_map_stops_the_trials() -> None:
    made: list[Any] = []
    started = Started(seconds=0.005)
    viewer = FakeViewer(
        (tried_and(made), [Action.NEXT_METHOD]), (later(0.2), []), (later(0.2), [Action.QUIT])
    )
    made.append(window(viewer, started))
    counts: list[int] = []
    poll = viewer.poll
    viewer.poll = lambda wait_ms=1: (counts.append(len(started.batches)), poll(wait_ms))[1]  # type: ignore[method-assign,func-returns-value]
    made[0].run()
    assert counts[-1] == counts[-10], "trials went on"
    shown = made[0].presenter.shown.entry
    assert (shown.request.method, shown.trials, shown.fine) == ("gradcam", 0, None)


def test_a_key_of_the_look_alone_lets_them_go_on() -> None:
    made: list[Any] = []
    started = Started(seconds=0.005)
    viewer = FakeViewer((tried_and(made), [Action.NEXT_COLORMAP]), (later(0.3), [Action.QUIT]))
    made.append(window(viewer, started))
    drawn = shown_by(made[0])
    made[0].run()
    assert len(started.begun) == 1
    assert drawn[-1].trials >= drawn[-2].trials > 0


def test_a_click_on_an_object_puts_it_first() -> None:
    made: list[Any] = []
    started = Started(seconds=0.005)
    viewer = FakeViewer((tried_and(made), [Click(100, 70)]), (later(0.3), [Action.QUIT]))
    made.append(window(viewer, started))
    made[0].run()
    assert (started.batches[0], started.batches[-1]) == (0, 1)
    assert len(started.begun) == 1


def test_a_step_back_stops_them_and_what_they_made_is_there_again() -> None:
    made: list[Any] = []
    started = Started(seconds=0.005)
    viewer = FakeViewer(
        (tried_and(made), [Action.STEP_BACK]),
        (later(0.1), [Action.STEP_FORWARD]),
        (later(0.02), [Action.QUIT]),
    )
    made.append(window(viewer, started))
    drawn = shown_by(made[0])
    made[0].run()
    most = max(each.trials for each in drawn if each.explanation.frame.frame_index == 3)
    last = made[0].playback.history.now
    assert last.explanation.frame.frame_index == 3
    assert last.trials >= most > 0


def test_resuming_stops_them() -> None:
    made: list[Any] = []
    started = Started(seconds=0.005)
    viewer = FakeViewer(
        (after(3), [Action.PAUSE]), (tried_and(made), [Action.PAUSE]), (later(0.3), [Action.QUIT])
    )
    made.append(window(viewer, started, source=Stream(is_live=True, fps=50)))
    counts: list[int] = []
    poll = viewer.poll
    viewer.poll = lambda wait_ms=1: (counts.append(len(started.batches)), poll(wait_ms))[1]  # type: ignore[method-assign,func-returns-value]
    made[0].run()
    assert counts[-1] == counts[-5]
    assert not made[0].presenter.shown.entry.trials


def test_a_place_that_is_asked_about_comes_before_them_and_is_answered_by_the_fine_maps() -> None:
    made: list[Any] = []
    asked: list[Explanation] = []
    alive: list[int] = []
    started = Started(seconds=0.005)

    def answer(explanation: Explanation, request: ExplainRequest) -> FrameAnswers:
        alive.append(len(started.batches))
        time.sleep(0.1)
        alive.append(len(started.batches))
        asked.append(explanation)
        return FrameAnswers(request.questions, PlaceReply(reason="so"))

    def ask(_: FakeViewer) -> bool:
        if tried_and(made)(viewer):
            state: WindowState = made[0].state
            made[0].current.change(replace(state, questions=Questions(AskedBox((1.0, 1.0, 9.0, 9.0)))))
            return True
        return False

    viewer = FakeViewer((ask, []), (later(0.7), [Action.QUIT]))
    made.append(window(viewer, started, answer=answer))
    made[0].run()
    assert asked
    assert all(not own.trials for each in asked for own in each.object_maps)
    assert alive[1] - alive[0] <= 1, "trials went on beside the answer"
    shown = made[0].presenter.shown.entry
    assert shown.answers.place.reason == "so"
    assert shown.trials, "the answer took the maps by trial away"
    assert len(started.begun) == 1


def test_a_fault_is_a_note_and_the_fine_map_stays() -> None:
    def die(_: int) -> None:
        raise ValueError("scores of 7")

    made: list[Any] = []
    said = "no map by trial: scores of 7"
    viewer = FakeViewer((lambda _: said in made[0].stats.errors, []), (later(0.1), [Action.QUIT]))
    made.append(window(viewer, Started(on_batch=die)))
    made[0].run()
    shown = made[0].presenter.shown
    assert shown.status.message == said
    assert shown.entry.request.still
    assert not shown.entry.trials


def test_trials_that_block_keep_no_key_waiting_nor_the_end() -> None:
    unblock = threading.Event()
    started = Started(on_batch=lambda _: bool(unblock.wait(30)))
    viewer = FakeViewer((lambda _: bool(started.batches), [Action.STEP_BACK]), (later(0.2), [Action.QUIT]))
    made = window(viewer, started)
    before_s = time.monotonic()
    made.run()
    assert time.monotonic() - before_s < 5
    assert made.presenter.shown.entry.explanation.frame.frame_index == 2
    assert made.presenter.shown.entry.request.still, "the frame before got no fine maps"
    unblock.set()


def test_a_snapshot_has_the_maps_that_are_shown(tmp_path: Any) -> None:
    made: list[Any] = []
    viewer = FakeViewer((tried_and(made), [Action.SAVE_SNAPSHOT]), (later(0.3), [Action.QUIT]))
    made.append(window(viewer, Started(), trials=16, folder=tmp_path))
    made[0].run()
    with np.load(next(tmp_path.glob("*.npz"))) as saved:
        assert str(saved["method"]) == "true"
        assert "object_deviations" in saved
