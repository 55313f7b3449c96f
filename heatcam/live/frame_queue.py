"""What carries frames from one thread to the next: a short queue that either waits or drops its oldest.

A camera's reader must not wait, and what is shown of it must not be old: there the newest replaces the one not yet taken, and
the drop is counted. Of a file nothing may be skipped: there the giver waits.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class FrameQueue(Generic[T]):
    """A queue between two threads that can be closed from either side.

    Args:
        capacity: how many may lie on it.
        drops: whether a full queue loses its oldest, instead of making the giver wait.
    """

    def __init__(self, capacity: int, *, drops: bool) -> None:
        self._items: deque[T] = deque()
        self._capacity = capacity
        self._drops = drops
        self._changed = threading.Condition()
        self._closed = False
        #: How many were lost because nobody took them in time.
        self.dropped = 0
        #: Whether losses count; not while the person at the window has paused.
        self.counts = True

    def put(self, item: T, *, waits: bool = False) -> bool:
        """Put ``item`` into the queue; waits for room where nothing may be lost. False, and nothing put, once it is closed.

        Args:
            item: what follows those that lie there.
            waits: lose nothing for it, also where frames are dropped.
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
        """The oldest in the queue; None when none comes in time, or none ever will."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._items, timeout_s)
            if not self._items:
                return None
            item = self._items.popleft()
            self._changed.notify_all()
            return item

    def peek(self) -> T | None:
        """The oldest in the queue, left where it is; None when there is none now."""
        with self._changed:
            return self._items[0] if self._items else None

    def has_room(self) -> bool:
        """Whether ``put`` would not wait."""
        with self._changed:
            return self._drops or len(self._items) < self._capacity

    def clear(self) -> None:
        """Take away what lies there; no loss, because it is not wanted any more. A giver that waits goes on."""
        with self._changed:
            self._items.clear()
            self._changed.notify_all()

    def finish(self) -> None:
        """Nothing more comes; what lies in the queue can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def abandon(self) -> None:
        """Nobody takes any more: what lies in the queue goes, and a giver that waits is let go."""
        with self._changed:
            self._items.clear()
            self._closed = True
            self._changed.notify_all()

    @property
    def exhausted(self) -> bool:
        """Whether nothing is left and nothing more comes."""
        with self._changed:
            return self._closed and not self._items
