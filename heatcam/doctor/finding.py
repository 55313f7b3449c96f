"""What one check found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum


class State(str, Enum):
    """How bad it is."""

    OK = "ok"
    NOTE = "note"  # works, but slower or less than it could
    FAULT = "fault"  # keeps a command from working


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        state: how bad it is.
        text: what was found.
        mend: the command or the step that mends it; "" where nothing is wrong.
    """

    state: State
    text: str
    mend: str = ""


#: Looks at one thing; raises nothing that it expects.
Check = Callable[[], Iterable[Finding]]


def ok(text: str) -> list[Finding]:
    """Nothing is wrong."""
    return [Finding(State.OK, text)]


def note(text: str, mend: str = "") -> list[Finding]:
    """It works, but not as well as it could."""
    return [Finding(State.NOTE, text, mend)]


def fault(text: str, mend: str) -> list[Finding]:
    """It keeps a command from working."""
    return [Finding(State.FAULT, text, mend)]
