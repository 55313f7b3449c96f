"""Handling of signals that end the program: Ctrl-C, SIGTERM, a closed terminal. One line and an exit code, at any moment.

Libraries swallow ``KeyboardInterrupt`` while they are imported and in callbacks, and Python shows a traceback where nobody
catches it. So as long as there is nothing to lose the program ends within the signal's handler; only within ``raising`` the
signal is an exception, where work has to be finished, and within ``held`` it waits, where a file is being written.
Nothing of heatcam is imported here.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # Windows has no SIGHUP, others no SIGBREAK (Ctrl-Break)
SIGNALS = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))
_CLEAR_LINE = b"\r\x1b[K\x1b[?25h"  # erases a progress bar, and shows the cursor that it hides


class _State:
    """State of signal handling, one for the whole process, as signals are.

    Attributes:
        number: the first signal that came; None while none has.
        said: True once the line was written.
        raises, holds: number of open ``raising`` and ``held`` blocks.
        terminals: numbers of the standard streams that went to a terminal at the start.
        is_late: True if a signal came in a ``held`` block.
        lock: guards ``holds``.
        cleaning: functions to call at the end.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.said = False
        self.raises = self.holds = 0
        self.terminals: list[int] = []
        self.is_late = False
        self.lock = threading.Lock()
        self.cleaning: list[Callable[[], object]] = []


_state = _State()


def install() -> None:
    """Install handlers for the signals that end a program, on the main thread. One that is ignored (``nohup``) stays so."""
    _state.terminals = [stream for stream in (1, 2) if os.isatty(stream)]
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _handle)


def note(number: int) -> None:
    """Remember the first signal: it decides the exit code."""
    if _state.number is None:
        _state.number = number
    for stream in _state.terminals:
        if not os.isatty(stream):  # it was closed: writing to it is an error from now on
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    _state.terminals = [stream for stream in _state.terminals if os.isatty(stream)]


def stop_requested() -> bool:
    """Return True if a signal has come. For loops: code that they call may have swallowed the exception."""
    return _state.number is not None


def raise_if_stopped() -> None:
    """Raise ``KeyboardInterrupt`` when a signal has come whose exception was swallowed."""
    if _state.number is not None:
        raise KeyboardInterrupt


def exit_code() -> int:
    """Return the exit code as shells count: 128 plus the signal's number; 130 for Ctrl-C."""
    return 128 + int(_state.number or signal.SIGINT)


def say() -> None:
    """Write the one line about the signal, unbuffered, once."""
    if _state.said:
        return
    _state.said = True
    number = _state.number or signal.SIGINT
    words = "stopped" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}"
    with suppress(OSError):  # after SIGHUP there is no terminal any more
        os.write(2, (_CLEAR_LINE if os.isatty(2) else b"") + f"heatcam: {words}\n".encode())


def at_the_end(clean: Callable[[], object]) -> None:
    """Register ``clean`` to be called when ``end`` leaves the program."""
    _state.cleaning.append(clean)


def end(code: int) -> None:
    """Clean up and exit at once, without waiting for threads."""
    while _state.cleaning:
        with suppress(Exception):
            _state.cleaning.pop()()
    os._exit(code)


@contextmanager
def raising() -> Iterator[None]:
    """Let signals raise ``KeyboardInterrupt`` in the main thread within this block: there is something to finish."""
    _state.raises += 1
    try:
        yield
    finally:
        _state.raises -= 1


@contextmanager
def held() -> Iterator[None]:
    """Delay signals to the end of this block, which must be short: a file is being written. In any thread."""
    with _state.lock:
        _state.holds += 1
    try:
        yield
    finally:
        with _state.lock:
            _state.holds -= 1
        if _state.is_late and not _state.holds and _state.number is not None:
            _state.is_late = False
            signal.raise_signal(_state.number)


@contextmanager
def blocked() -> Iterator[None]:
    """Block signals within this block, on POSIX: they come after it. Processes that are started here never get them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def leave(code: int) -> None:
    """Let signals end the program at once with ``code`` from here on: all work and output is done."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: end(code))


def ignore_at_exit() -> None:
    """Ignore signals once the interpreter is torn down, where they would kill the program: CPython restores their default action.

    Call it first of all ``atexit`` functions, so that it runs last: until then a signal ends what hangs (``leave``).
    """
    atexit.register(_ignore)


def _ignore() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _handle(number: int, _: object) -> None:
    note(number)
    if _state.holds:
        _state.is_late = True
    else:
        _act()


def _act() -> None:
    if _state.raises:
        raise KeyboardInterrupt
    say()
    with suppress(Exception):  # (it may have interrupted a write)
        sys.stdout.flush()
    end(exit_code())
