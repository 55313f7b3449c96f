"""Ctrl-C at awkward moments: while OpenCV calls back, which swallows exceptions, and while a file is being finished."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

INTERRUPTED = 130  # the exit code of what Ctrl-C has ended


@contextmanager
def on_interrupt(act: Callable[[], None], *, ends_the_program: bool = False) -> Iterator[None]:
    """Within this, Ctrl-C calls ``act``, however often, and raises nothing. Outside of the main thread it changes nothing.

    Args:
        act: what to do.
        ends_the_program: after this only what is left is tidied up. Once ``act`` was called, Ctrl-C stays without effect then: it
            would be a traceback from the middle of that.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    called = False

    def handle(*_: Any) -> None:
        nonlocal called
        called = True
        act()

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN if called and ends_the_program else before)
