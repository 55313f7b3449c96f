"""State of a source, which the window shows while no new frame comes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Phase(Enum):
    """Phase of a source. Files are always playing; live sources go through all phases."""

    OPENING = "opening"
    PLAYING = "playing"
    STALLED = "stalled"
    RECONNECTING = "reconnecting"


@dataclass(frozen=True)
class SourceState:
    """State of a source: its phase, the phase's start, and the reason.

    Attributes:
        phase: the phase.
        since_s: ``time.monotonic()`` at the start of the phase; 0 for sources that always play.
        attempt: number of the attempt while reconnecting, from 1; else 0.
        retry_at_s: ``time.monotonic()`` of the next attempt while waiting for it; else None.
        reason: the reason why it does not play, for display, never with credentials; "" while it plays.
    """

    phase: Phase
    since_s: float = 0.0
    attempt: int = 0
    retry_at_s: float | None = None
    reason: str = ""


PLAYING = SourceState(Phase.PLAYING)


@dataclass(frozen=True)
class Outage:
    """Period without frames that only a new connection ends.

    Attributes:
        since_s: the time of the last frame before it, in seconds of the source's own time.
        lasted_s: seconds until the next frame; None if none has come.
        reason: the last known reason, for display, without credentials.
    """

    since_s: float
    lasted_s: float | None
    reason: str

    def __str__(self) -> str:
        """Describe the outage in words, without the source's name."""
        minutes, seconds = divmod(self.since_s, 60)
        at = f"{int(minutes)}:{seconds:04.1f}"
        if self.lasted_s is None:
            return f"no picture came after {at} ({self.reason})"
        return f"no picture for {self.lasted_s:.1f} s from {at} on ({self.reason})"
