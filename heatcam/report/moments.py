"""Frames of most or least evidence so far: few, and apart in time, because neighbours look alike."""

from __future__ import annotations

from collections.abc import Callable

from heatcam.report.statistics import ThumbnailedMoment

MOST = 4
APART_S = 1.0

MakeMoment = Callable[[float], ThumbnailedMoment]


class Moments:
    """Keeps the moments of highest strength: at most ``MOST``, each at least ``apart_s`` from the others.

    Args:
        apart_s: seconds between two of them; 0 for unrelated pictures.
        sign: 1 keeps those of most evidence, -1 of least.
    """

    def __init__(self, apart_s: float, sign: int) -> None:
        self._apart_s, self._sign = apart_s, sign
        self._kept: list[
            tuple[float, float, ThumbnailedMoment]
        ] = []  # strength, time, moment; strongest first

    def offer(self, evidence: float, time_s: float, make: Callable[[], ThumbnailedMoment]) -> None:
        """Take a moment if it is among the strongest; ``make`` is called only then, because it draws."""
        strength = self._sign * evidence
        near = [entry for entry in self._kept if abs(entry[1] - time_s) < self._apart_s]
        if any(entry[0] >= strength for entry in near):
            return
        rest = [entry for entry in self._kept if entry not in near]
        if len(rest) >= MOST and rest[-1][0] >= strength:
            return
        kept = [*rest, (strength, time_s, make())]
        self._kept = sorted(kept, key=lambda entry: -entry[0])[:MOST]

    def kept(self) -> tuple[ThumbnailedMoment, ...]:
        """Return the moments, strongest first."""
        return tuple(moment for _, _, moment in self._kept)
