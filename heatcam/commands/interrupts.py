"""Ctrl-C at awkward moments: while OpenCV calls back, which swallows exceptions, and while a file is being finished."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

INTERRUPTED = 130  # the exit code of what Ctrl-C has ended


@contextmanager
def on_interrupt(act: Callable[[], None]) -> Iterator[None]:
    """Within this, Ctrl-C calls ``act``, however often, and raises nothing. Outside of the main thread it changes nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(*_: Any) -> None:
        act()

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
