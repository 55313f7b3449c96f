"""The line at the model: first come first served, over threads and requests, with limits."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from heatcam.web.model_queue import ModelQueue
from heatcam.web.problems import Problem
from heatcam.web.worker import Worker


async def until_soon(is_so: Callable[[], bool]) -> None:
    async def waits() -> None:
        while not is_so():
            await asyncio.sleep(0.002)

    await asyncio.wait_for(waits(), 10)


class Blocked:
    """A function that lasts until it is let go."""

    def __init__(self) -> None:
        self.began, self.goes_on = threading.Event(), threading.Event()

    def __call__(self) -> str:
        self.began.set()
        assert self.goes_on.wait(10)
        return "done"


async def begun(queue: ModelQueue) -> tuple[Blocked, asyncio.Task[str]]:
    """A request that is in work."""
    blocked = Blocked()
    task = asyncio.create_task(queue.run(blocked))
    await until_soon(blocked.began.is_set)
    return blocked, task


def test_a_request_gets_what_its_function_returns_or_raises() -> None:
    queue = ModelQueue(2, 5)

    async def both() -> int:
        with pytest.raises(ZeroDivisionError):
            await queue.run(lambda: 1 // 0)
        return await queue.run(lambda: 41 + 1)

    assert asyncio.run(both()) == 42
    assert queue.waiting == 0


def test_functions_run_one_at_a_time_in_the_order_of_their_coming() -> None:
    queue, order, at_once = ModelQueue(20, 5), [], []

    def job(number: int) -> None:
        at_once.append(number)
        order.append((number, len(at_once)))
        time.sleep(0.002)
        at_once.remove(number)

    async def all_of_them() -> None:
        await asyncio.gather(*(queue.run(lambda n=n: job(n)) for n in range(12)))

    asyncio.run(all_of_them())
    assert order == [(n, 1) for n in range(12)]


def test_a_request_gets_its_turn_between_two_frames_of_a_thread_that_never_rests() -> None:
    queue, ends, frames = ModelQueue(2, 5), threading.Event(), []

    def live() -> None:
        while not ends.is_set():
            with queue.turn():
                frames.append(len(frames))
                time.sleep(0.005)

    async def asked() -> int:
        await until_soon(lambda: len(frames) > 3)
        before = len(frames)
        await queue.run(lambda: None)
        return len(frames) - before

    thread = threading.Thread(target=live)
    thread.start()
    try:
        assert asyncio.run(asked()) <= 2  # the one that was in work, and at most the one after
    finally:
        ends.set()
        thread.join()


def test_a_thread_has_its_turn_alone_and_hands_it_over_also_after_an_error() -> None:
    queue = ModelQueue(2, 5)
    with pytest.raises(ZeroDivisionError), queue.turn():
        assert 1 // 0
    inside = threading.Event()

    def other() -> None:
        with queue.turn():
            inside.set()

    with queue.turn():
        thread = threading.Thread(target=other)
        thread.start()
        assert not inside.wait(0.05)
    thread.join(10)
    assert inside.is_set()


def test_more_requests_than_may_wait_are_refused_with_a_time_to_try_again() -> None:
    async def tried() -> Problem:
        queue = ModelQueue(1, 5)
        blocked, first = await begun(queue)
        second = asyncio.create_task(queue.run(lambda: "second"))
        await until_soon(lambda: queue.waiting == 2)
        with pytest.raises(Problem) as refused:
            await queue.run(lambda: "third")
        blocked.goes_on.set()
        assert [await first, await second] == ["done", "second"]
        assert await queue.run(lambda: "later") == "later"
        return refused.value

    problem = asyncio.run(tried())
    assert problem.status == 429
    assert problem.retry_after_s is not None and problem.retry_after_s >= 1


def test_a_live_thread_counts_not_against_the_limit() -> None:
    queue = ModelQueue(0, 5)
    with queue.turn():

        async def asked() -> None:
            task = asyncio.create_task(queue.run(lambda: "one"))
            await until_soon(lambda: queue.waiting == 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(asked())
    assert queue.waiting == 0


def test_a_request_that_is_not_done_in_time_is_told_so_and_the_next_one_waits_for_the_function_to_end() -> (
    None
):
    async def tried() -> Problem:
        queue = ModelQueue(3, 0.05)
        blocked = Blocked()
        with pytest.raises(Problem) as late:
            await queue.run(blocked)
        with pytest.raises(Problem):
            await queue.run(lambda: "still in work")
        blocked.goes_on.set()
        assert await queue.run(lambda: "next") == "next"
        return late.value

    problem = asyncio.run(tried())
    assert (problem.status, problem.retry_after_s) == (503, 1)


def test_a_request_that_was_cancelled_while_it_waited_never_runs_and_holds_nobody_up() -> None:
    async def tried() -> list[str]:
        queue, ran = ModelQueue(5, 5), []
        blocked, first = await begun(queue)
        tasks = [asyncio.create_task(queue.run(lambda n=n: ran.append(n))) for n in "abc"]
        await until_soon(lambda: queue.waiting == 4)
        tasks[0].cancel()
        tasks[1].cancel()
        await until_soon(lambda: queue.waiting == 2)
        blocked.goes_on.set()
        await asyncio.gather(first, *tasks, return_exceptions=True)
        return ran

    assert asyncio.run(tried()) == ["c"]


def test_what_a_cancelled_request_began_is_thrown_away_and_the_turn_goes_on() -> None:
    async def tried() -> str:
        queue = ModelQueue(5, 5)
        blocked, first = await begun(queue)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert queue.waiting == 0
        second = asyncio.create_task(queue.run(lambda: "second"))
        await asyncio.sleep(0.02)
        assert not second.done()  # the engine is still called by the first
        blocked.goes_on.set()
        return await second

    assert asyncio.run(tried()) == "second"


def test_a_turn_that_comes_in_the_moment_of_cancelling_is_passed_on() -> None:
    """Whatever moment it is: the line never stands still."""

    async def tried(steps: int) -> None:
        queue = ModelQueue(9, 5)
        first = asyncio.create_task(queue.run(lambda: None))
        second = asyncio.create_task(queue.run(lambda: None))
        for _ in range(steps):
            await asyncio.sleep(0)
        second.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        assert await asyncio.wait_for(queue.run(lambda: 1), 5) == 1

    for steps in range(12):
        asyncio.run(tried(steps))


def test_work_needs_the_model_only_for_a_part_of_it() -> None:
    """Two requests are admitted; while one draws, the other has the model."""

    async def tried() -> list[str]:
        queue, done = ModelQueue(5, 5), []
        may_end = asyncio.Event()

        async def draws() -> None:
            await queue.in_turn(lambda: done.append("first"))
            await may_end.wait()

        first = asyncio.create_task(queue.admit(draws))
        await until_soon(lambda: done == ["first"])
        await queue.run(lambda: done.append("second"))
        assert not first.done()
        may_end.set()
        await first
        return done

    assert asyncio.run(tried()) == ["first", "second"]


def test_the_event_loop_is_free_while_a_function_runs() -> None:
    async def tried() -> bool:
        blocked, task = await begun(ModelQueue(1, 5))
        await asyncio.sleep(0)
        is_free = not task.done()  # (else this would not have been reached before the function's end)
        blocked.goes_on.set()
        return is_free and await task == "done"

    assert asyncio.run(tried())


def test_a_worker_runs_as_many_functions_at_once_as_it_has_threads() -> None:
    async def tried(threads: int) -> bool:
        worker = Worker("test", threads)
        first, second = Blocked(), Blocked()
        tasks: list[Awaitable[Any]] = [asyncio.ensure_future(worker.run(one)) for one in (first, second)]
        await until_soon(first.began.is_set)
        await asyncio.sleep(0.05)
        both = second.began.is_set()
        first.goes_on.set(), second.goes_on.set()
        await asyncio.gather(*tasks)
        return both

    assert asyncio.run(tried(2))
    assert not asyncio.run(tried(1))
