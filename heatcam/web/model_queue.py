"""One line for all who use the model: the live view's thread and requests, first come first served.

Engines are called from one thread at a time. A lock of ``threading`` is taken by whoever is quickest, which is the live thread
that gave it back a moment ago: with one, an upload waited for seconds. So turns are handed over in the order of their asking.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

from heatcam.web.problems import Problem
from heatcam.web.worker import Worker

Result = TypeVar("Result")

_NEWEST = 0.2  # share of the newest turn in the mean of their seconds


class ModelQueue:
    """Turns at the model, and the limits of requests that wait for one.

    Args:
        limit: number of requests that may wait; one more is in work. Further ones are refused.
        waiting_s: seconds from a request to its result.
    """

    def __init__(self, limit: int, waiting_s: float) -> None:
        self._limit, self._waiting_s = limit, waiting_s
        self._line = _Line()
        self._worker = Worker("heatcam model")
        self._admitted = 0
        self._mean_s = 1.0

    @property
    def waiting(self) -> int:
        """Number of requests that are admitted and have no result yet, the one in work among them."""
        return self._admitted

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Take a turn in a thread that is not the event loop's: waits in line, and is neither counted nor refused.

        The live view takes one for each frame, so that a request gets its own between two frames. A thread that has a turn must
        not ask for another one.
        """
        ticket = self._line.join()
        try:
            ticket.result()
        except BaseException:
            self._line.give_up(ticket)
            raise
        try:
            yield
        finally:
            self._line.leave()

    async def run(self, function: Callable[[], Result]) -> Result:
        """Run a function of a request in its turn, in a worker thread.

        Cancelled, the request is taken out of the line; a function that runs already runs to its end, and its result is
        thrown away.

        Raises:
            Problem: 429 if too many wait, 503 if it is not done in time; both say when to try again.
            BaseException: what the function raised.
        """
        return await self.admit(lambda: self.in_turn(function))

    async def admit(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do a request's work, of which only a part needs the model: see ``in_turn``. Cancelled, the work is cancelled too.

        Raises:
            Problem: see ``run``.
            BaseException: what the work raised.
        """
        self.require_room()
        self._admitted += 1
        task = asyncio.ensure_future(work())
        try:
            done, _ = await asyncio.wait({task}, timeout=self._waiting_s)
            if not done:
                raise Problem(
                    503, f"not done within {self._waiting_s:g} s; try again later", self.retry_after_s
                )
            return task.result()
        finally:
            task.cancel()
            self._admitted -= 1

    def require_room(self) -> None:
        """Refuse a request that would not be admitted.

        Raises:
            Problem: 429, see ``run``.
        """
        if self._admitted > self._limit:
            detail = f"{self._admitted} requests wait for the model already; try again later"
            raise Problem(429, detail, self.retry_after_s)

    async def in_turn(self, function: Callable[[], Result]) -> Result:
        """Run a function in its turn, in a worker thread; only within ``admit``."""
        ticket = self._line.join()
        try:
            await asyncio.wrap_future(ticket)
        except BaseException:
            self._line.give_up(ticket)
            raise
        running = self._worker.submit(lambda: self._timed(function))
        running.add_done_callback(lambda _: self._line.leave())
        return await asyncio.wrap_future(running)

    @property
    def retry_after_s(self) -> int:
        """Whole seconds until those who wait are probably done, from the mean of the last turns."""
        return max(1, math.ceil(min(self._mean_s * self._admitted, self._waiting_s)))

    def _timed(self, function: Callable[[], Result]) -> Result:
        started_s = time.monotonic()
        try:
            return function()
        finally:
            self._mean_s += _NEWEST * (time.monotonic() - started_s - self._mean_s)


class _Line:
    """A lock that is handed over in the order of asking; whoever asks gets a ticket, done when it is their turn."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tickets: deque[Future[None]] = deque()
        self._is_taken = False

    def join(self) -> Future[None]:
        """Stand in line, in any thread."""
        ticket: Future[None] = Future()
        with self._lock:
            self._tickets.append(ticket)
        self._hand_over(is_left=False)
        return ticket

    def leave(self) -> None:
        """End one's turn."""
        self._hand_over(is_left=True)

    def give_up(self, ticket: Future[None]) -> None:
        """Leave the line, and one's turn if it has come meanwhile."""
        if not ticket.cancel():
            self.leave()

    def _hand_over(self, *, is_left: bool) -> None:
        """Give the turn, if nobody has it, to the first who still waits."""
        with self._lock:
            self._is_taken = self._is_taken and not is_left
            ticket = None if self._is_taken else self._next()
            self._is_taken = self._is_taken or ticket is not None
        if ticket is not None:
            ticket.set_result(None)  # (outside of the lock: whoever waits goes on at once)

    def _next(self) -> Future[None] | None:
        """Return the ticket of the first who has not given up, which from now on cannot; None without one."""
        while self._tickets:
            ticket = self._tickets.popleft()
            if ticket.set_running_or_notify_cancel():
                return ticket
        return None
