"""Ctrl-C at awkward moments: while OpenCV calls back, which swallows exceptions, and while a file is being finished."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from heatcam.runtime import stopping

_WAITED_FOR_REPORT_S = 3.0  # from the first Ctrl-C on; a report into a pipe that nobody reads would never end


@contextmanager
def on_interrupt(act: Callable[[], None], *, ends_the_program: bool = False) -> Iterator[None]:
    """Within this, Ctrl-C calls ``act``, however often, and raises nothing. Outside of the main thread it changes nothing.

    So do SIGTERM and SIGHUP in the program, which has taken them over (``stopping.install``).

    Args:
        act: what to do.
        ends_the_program: after this only what is left is tidied up. Once ``act`` was called, Ctrl-C is without effect then, since
            it would be a traceback from the middle of that; but after ``_WAITED_FOR_REPORT_S`` it ends the program at once.
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
    """Whether somebody acts on this signal; SIGTERM that simply ends a process, and what is ignored, is left alone."""
    handler = signal.getsignal(number)
    return callable(handler) or (number == signal.SIGINT and handler is not signal.SIG_IGN)
