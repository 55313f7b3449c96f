"""Backoff between attempts to reconnect: 1, 2, 4 ... 30 s, minutes after a refused login, with some jitter."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

FIRST_S = 1.0
LONGEST_S = 30.0
HEALTHY_AFTER_S = 60.0
REFUSED_S, LONGEST_REFUSED_S = 60.0, 300.0
JITTER = 0.2


@dataclass
class Backoff:
    """Counts attempts during an outage, and over outages in quick succession. Used from one thread.

    Jitter keeps ten programs that lost one camera from reconnecting in step.

    Attributes:
        rng: random generator of the jitter.
        attempt: number of attempts since the source was last healthy.
        refusals: number of those in which the login was refused.
    """

    rng: random.Random = field(default_factory=random.Random)
    attempt: int = 0
    refusals: int = 0

    def lost(self, played_s: float) -> None:
        """Note that the source was lost after playing for ``played_s`` seconds; 60 or more reset the count."""
        if played_s >= HEALTHY_AFTER_S:
            self.attempt = self.refusals = 0

    def next_wait_s(self) -> float:
        """Count one more attempt, and return the wait before it in seconds, with a jitter of up to 20 %."""
        planned_s = min(LONGEST_S, FIRST_S * 2.0 ** min(self.attempt, 10))
        self.attempt += 1
        return planned_s * self.rng.uniform(1 - JITTER, 1 + JITTER)

    def next_refused_wait_s(self) -> float:
        """Return the wait after a refused login, in seconds: 1, 2, 4, 5 minutes. Cameras lock accounts after wrong logins."""
        planned_s = min(LONGEST_REFUSED_S, REFUSED_S * 2.0 ** min(self.refusals, 10))
        self.attempt += 1
        self.refusals += 1
        return planned_s * self.rng.uniform(1, 1 + JITTER)
