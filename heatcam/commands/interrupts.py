"""Ctrl-C at awkward moments: in OpenCV's callbacks, which swallow exceptions, and while a file is being finished."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from heatcam.runtime import stopping

_WAITED_FOR_REPORT_S = 3.0  # after the first Ctrl-C: a report into a pipe that nobody reads never ends


@contextmanager
def on_interrupt(act: Callable[[], None], *, ends_the_program: bool = False) -> Iterator[None]:
    """Let Ctrl-C call ``act``, each time, instead of raising. Outside of the main thread it changes nothing.

    The same holds for SIGTERM and SIGHUP where the program handles them (``stopping.install``).

    Args:
        act: called at each Ctrl-C.
        ends_the_program: only cleaning up follows the block. Once ``act`` was called, Ctrl-C has no effect afterwards, since it
            would print a traceback from the middle of that; but after ``_WAITED_FOR_REPORT_S`` it ends the program at once.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    first_s: float | None = None

    def handle(number: int, _: object) -> None:
        nonlocal first_s
        first_s = first_s or time.monotonic()
        stopping.note(number)
        act()

    def tidying(*_: object) -> None:
        if first_s is not None and time.monotonic() - first_s > _WAITED_FOR_REPORT_S:
            stopping.end(stopping.exit_code())

    before = {number: signal.signal(number, handle) for number in stopping.SIGNALS if _is_taken(number)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, tidying if first_s is not None and ends_the_program else handler)


def _is_taken(number: signal.Signals) -> bool:
    """Return True if this signal has a handler, or is SIGINT and not ignored; others keep their default action."""
    handler = signal.getsignal(number)
    return callable(handler) or (number == signal.SIGINT and handler is not signal.SIG_IGN)
