"""How long to wait before the next attempt to reconnect: 1, 2, 4 ... 30 s, minutes after a refused login, a little shaken."""

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
    """Counts attempts over an outage, and over outages that follow one another too fast. One thread uses it.

    Jitter keeps ten programs that lost one camera from coming back in step.

    Attributes:
        rng: where the jitter comes from.
        attempt: how many attempts were made since the source was last healthy.
        refusals: in how many of them the login was refused.
    """

    rng: random.Random = field(default_factory=random.Random)
    attempt: int = 0
    refusals: int = 0

    def lost(self, played_s: float) -> None:
        """The source was lost after it had played for ``played_s`` seconds; a minute of health starts the count anew."""
        if played_s >= HEALTHY_AFTER_S:
            self.attempt = self.refusals = 0

    def next_wait_s(self) -> float:
        """Counts one more attempt, and says how long to wait for it: at most 20 % off the plan, in seconds."""
        planned_s = min(LONGEST_S, FIRST_S * 2.0 ** min(self.attempt, 10))
        self.attempt += 1
        return planned_s * self.rng.uniform(1 - JITTER, 1 + JITTER)

    def next_refused_wait_s(self) -> float:
        """The same after a refused login, in seconds: 1, 2, 4, 5 minutes. Cameras lock accounts after some wrong logins."""
        planned_s = min(LONGEST_REFUSED_S, REFUSED_S * 2.0 ** min(self.refusals, 10))
        self.attempt += 1
        self.refusals += 1
        return planned_s * self.rng.uniform(1, 1 + JITTER)
