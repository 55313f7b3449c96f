"""What ends the program from outside: Ctrl-C, a polite kill, a terminal that closes. One line and an exit code, at any moment.

Libraries swallow ``KeyboardInterrupt`` while they are imported and in callbacks, and Python shows a traceback where nobody
catches it. So as long as there is nothing to lose the program ends within the signal's handler; only ``raising`` makes it an
exception, where work is to be finished, and ``held`` makes it wait, where a file is being written.
Nothing of heatcam is imported here.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # Windows has no SIGHUP, others no SIGBREAK (Ctrl-Break)
SIGNALS = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))
_CLEAR_LINE = b"\r\x1b[K\x1b[?25h"  # what a progress bar has drawn, and the cursor that it hides


class _State:
    """What has come and what is allowed now: of the whole process, as signals are.

    Attributes:
        number: the first signal that came; None while none has.
        said: whether the line was written.
        raises, holds: how many ``raising`` and ``held`` blocks are open.
        terminals: numbers of the standard streams that went to a terminal at the start.
        is_late: whether a signal came while it was held.
        lock: around ``holds``.
        cleaning: what is to be removed at the end.
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
    """Take over the signals that end a program, on the main thread. One that is ignored (``nohup``) stays so."""
    _state.terminals = [stream for stream in (1, 2) if os.isatty(stream)]
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _handle)


def note(number: int) -> None:
    """Remember the first signal that came: it decides the exit code."""
    if _state.number is None:
        _state.number = number
    for stream in _state.terminals:
        if not os.isatty(stream):  # it was closed, and to write to it is an error from now on
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    _state.terminals = [stream for stream in _state.terminals if os.isatty(stream)]


def is_asked() -> bool:
    """Whether a signal has come. For loops: an exception may have been swallowed by what they called."""
    return _state.number is not None


def require_going_on() -> None:
    """Raise ``KeyboardInterrupt`` when a signal has come whose exception was swallowed."""
    if _state.number is not None:
        raise KeyboardInterrupt


def exit_code() -> int:
    """As shells count: 128 and the signal's number; 130 for Ctrl-C."""
    return 128 + int(_state.number or signal.SIGINT)


def say() -> None:
    """Write the one line, past all buffers, once."""
    if _state.said:
        return
    _state.said = True
    number = _state.number or signal.SIGINT
    words = "stopped" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}"
    with suppress(OSError):  # after SIGHUP there is no terminal any more
        os.write(2, (_CLEAR_LINE if os.isatty(2) else b"") + f"heatcam: {words}\n".encode())


def at_the_end(clean: Callable[[], object]) -> None:
    """Have ``clean`` called when the program ends, however it does but for SIGKILL."""
    _state.cleaning.append(clean)


def end(code: int) -> None:
    """Leave at once, past all threads."""
    while _state.cleaning:
        with suppress(Exception):
            _state.cleaning.pop()()
    os._exit(code)


@contextmanager
def raising() -> Iterator[None]:
    """Within this a signal raises ``KeyboardInterrupt`` in the main thread: there is something to finish."""
    _state.raises += 1
    try:
        yield
    finally:
        _state.raises -= 1


@contextmanager
def held() -> Iterator[None]:
    """Within this, which must be short, a signal waits: a file is being written. In any thread."""
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


def leave(code: int) -> None:
    """From here on a signal ends the program at once with ``code``: all that was asked for is done and said."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: end(code))


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
    with suppress(Exception):  # (it may be in the middle of a write)
        sys.stdout.flush()
    end(exit_code())
