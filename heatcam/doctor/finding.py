"""Findings of the checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum


class State(str, Enum):
    """Severity of a finding."""

    OK = "ok"
    NOTE = "note"  # works, but slower or less than it could
    FAULT = "fault"  # keeps a command from working


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        state: its severity.
        text: the finding in words.
        mend: the command or the step that mends it; "" where nothing is wrong.
    """

    state: State
    text: str
    mend: str = ""


#: A check of one thing; it raises no error that it expects.
Check = Callable[[], Iterable[Finding]]


def ok(text: str) -> list[Finding]:
    """Return the finding that nothing is wrong."""
    return [Finding(State.OK, text)]


def note(text: str, mend: str = "") -> list[Finding]:
    """Return the finding that something works, but not as well as it could."""
    return [Finding(State.NOTE, text, mend)]


def fault(text: str, mend: str) -> list[Finding]:
    """Return the finding of a fault that keeps a command from working."""
    return [Finding(State.FAULT, text, mend)]
