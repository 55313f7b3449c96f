"""Stages of a pipeline that run at the same time: each in a thread, with a short queue between them, in order.

An error in a thread is raised again where its results are used, with its traceback; however the run ends, the threads are
stopped and joined.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from types import TracebackType
from typing import Generic, TypeVar

from heatcam.runtime.frame_queue import FrameQueue, WhenFull

Item = TypeVar("Item")

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
