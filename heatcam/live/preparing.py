"""Explainers that take seconds to make, made in a thread of their own while the stream goes on with the one before."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from heatcam.errors import HeatcamError, UsageError

MOST_KEPT = 5
_SOON_S = 0.1  # what is ready that soon was made before: nothing is shown otherwise meanwhile

Made = TypeVar("Made")
#: Method, layers ("" for its own), and whether the frame stands still.
Key = tuple[str, str, bool]


class Preparing(Generic[Made]):
    """Makes what is asked for, one after the other; of several that wait only the newest is made. Asked from one thread.

    Args:
        make: takes seconds, and may refuse with a ``HeatcamError``; called in a thread of its own.
    """

    def __init__(self, make: Callable[[Key], Made]) -> None:
        self._make = make
        self._made: dict[Key, Made] = {}
        self._refused: dict[Key, tuple[str, str]] = {}
        self._failure: BaseException | None = None
        self._wanted: Key | None = None
        self._since_s = 0.0
        self._works = False
        self._changed = threading.Condition()

    def get(self, key: Key, *, waits: bool = False) -> Made | None:
        """What was made for ``key``; None while it is being made, which begins with this.

        Args:
            key: what is wanted now; what was wanted before is not any more.
            waits: until it is made, however long that takes.

        Raises:
            HeatcamError: it cannot be had, now or when it was tried before.
        """
        with self._changed:
            if key not in self._made and key not in self._refused:
                soon_s = _SOON_S if self._want(key) else 0.0
                self._changed.wait_for(lambda: self._is_settled(key), None if waits else soon_s)
            if self._failure is not None:
                raise self._failure
            if not self._is_settled(key):
                return None
            self._wanted = None
            if key in self._refused:
                raise UsageError(*self._refused[key])
            self._made[key] = self._made.pop(key)  # (the one asked for last stands last)
            return self._made[key]

    def progress(self) -> tuple[Key, float] | None:
        """What is waited for, and for how many seconds by now; None for nothing."""
        with self._changed:
            return None if self._wanted is None else (self._wanted, time.monotonic() - self._since_s)

    def _is_settled(self, key: Key) -> bool:
        return key in self._made or key in self._refused or self._failure is not None

    def _want(self, key: Key) -> bool:
        """Have ``key`` made next; whether it was not wanted before."""
        is_new = self._wanted != key
        if is_new:
            self._wanted, self._since_s = key, time.monotonic()
        if not self._works:
            self._works = True
            threading.Thread(target=self._work, name="heatcam preparing", daemon=True).start()
        return is_new

    def _work(self) -> None:
        """The thread: until nothing is wanted that is not there."""
        while (key := self._next()) is not None:
            try:
                made = self._make(key)
            except HeatcamError as error:
                with self._changed:
                    self._refused[key] = error.problem, error.next_step
                    self._changed.notify_all()
            except BaseException as error:  # noqa: BLE001 (kept; raised in the thread that asks)
                with self._changed:
                    self._failure, self._works = error, False
                    self._changed.notify_all()
                return
            else:
                with self._changed:
                    self._made[key] = made
                    while len(self._made) > MOST_KEPT:
                        self._made.pop(next(iter(self._made)))
                    self._changed.notify_all()

    def _next(self) -> Key | None:
        with self._changed:
            key = self._wanted
            if key is None or self._is_settled(key):
                self._works = False
                return None
            return key
