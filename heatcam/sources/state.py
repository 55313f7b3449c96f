"""How a source is doing: what the window says while no new frame comes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Phase(Enum):
    """What a source is doing. Files only play; live sources go through all of it."""

    OPENING = "opening"
    PLAYING = "playing"
    STALLED = "stalled"
    RECONNECTING = "reconnecting"


@dataclass(frozen=True)
class SourceState:
    """What a source does, from when on, and why.

    Attributes:
        phase: what it does.
        since_s: ``time.monotonic()`` when that began; 0 for what always plays.
        attempt: while reconnecting, which attempt this is, from 1; else 0.
        retry_at_s: while waiting for the next attempt, ``time.monotonic()`` of it; else None.
        reason: why it does not play, for people, never with credentials; "" while it does.
    """

    phase: Phase
    since_s: float = 0.0
    attempt: int = 0
    retry_at_s: float | None = None
    reason: str = ""


PLAYING = SourceState(Phase.PLAYING)


@dataclass(frozen=True)
class Outage:
    """A time without frames that took a new connection to end.

    Attributes:
        since_s: the time of the last frame before it, in seconds of the source's own time.
        lasted_s: until the next frame, in seconds; None where none came.
        reason: why, as last known; for people, without credentials.
    """

    since_s: float
    lasted_s: float | None
    reason: str

    def __str__(self) -> str:
        """In words, without the source's name."""
        minutes, seconds = divmod(self.since_s, 60)
        at = f"{int(minutes)}:{seconds:04.1f}"
        if self.lasted_s is None:
            return f"no picture came after {at} ({self.reason})"
        return f"no picture for {self.lasted_s:.1f} s from {at} on ({self.reason})"
