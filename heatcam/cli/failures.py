"""What an exception means to a user, in one line: known troubles of a machine by their words, all else with a report."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass

from heatcam.cli.crash_report import without_secrets, write_report
from heatcam.errors import HeatcamError
from heatcam.text import printable

_LONGEST = 300  # characters of somebody else's message


@dataclass(frozen=True)
class Trouble:
    """A trouble of the machine, not of heatcam.

    Attributes:
        matches: whether an exception is it.
        problem: what is wrong; ``{}`` stands for the exception's own words.
        next_step: what the user can do.
    """

    matches: Callable[[BaseException], bool]
    problem: str
    next_step: str


def number_is(*numbers: int) -> Callable[[BaseException], bool]:
    """Whether an exception is an ``OSError`` with one of these numbers."""
    return lambda error: isinstance(error, OSError) and error.errno in numbers


def says(*texts: str) -> Callable[[BaseException], bool]:
    """Whether an exception's words hold one of these, whatever its class: libraries have their own."""
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
    """The trouble of the machine behind ``error`` or one of its causes; None where it is a fault of heatcam's."""
    for cause in _causes(error):
        for trouble in TROUBLES:
            if trouble.matches(cause):
                return HeatcamError(trouble.problem.format(_words_of(cause)), trouble.next_step)
    return None


def in_one_line(error: BaseException, thread: str = "main") -> str:
    """What to say of an exception that nobody expected: its trouble, or its kind and where the report is."""
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
    """``error``, and what it was raised from or in."""
    found: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in found and len(found) < 10:
        found.append(cause)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return found


def _words_of(error: BaseException) -> str:
    """An exception's own words in one line that a terminal can show, without passwords and not endless."""
    if isinstance(error, OSError) and error.strerror:
        words = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    else:
        words = str(error) or type(error).__name__
    line = " ".join(without_secrets(words).split())
    shown = printable(line)
    return shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "..."
