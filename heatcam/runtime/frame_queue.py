"""Frame queue: the hand-off between two threads, which either of them can close.

A file's frames must not be skipped: ``put`` waits for room. A camera's reader must not wait, and its picture must not be old:
the newest frame replaces the one not yet taken. What is recorded beside a window keeps its order and makes nobody wait: a frame
that finds no room is not taken. Frames that are lost are counted here and nowhere else.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from enum import Enum
from typing import Generic, TypeVar

T = TypeVar("T")

_POLL_S = 0.1  # on Windows Ctrl-C does not end a wait without a limit


class WhenFull(Enum):
    """Policy of a full queue."""

    #: ``put`` waits for room.
    WAIT = "wait"
    #: The oldest item makes room for the new one, and is counted as dropped.
    DROP_OLDEST = "drop oldest"
    #: The new item is not taken, and is counted as dropped; one that comes after the queue was closed counts too.
    DROP_NEWEST = "drop newest"


class FrameQueue(Generic[T]):
    """A queue between two threads that can be closed from either side. Waits are open to Ctrl-C on every system.

    Args:
        capacity: maximum number of items.
        when_full: policy of ``put`` when there is no room.
        changed: the condition that guards the queue and is notified of every change, for an owner that waits for more than items;
            ``put`` into a queue that waits must not be called with it held.
    """

    def __init__(
        self, capacity: int, when_full: WhenFull, *, changed: threading.Condition | None = None
    ) -> None:
        self._items: deque[T] = deque()
        self._capacity = capacity
        self._when_full = when_full
        self._changed = changed or threading.Condition()
        self._closed = False
        self._error: BaseException | None = None
        #: Number of items dropped because they were not taken in time.
        self.dropped = 0
        #: True if drops are counted; False while the user has paused.
        self.counts = True

    def put(self, item: T, *, waits: bool = False) -> bool:
        """Put ``item`` into the queue and return True; False, with nothing put, if it is closed or drops the newest and is full.

        Args:
            item: the next item.
            waits: wait for room instead of dropping, whatever the policy.
        """
        when_full = WhenFull.WAIT if waits else self._when_full
        with self._changed:
            while when_full is WhenFull.WAIT and self._is_full and not self._closed:
                self._changed.wait(_POLL_S)
            is_taken = not self._closed and not (when_full is WhenFull.DROP_NEWEST and self._is_full)
            if not is_taken:
                self.dropped += self.counts and when_full is WhenFull.DROP_NEWEST
                return False
            if self._is_full:
                self._items.popleft()
                self.dropped += self.counts
            self._items.append(item)
            self._changed.notify_all()
            return True

    def take(self, timeout_s: float) -> T | None:
        """Take the oldest item; None if none comes in time, or the queue is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._items, timeout_s)
            return self._pop() if self._items else None

    def __iter__(self) -> Iterator[T]:
        """Take items, waiting for each, until the queue is closed and empty.

        Raises:
            BaseException: the error that the queue was finished with, after all items before it.
        """
        while True:
            with self._changed:
                while not self._items and not self._closed:
                    self._changed.wait(_POLL_S)
                if not self._items:
                    break
                item = self._pop()
            yield item
        if self._error is not None:
            raise self._error

    def peek(self) -> T | None:
        """Return the oldest item without taking it; None if the queue is empty."""
        with self._changed:
            return self._items[0] if self._items else None

    def has_room(self) -> bool:
        """Return True if ``put`` would not wait."""
        with self._changed:
            return self._when_full is not WhenFull.WAIT or not self._is_full

    def clear(self) -> None:
        """Discard all items, not counted as drops because nobody needs them any more; a waiting ``put`` continues."""
        with self._changed:
            self._items.clear()
            self._changed.notify_all()

    def finish(self, error: BaseException | None = None) -> None:
        """Close the queue for the writer; items in it can still be taken.

        Args:
            error: what ended the writer; raised in the thread that iterates, after all items.
        """
        with self._changed:
            self._closed, self._error = True, error
            self._changed.notify_all()

    def abandon(self) -> None:
        """Close the queue for the reader: its items are discarded, and a waiting ``put`` returns False."""
        with self._changed:
            self._items.clear()
            self._closed = True
            self._changed.notify_all()

    @property
    def exhausted(self) -> bool:
        """True if the queue is closed and empty."""
        with self._changed:
            return self._closed and not self._items

    @property
    def _is_full(self) -> bool:
        return len(self._items) >= self._capacity

    def _pop(self) -> T:
        """Take the oldest item; called with the condition held."""
        item = self._items.popleft()
        self._changed.notify_all()
        return item
