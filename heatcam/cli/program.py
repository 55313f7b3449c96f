"""The ``heatcam`` program, from its first line to its exit code: signals, standard streams, and unexpected errors.

Nothing slow is imported at the top: signal handlers are installed before anything else happens.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import NoReturn

from heatcam.runtime import stopping

FAILED = 1


def main() -> NoReturn:
    """Run one command and end the process; any failure is one line on standard error."""
    stopping.install()
    stopping.ignore_at_exit()
    open_standard_streams()
    failed_beside: list[BaseException] = []
    threading.excepthook = lambda what: _say_beside(what.exc_value, what.thread, failed_beside)
    sys.unraisablehook = lambda what: _say_unraisable(what.exc_value)
    code = _run()
    code = code or (FAILED if failed_beside else 0)
    stopping.leave(code)
    _leave(_flushed(code))


def _run() -> int:
    """Run one command and return its exit code."""
    try:
        os.getcwd()  # noqa: PTH109 (in a folder that was deleted, torch's libraries end the process with words about themselves)
        from heatcam.cli.app import app  # noqa: PLC0415 (after signal handlers are installed)

        app(prog_name="heatcam")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        stopping.say()
        return stopping.exit_code()
    except BrokenPipeError:  # nobody reads the output any more: `heatcam methods | head -1`
        return FAILED
    except BaseException as error:  # noqa: BLE001 (last resort: no traceback without --debug)
        _say(error)
        return FAILED
    return 0


def open_standard_streams() -> None:
    """Open standard streams that were closed at the start (``<&-``, ``>&-``, ``2>&-``) as the null device.

    Python has None in their place, and the next file that is opened would get the stream's number, and all that C code prints.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", errors="replace", closefd=False))


def _say(error: BaseException, thread: str = "main") -> None:
    """Print one line about an error, or with ``--debug`` its traceback."""
    if "--debug" in sys.argv:
        import traceback  # noqa: PLC0415

        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    else:
        text = _in_one_line(error, thread) + "\n"
    try:
        os.write(2, text.encode(errors="backslashreplace"))
    except OSError:  # no terminal any more
        return


def _in_one_line(error: BaseException, thread: str) -> str:
    """Return ``failures.in_one_line``, or a plain message if that fails too, as when memory is short."""
    try:
        from heatcam.cli.failures import in_one_line  # noqa: PLC0415 (only where something fails)

        return in_one_line(error, thread)
    except Exception as another:  # noqa: BLE001
        if isinstance(error, MemoryError) or isinstance(another, MemoryError):
            return (
                "heatcam: not enough memory; close other programs or raise the limit (`ulimit -v unlimited`)"
            )
        return f"heatcam: an unexpected error ({type(error).__name__}); --debug shows all of it"


def _say_beside(
    error: BaseException | None, thread: threading.Thread | None, failed: list[BaseException]
) -> None:
    """Report a thread that ended by an exception that it did not catch."""
    if error is None or isinstance(error, SystemExit | KeyboardInterrupt):
        return
    failed.append(error)
    _say(error, thread.name if thread is not None else "unknown")


def _say_unraisable(error: BaseException | None) -> None:
    """Report an error in an object's finalizer, with ``--debug`` alone: it is of use only when looking for a fault."""
    if error is not None and "--debug" in sys.argv:
        _say(error, "tidying up")


def _flushed(code: int) -> int:
    """Flush the output and return ``code``, or 1 if that fails: on a full disk, or where nobody reads any more."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # Python flushes again at its end
            if not isinstance(error, BrokenPipeError) and stream is sys.stdout:
                _say(error)
            code = code or FAILED
    return code


def _leave(code: int) -> NoReturn:
    """Exit, without waiting for threads that hang in a read or are in the middle of a pass.

    They are daemons, so nothing waits for them, but Python then ends them in the middle of C++ code, which aborts the process.
    """
    if any(thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        stopping.end(code)
    sys.exit(code)
