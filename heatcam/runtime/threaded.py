"""Stages of a pipeline that run at the same time: each in a thread, with a short queue between them, in order.

An error in a thread is raised again where its results are used, with its traceback; however the run ends, the threads are
stopped and joined.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Generic, TypeVar

from heatcam.runtime.frame_queue import FrameQueue, WhenFull

Item = TypeVar("Item")
Result = TypeVar("Result")

_POLL_S = 0.1  # on Windows Ctrl-C does not end a wait without a limit


def prefetch(items: Iterable[Item], depth: int) -> Generator[Item, None, None]:
    """Yield ``items``, fetched in a thread up to ``depth`` ahead of their use.

    Close the iterator, or use it up: both end the thread, after the fetch it is in.

    Raises:
        BaseException: any error of fetching, after all items before it.
    """
    fetched: FrameQueue[Item] = FrameQueue(depth, WhenFull.WAIT)
    thread = threading.Thread(target=_fetch, args=(iter(items), fetched), name="ahead", daemon=True)
    thread.start()
    try:
        yield from fetched
    finally:
        fetched.abandon()
        thread.join()


def _fetch(items: Iterator[Item], fetched: FrameQueue[Item]) -> None:
    """Fetch items into the queue: the thread of ``prefetch``."""
    try:
        for item in items:
            if not fetched.put(item):
                return
    except BaseException as error:  # noqa: BLE001 (raised again in the thread that uses the items)
        fetched.finish(error)
    else:
        fetched.finish()


def map_ahead(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int = 2, ahead: int = 4
) -> Generator[Result, None, None]:
    """Yield ``function(item)`` for each item in order, worked on by several threads up to ``ahead`` results before their use.

    Close the iterator, or use it up: both end the threads, after the calls they are in.

    Args:
        function: called in any of the threads.
        items: taken in the caller's thread, one by one.
        workers: number of threads.
        ahead: number of results at most that wait or are being made, at least 1.

    Raises:
        BaseException: an error of ``function`` or ``items``, at its place.
    """
    pool, coming = ThreadPoolExecutor(workers, thread_name_prefix="heatcam ahead"), deque[Future[Result]]()
    try:
        for item in items:
            coming.append(pool.submit(function, item))
            if len(coming) >= max(1, ahead):
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def run_both(first: Callable[[], Item], second: Callable[[], Result]) -> tuple[Item, Result]:
    """Return the results of two functions, called at the same time: the second in a thread, which has ended by then.

    Raises:
        BaseException: the error of the first function, else that of the second, once both have ended. Ctrl-C waits for the
            second; another Ctrl-C does not.
    """
    made: Future[Result] = Future()
    thread = threading.Thread(target=_fulfil, args=(made, second), name="heatcam beside", daemon=True)
    thread.start()
    try:
        own = first()
    finally:
        while not made.done():
            wait([made], _POLL_S)
        thread.join()
    return own, made.result()


def _fulfil(future: Future[Result], function: Callable[[], Result]) -> None:
    """Call a function for the future's result: the thread of ``run_both``."""
    try:
        future.set_result(function())
    except BaseException as error:  # noqa: BLE001 (raised again in the thread that asks for the result)
        future.set_exception(error)


class BackgroundWorker(Generic[Item]):
    """Works on items in a thread, in order, up to ``depth`` behind the thread that hands them over.

    Use it with ``with``: leaving the block finishes the items that were handed over, also after an error or Ctrl-C; a second
    Ctrl-C leaves the rest undone. Hand items over from one thread only.

    Args:
        work: called with each item in the thread. Its first error ends the work; ``submit`` or leaving the block raises it.
        depth: number of items that may wait.
    """

    def __init__(self, work: Callable[[Item], None], depth: int) -> None:
        self._work = work
        self._handed: FrameQueue[Item] = FrameQueue(depth, WhenFull.WAIT)
        self._error: BaseException | None = None
        self._raised = False
        self._gone = threading.Event()
        self._thread = threading.Thread(target=self._run, name="behind", daemon=True)

    def submit(self, item: Item) -> None:
        """Hand over one item; waits while ``depth`` items wait.

        Raises:
            BaseException: an error of ``work`` on an earlier item.
        """
        if not self._handed.put(item):
            self._raise()

    def __enter__(self) -> BackgroundWorker[Item]:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._handed.finish()
            self._wait()
        except KeyboardInterrupt:
            self._handed.abandon()
            self._wait()
            raise
        if error is None:
            self._raise()

    def _wait(self) -> None:
        """Wait for the thread's end. Not by ``join`` alone: after Ctrl-C in it CPython 3.11 takes a running thread for ended."""
        while not self._gone.wait(_POLL_S):
            pass
        self._thread.join()

    def _raise(self) -> None:
        if self._error is not None and not self._raised:
            self._raised = True
            raise self._error

    def _run(self) -> None:
        """Work on the items until the end: the thread."""
        try:
            for item in self._handed:
                self._work(item)
        except BaseException as error:  # noqa: BLE001 (raised again in the thread that hands over)
            self._error = error
        finally:
            self._handed.abandon()
            self._gone.set()
