"""Worker threads of the service, whose results the event loop waits for without being blocked."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")


class Worker:
    """Threads that run functions in the order in which they came. They are started with the first, and end with the process.

    A function that has begun runs to its end, whoever waits for it; one that has not is passed over once nobody does.

    Args:
        name: of the threads.
        threads: number of functions that may run at the same time.
    """

    def __init__(self, name: str, threads: int = 1) -> None:
        self._name, self._threads = name, threads
        self._jobs: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._has_started = False

    async def run(self, function: Callable[[], Result]) -> Result:
        """Run a function in a thread and return its result.

        Raises:
            BaseException: what the function raised.
        """
        return await asyncio.wrap_future(self.submit(function))

    def submit(self, function: Callable[[], Result]) -> Future[Result]:
        """Let a function be run; call it from any thread."""
        self._start()
        future: Future[Result] = Future()
        self._jobs.put((function, future))
        return future

    def _start(self) -> None:
        with self._lock:
            if self._has_started:
                return
            self._has_started = True
            for number in range(self._threads):
                threading.Thread(target=self._work, name=f"{self._name} {number}", daemon=True).start()

    def _work(self) -> None:
        while True:
            _run(*self._jobs.get())  # (nothing of a job is kept while the next one is waited for)


def _run(function: Callable[[], Any], future: Future[Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function()
    except BaseException as error:  # noqa: BLE001 (raised where the result is waited for)
        future.set_exception(error)
    else:
        future.set_result(result)
