"""Ctrl-C at awkward moments: while OpenCV calls back, which swallows exceptions, and while a file is being finished."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

INTERRUPTED = 130  # the exit code of what Ctrl-C has ended
_PATIENCE_S = 3.0  # from the first Ctrl-C on; a report into a pipe that nobody reads would never end


@contextmanager
def on_interrupt(act: Callable[[], None], *, ends_the_program: bool = False) -> Iterator[None]:
    """Within this, Ctrl-C calls ``act``, however often, and raises nothing. Outside of the main thread it changes nothing.

    Args:
        act: what to do.
        ends_the_program: after this only what is left is tidied up. Once ``act`` was called, Ctrl-C is without effect then, since
            it would be a traceback from the middle of that; but after ``_PATIENCE_S`` it ends the program at once.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    first_s: float | None = None

    def handle(*_: Any) -> None:
        nonlocal first_s
        first_s = first_s or time.monotonic()
        act()

    def tidying(*_: Any) -> None:
        if first_s is not None and time.monotonic() - first_s > _PATIENCE_S:
            os._exit(INTERRUPTED)

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, tidying if first_s is not None and ends_the_program else before)
