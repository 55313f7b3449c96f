"""Stages that work at the same time: order, errors, and no thread that stays behind."""

from __future__ import annotations

import _thread
import threading
import time
import traceback
from collections.abc import Iterator

import pytest

from heatcam.runtime.threaded import BackgroundWorker, map_ahead, prefetch, run_both


def no_thread_is_left(name: str) -> bool:
    return name not in {thread.name for thread in threading.enumerate()}


def test_items_come_in_order_and_none_is_lost() -> None:
    assert list(prefetch(range(100), 3)) == list(range(100))
    assert no_thread_is_left("ahead")


def test_items_are_fetched_ahead_of_their_use_and_not_further() -> None:
    fetched: list[int] = []

    def source() -> Iterator[int]:
        for n in range(50):
            fetched.append(n)
            yield n

    items = prefetch(source(), 4)
    assert next(items) == 0
    deadline = time.monotonic() + 5
    while len(fetched) < 6 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert len(fetched) == 6  # one in use, four waiting, one in hand
    items.close()


def test_an_error_comes_after_the_items_before_it_with_its_traceback() -> None:
    def breaks() -> Iterator[int]:
        yield 1
        yield 2
        raise ZeroDivisionError("in the thread")

    seen = []
    with pytest.raises(ZeroDivisionError, match="in the thread") as caught:
        for item in prefetch(breaks(), 2):
            seen.append(item)
    assert seen == [1, 2]
    assert "breaks" in "".join(traceback.format_tb(caught.value.__traceback__))
    assert no_thread_is_left("ahead")


def test_a_reader_that_stops_early_leaves_no_thread_behind() -> None:
    for item in prefetch(iter(int, 1), 2):  # for ever
        assert item == 0
        break
    deadline = time.monotonic() + 5
    while not no_thread_is_left("ahead") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert no_thread_is_left("ahead")


def test_work_is_done_in_order_behind_the_one_who_hands_over() -> None:
    done: list[int] = []
    with BackgroundWorker(lambda n: (time.sleep(0.001), done.append(n)), 2) as behind:
        for n in range(30):
            behind.submit(n)
    assert done == list(range(30))
    assert no_thread_is_left("behind")


def test_both_work_at_the_same_time() -> None:
    """Each waits for the other: one after the other, this would never end."""
    meet = threading.Barrier(2, timeout=10)
    with BackgroundWorker(lambda _: meet.wait(), 1) as behind:
        behind.submit(1)
        meet.wait()


def test_an_error_of_the_work_is_raised_when_handing_over_or_leaving() -> None:
    def fails(n: int) -> None:
        if n == 3:
            raise ZeroDivisionError(n)

    with pytest.raises(ZeroDivisionError), BackgroundWorker(fails, 2) as behind:
        for n in range(1000):
            behind.submit(n)
            time.sleep(0.001)
        pytest.fail("nobody said that the work has ended")
    with pytest.raises(ZeroDivisionError), BackgroundWorker(fails, 2) as behind:
        behind.submit(3)
    assert no_thread_is_left("behind")


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_what_was_handed_over_is_worked_off_after_an_error(error: type[BaseException]) -> None:
    done: list[int] = []
    with pytest.raises(error), BackgroundWorker(lambda n: (time.sleep(0.02), done.append(n)), 4) as behind:
        for n in range(4):
            behind.submit(n)
        raise error
    assert done == [0, 1, 2, 3]


def test_the_first_error_is_the_one_that_is_raised() -> None:
    def fails(_: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(KeyError), BackgroundWorker(fails, 2) as behind:
        behind.submit(1)
        raise KeyError


def test_a_second_ctrl_c_leaves_the_rest_undone() -> None:
    begun, may_end = threading.Event(), threading.Event()
    done: list[int] = []

    def works(n: int) -> None:
        begun.set()
        may_end.wait(5)
        done.append(n)

    def interrupt() -> None:
        begun.wait(5)
        time.sleep(0.2)  # (the block is left by then)
        _thread.interrupt_main()
        time.sleep(0.3)
        may_end.set()

    interrupter = threading.Thread(target=interrupt)
    with pytest.raises(KeyboardInterrupt), BackgroundWorker(works, 4) as behind:
        for n in range(4):
            behind.submit(n)
        interrupter.start()
    interrupter.join(5)
    assert done == [0]
    assert no_thread_is_left("behind")


def test_results_come_in_order_however_long_each_takes() -> None:
    def slow(number: int) -> int:
        time.sleep(0.02 * (number % 3 == 0))
        return number * number

    assert list(map_ahead(slow, range(20), workers=3, ahead=5)) == [number * number for number in range(20)]


def test_no_more_is_worked_on_than_is_asked_for() -> None:
    taken: list[int] = []
    results = map_ahead(str, (taken.append(number) or number for number in range(100)), workers=2, ahead=3)
    assert next(results) == "0"
    assert taken == [0, 1, 2]
    results.close()
    assert len(taken) == 3


def test_an_error_is_raised_at_its_place() -> None:
    def inverse(number: int) -> float:
        return 1 / number

    results = map_ahead(inverse, [1, 2, 0, 4])
    assert (next(results), next(results)) == (1.0, 0.5)
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert not [thread for thread in threading.enumerate() if "heatcam ahead" in thread.name]


def test_two_functions_run_at_the_same_time_and_their_thread_ends() -> None:
    meet = threading.Barrier(2, timeout=10)  # neither passes alone

    def met(name: str) -> tuple[str, bool]:
        meet.wait()
        return name, threading.current_thread() is threading.main_thread()

    assert run_both(lambda: met("a"), lambda: met("b")) == (("a", True), ("b", False))
    assert no_thread_is_left("heatcam beside")


@pytest.mark.parametrize(("fails", "comes"), [("a", "a"), ("b", "b"), ("ab", "a")])
def test_an_error_of_either_comes_out_once_both_have_ended(fails: str, comes: str) -> None:
    ended = []

    def work(name: str) -> None:
        time.sleep(0.02 * (name == "b"))
        ended.append(name)
        if name in fails:
            raise ValueError(name)

    with pytest.raises(ValueError, match=comes) as caught:
        run_both(lambda: work("a"), lambda: work("b"))
    assert sorted(ended) == ["a", "b"]
    assert "in work" in "".join(traceback.format_exception(caught.value))
    assert no_thread_is_left("heatcam beside")


def test_ctrl_c_waits_for_the_other_and_a_second_one_does_not() -> None:
    goes_on, ended = threading.Event(), threading.Event()

    def interrupted() -> None:
        raise KeyboardInterrupt

    def work() -> None:
        goes_on.wait(10)
        ended.set()

    threading.Timer(0.05, goes_on.set).start()
    with pytest.raises(KeyboardInterrupt):
        run_both(interrupted, work)
    assert ended.is_set()
    goes_on.clear()
    threading.Timer(0.05, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        run_both(interrupted, work)
    assert not goes_on.is_set()
    goes_on.set()
