"""Frame queue between two threads: a short queue that, when full, either makes ``put`` wait or drops its oldest item.

A camera's reader must not wait, and its picture must not be old: the newest frame replaces the one not yet taken, and the drop
is counted. A file's frames must not be skipped: ``put`` waits.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class FrameQueue(Generic[T]):
    """A queue between two threads that can be closed from either side.

    Args:
        capacity: maximum number of items.
        drops: True if a full queue drops its oldest item instead of making ``put`` wait.
    """

    def __init__(self, capacity: int, *, drops: bool) -> None:
        self._items: deque[T] = deque()
        self._capacity = capacity
        self._drops = drops
        self._changed = threading.Condition()
        self._closed = False
        #: Number of items dropped because they were not taken in time.
        self.dropped = 0
        #: True if drops are counted; False while the user has paused.
        self.counts = True

    def put(self, item: T, *, waits: bool = False) -> bool:
        """Put ``item`` into the queue, waiting for room unless the queue drops; return False, and put nothing, once it is closed.

        Args:
            item: the next item.
            waits: wait for room instead of dropping, also in a queue that drops.
        """
        with self._changed:
            if self._drops and not waits and len(self._items) >= self._capacity:
                self._items.popleft()
                self.dropped += self.counts
            self._changed.wait_for(lambda: self._closed or len(self._items) < self._capacity)
            if self._closed:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def take(self, timeout_s: float) -> T | None:
        """Take the oldest item; None if none comes in time, or the queue is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._items, timeout_s)
            if not self._items:
                return None
            item = self._items.popleft()
            self._changed.notify_all()
            return item

    def peek(self) -> T | None:
        """Return the oldest item without taking it; None if the queue is empty."""
        with self._changed:
            return self._items[0] if self._items else None

    def has_room(self) -> bool:
        """Return True if ``put`` would not wait."""
        with self._changed:
            return self._drops or len(self._items) < self._capacity

    def clear(self) -> None:
        """Discard all items, not counted as drops because nobody needs them any more; a waiting ``put`` continues."""
        with self._changed:
            self._items.clear()
            self._changed.notify_all()

    def finish(self) -> None:
        """Close the queue for the writer; items in it can still be taken."""
        with self._changed:
            self._closed = True
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
