"""Stages of a pipeline that run at the same time: each in a thread, with a short queue between them, in order.

An error in a thread is raised again where its results are used, with its traceback; however the run ends, the threads are
stopped and joined.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from types import TracebackType
from typing import Generic, TypeVar

Item = TypeVar("Item")

_POLL_S = 0.1  # time until a stage notices that the other one has ended


class _End:
    """The mark after the last item, with the error that ended them, if one did."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def ahead(items: Iterable[Item], depth: int) -> Generator[Item, None, None]:
    """Yield ``items``, fetched in a thread up to ``depth`` ahead of their use.

    Close the iterator, or use it up: both end the thread, after the fetch it is in.

    Raises:
        BaseException: any error of fetching, after all items before it.
    """
    fetched: queue.Queue[Item | _End] = queue.Queue(depth)
    stopping = threading.Event()
    thread = threading.Thread(target=_fetch, args=(iter(items), fetched, stopping), name="ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := _get(fetched), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopping.set()
        thread.join()


def _fetch(items: Iterator[Item], fetched: queue.Queue[Item | _End], stopping: threading.Event) -> None:
    """Fetch items into the queue: the thread of ``ahead``."""
    end = _End()
    try:
        for item in items:
            if not _put(fetched, item, stopping):
                return
    except BaseException as error:  # noqa: BLE001 (raised again in the thread that uses the items)
        end = _End(error)
    _put(fetched, end, stopping)


def _put(into: queue.Queue[Item], item: Item, stopping: threading.Event) -> bool:
    """Put an item when there is room; return False if stopped before."""
    while not stopping.is_set():
        try:
            into.put(item, timeout=_POLL_S)
        except queue.Full:
            continue
        return True
    return False


def _get(source: queue.Queue[Item]) -> Item:
    """Get an item, so that Ctrl-C works on every system (on Windows it does not in a wait without a timeout)."""
    while True:
        try:
            return source.get(timeout=_POLL_S)
        except queue.Empty:
            continue


class Behind(Generic[Item]):
    """Works on items in a thread, in order, up to ``depth`` behind the thread that hands them over.

    Use it with ``with``: leaving the block finishes the items that were handed over, also after an error or Ctrl-C; a second
    Ctrl-C leaves the rest undone. Hand items over from one thread only.

    Args:
        work: called with each item in the thread. Its first error ends the work; ``hand`` or leaving the block raises it.
        depth: number of items that may wait.
    """

    def __init__(self, work: Callable[[Item], None], depth: int) -> None:
        self._work = work
        self._handed: queue.Queue[Item | _End] = queue.Queue(depth)
        self._gone = threading.Event()
        self._abandoned = threading.Event()
        self._error: BaseException | None = None
        self._raised = False
        self._thread = threading.Thread(target=self._run, name="behind", daemon=True)

    def hand(self, item: Item) -> None:
        """Hand over one item; waits while ``depth`` items wait.

        Raises:
            BaseException: an error of ``work`` on an earlier item.
        """
        if not _put(self._handed, item, self._gone):
            self._raise()

    def __enter__(self) -> Behind[Item]:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            _put(self._handed, _End(), self._gone)
            while self._thread.is_alive():
                self._thread.join(_POLL_S)
        except KeyboardInterrupt:
            self._abandoned.set()
            self._thread.join()
            raise
        if error is None:
            self._raise()

    def _raise(self) -> None:
        if self._error is not None and not self._raised:
            self._raised = True
            raise self._error

    def _run(self) -> None:
        """Work on the items until the end: the thread."""
        try:
            while not isinstance(item := self._handed.get(), _End) and not self._abandoned.is_set():
                self._work(item)
        except BaseException as error:  # noqa: BLE001 (raised again in the thread that hands over)
            self._error = error
        finally:
            self._gone.set()
