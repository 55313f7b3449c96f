"""One-line messages for exceptions: known troubles of the machine in plain words, any other with a crash report."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass

from heatcam.cli.crash_report import without_secrets, write_report
from heatcam.errors import HeatcamError
from heatcam.text import printable

_LONGEST = 300  # characters of a library's message


@dataclass(frozen=True)
class Trouble:
    """A trouble of the machine, not of heatcam.

    Attributes:
        matches: returns True if an exception is this trouble.
        problem: the message; ``{}`` stands for the exception's own text.
        next_step: advice for the user.
    """

    matches: Callable[[BaseException], bool]
    problem: str
    next_step: str


def number_is(*numbers: int) -> Callable[[BaseException], bool]:
    """Return a test that is True for an ``OSError`` with one of these numbers."""
    return lambda error: isinstance(error, OSError) and error.errno in numbers


def says(*texts: str) -> Callable[[BaseException], bool]:
    """Return a test that is True for an exception, of any class, whose text contains one of these: libraries have their own."""
    return lambda error: any(text in str(error).lower() for text in texts)


def _is_about_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or number_is(errno.ENOMEM)(error) or _MEMORY_WORDS(error)


def _folder_is_gone(error: BaseException) -> bool:
    if not isinstance(error, FileNotFoundError):
        return False
    try:
        os.getcwd()  # noqa: PTH109 (whether it fails)
    except OSError:
        return True
    return False


_MEMORY_WORDS = says(
    "failed to map segment",  # the loader of shared libraries, under `ulimit -v`
    "cannot allocate memory",
    "can't allocate memory",
    "not enough memory",
    "insufficient memory",
    "out of memory",
    "std::bad_alloc",
    "can't start new thread",
    "unable to allocate",
)
_LIMITS = "close other programs, take a smaller model or --imgsz, or raise the limit (`ulimit -v unlimited`)"
TROUBLES = (
    Trouble(_folder_is_gone, "the current folder does not exist any more", "change to one that does"),
    Trouble(_is_about_memory, "not enough memory ({})", _LIMITS),
    Trouble(
        number_is(errno.ENOSPC, errno.EDQUOT), "no space is left ({})", "make space or choose another disk"
    ),
    Trouble(
        number_is(errno.EMFILE, errno.ENFILE),
        "too many files are open ({})",
        "raise the limit (`ulimit -n 4096`) or close other programs",
    ),
    Trouble(
        number_is(errno.EROFS, errno.EACCES, errno.EPERM),
        "no permission ({})",
        "check the path and its permissions",
    ),
    Trouble(number_is(errno.EIO), "the disk or device cannot be read or written ({})", "check it"),
    Trouble(
        lambda error: isinstance(error, ImportError) and not (error.name or "heatcam").startswith("heatcam"),
        "a library cannot be loaded ({})",
        "install heatcam and what it needs again: pip install --force-reinstall heatcam",
    ),
)


def known_trouble(error: BaseException) -> HeatcamError | None:
    """Return the trouble of the machine behind ``error`` or one of its causes; None where none is known."""
    for cause in _causes(error):
        for trouble in TROUBLES:
            if trouble.matches(cause):
                return HeatcamError(trouble.problem.format(_words_of(cause)), trouble.next_step)
    return None


def in_one_line(error: BaseException, thread: str = "main") -> str:
    """Return the message for an unexpected exception: the machine's trouble, or the exception and the report's path."""
    trouble = known_trouble(error)
    if trouble is not None:
        return f"heatcam: {trouble}"
    path = write_report(error, thread=thread)
    where = (
        f"the report is in {path}"
        if path is not None
        else "no report could be written; --debug shows all of it"
    )
    return f"heatcam: an unexpected error, {type(error).__name__}: {_words_of(error)}; {where}"


def _causes(error: BaseException) -> list[BaseException]:
    """Return ``error`` and the errors that it was raised from, or while handling which it was raised."""
    found: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in found and len(found) < 10:
        found.append(cause)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return found


def _words_of(error: BaseException) -> str:
    """Return an exception's text in one printable line of limited length, without passwords."""
    if isinstance(error, OSError) and error.strerror:
        words = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    else:
        words = str(error) or type(error).__name__
    line = " ".join(without_secrets(words).split())
    shown = printable(line)
    return shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "..."
