r"""Sequential test of one series against its baseline, which may be asked after every block and for ever.

**What is assumed.** The values of blocks, those of the baseline and the new ones, are exchangeable while nothing has drifted:
any order of them is as likely as any other. Nothing is assumed of their distribution, and the baseline's mean is not taken for
the truth: a short baseline makes the test slow, not wrong.

**Ranks.** The ``n`` values of the baseline, in order, leave ``n + 1`` gaps. Under that assumption the gaps of the new values
follow a Polya urn: with ``c(g)`` earlier values in gap ``g``, of ``t - 1`` in all,

    P(value t lies in g | all before) = (1 + c(g)) / (n + t)

(Blackwell and MacQueen, "Ferguson distributions via Polya urn schemes", Annals of Statistics 1973). Equal values are told apart
by fixed uniform numbers, which are exchangeable too. Where the day has parts, each has a baseline and an urn of its own.

**Bets.** An e-process starts at 1 and is a bet against that law, fair under it; its value is by how much the bettor's money has
grown. By Ville's inequality (1939) it ever reaches ``1 / a`` with probability at most ``a`` (Ramdas, Gruenwald, Vovk and Shafer,
"Game-theoretic statistics and safe anytime-valid inference", Statistical Science 2023). Two are averaged, which makes one again:

* *From the start*: groups of gaps (halves, quarters, 20 % and 5 % tails, the two outermost gaps) are predicted by what the
  new values were so far, ``q(k) = (1/2 + c(k)) / (K/2 + t - 1)`` (Krichevsky and Trofimov 1981), and the wealth is multiplied by
  ``q(k) / P(k)``: two-sample e-values as of Turner, Ly and Gruenwald, "Generic E-variables for exact sequential k-sample tests"
  (Computational Statistics and Data Analysis 2024).
* *From any later moment on*: the randomised rank ``p`` of a value, its place in the urn's law, is uniform on ``[0, 1]`` whatever
  came before, and ``f(p) = a p^(a - 1)``, also of ``1 - p``, for ``a`` in 0.1, 0.25 and 0.5, are fair bets (conformal test
  martingales: Vovk, "Testing randomness online", Statistical Science 2021). A change may come late, so that new bets are opened
  at every block ``k``, with shares ``w(k)`` of the money that sum to 1, and are held for good:
  ``R(t) = (R(t - 1) + w(t)) f(p)``. It is the e-detector of Shin, Ramdas and Rinaldo, "E-detectors: a nonparametric framework for
  sequential change detection" (2022), made an e-process by its weights: ``1 / (1 + ln(1 + k))`` is not yet bet after ``k``.

We leave the papers in one thing: an e-detector bounds the mean time between false alarms; with the weights the probability of
ever having one is bounded, which costs a late drift of ``k`` blocks about ``ln k + 2 ln ln k`` more log evidence.
"""

from __future__ import annotations

import bisect
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

_POWERS = (0.1, 0.25, 0.5)
_TAILS: tuple[tuple[float, ...], ...] = ((0.5,), (0.25, 0.5, 0.75), (0.05, 0.95), (0.2, 0.8), (0.0, 1.0))
_NOTHING = -1e9  # the logarithm of no money: JSON has no infinity
_LEAST_P = 1e-12
_BITS = 2.0**64


def uniform(*of: object) -> float:
    """Return a number in ``[0, 1)`` that looks drawn and is always the same for the same ``of``."""
    digest = hashlib.blake2b("/".join(map(str, of)).encode("utf-8", "surrogateescape"), digest_size=8)
    return int.from_bytes(digest.digest(), "big") / _BITS


class Urn:
    """Gaps between the values of a baseline, and how many new values lie in each.

    Args:
        values: the baseline's.
        seed: of the numbers that tell equal values apart.

    Attributes:
        gaps: number of gaps.
        counts: of new values in each gap, int64 ``(gaps,)``.
        groups: the first gap of each group but the first, for each way of grouping.
        grouped: number of new values in each group, likewise.
    """

    def __init__(self, values: Sequence[float], seed: str) -> None:
        self._values = sorted((value, uniform(seed, n)) for n, value in enumerate(values))
        self.gaps = len(values) + 1
        self.counts = np.zeros(self.gaps, np.int64)
        self.total = 0
        self.groups = [_edges(cuts, self.gaps) for cuts in _TAILS]
        self.grouped = [[0] * (len(edges) + 1) for edges in self.groups]

    def gap_of(self, value: float, draw: float) -> int:
        """Return the gap that a value lies in; ``draw`` tells it apart from equal ones."""
        return bisect.bisect_right(self._values, (value, draw))

    def rank(self, gap: int, draw: float) -> float:
        """Return the randomised rank of a value in this gap, in ``(0, 1)``: uniform if nothing has drifted."""
        below, own = gap + int(self.counts[:gap].sum()), 1 + int(self.counts[gap])
        return min(max((below + draw * own) / (self.gaps + self.total), _LEAST_P), 1 - _LEAST_P)

    def chances(self, gap: int) -> list[tuple[int, float]]:
        """Return the group that the gap lies in, and its probability, for each way of grouping."""
        found = []
        for edges, counts in zip(self.groups, self.grouped, strict=True):
            group = bisect.bisect_right(edges, gap)
            ends = [0, *edges, self.gaps]
            size = ends[group + 1] - ends[group]
            found.append((group, (size + counts[group]) / (self.gaps + self.total)))
        return found

    def add(self, gap: int, number: int = 1) -> None:
        """Count new values in a gap."""
        for edges, counts in zip(self.groups, self.grouped, strict=True):
            counts[bisect.bisect_right(edges, gap)] += number
        self.counts[gap] += number
        self.total += number


def _edges(cuts: Sequence[float], gaps: int) -> list[int]:
    """Return the first gap of each group but the first, for cuts in shares; no group is empty."""
    return sorted({min(max(round(cut * gaps), 1), gaps - 1) for cut in cuts})


@dataclass
class Wealth:
    """Money of the bets on one series, as logarithms.

    Attributes:
        blocks: number of values so far.
        start: of the bets from the start, one a way of grouping.
        groups: number of values in each group so far, over all parts of the day: what those bets predict by.
        later: of the bets from a later moment on, one a power and side.
    """

    blocks: int = 0
    start: list[float] = field(default_factory=lambda: [0.0] * len(_TAILS))
    groups: list[list[int]] = field(default_factory=lambda: [[] for _ in _TAILS])
    later: list[float] = field(default_factory=lambda: [_NOTHING] * (2 * len(_POWERS)))

    @property
    def log_e(self) -> float:
        """Natural logarithm of the e-process."""
        kept = math.log(_not_bet(self.blocks))
        later = _log_mean([_log_sum((own, kept)) for own in self.later])
        return _log_mean([_log_mean(self.start), later])

    def bet(self, chances: Sequence[tuple[int, float]], rank: float) -> None:
        """Take the next value's groups with their probabilities, and its rank: see ``Urn``."""
        for n, (group, chance) in enumerate(chances):
            counts = self.groups[n]
            counts += [0] * (group + 1 - len(counts))
            ways = len(_TAILS[n]) + 1
            self.start[n] += math.log((0.5 + counts[group]) / (ways / 2 + self.blocks) / chance)
            counts[group] += 1
        share = math.log(_not_bet(self.blocks) - _not_bet(self.blocks + 1))
        self.blocks += 1
        odds = [math.log(a) + (a - 1) * math.log(p) for p in (rank, 1 - rank) for a in _POWERS]
        self.later = [_log_sum((own, share)) + by for own, by in zip(self.later, odds, strict=True)]


def _not_bet(blocks: int) -> float:
    """Return the share of the money that is not yet bet after so many blocks."""
    return 1 / (1 + math.log1p(blocks))


def _log_sum(logs: Sequence[float]) -> float:
    top = max(logs)
    return top + math.log(sum(math.exp(own - top) for own in logs))


def _log_mean(logs: Sequence[float]) -> float:
    return _log_sum(logs) - math.log(len(logs))


class SeriesTest:
    """The test of one series.

    Args:
        baseline: its values in each part of the day that has enough of them.
        seed: of all that is drawn: the same values give the same result.
        wealth: of an earlier run, to go on with.
        counts: number of new values in each gap by the part of the day, likewise.
    """

    def __init__(
        self,
        baseline: Mapping[int, Sequence[float]],
        seed: str,
        wealth: Wealth | None = None,
        counts: Mapping[int, Mapping[int, int]] | None = None,
    ) -> None:
        self._seed = seed
        self.urns = {part: Urn(values, f"{seed}/{part}") for part, values in baseline.items()}
        self.wealth = wealth or Wealth()
        for part, gaps in (counts or {}).items():
            for gap, number in gaps.items():
                self.urns[part].add(gap, number)

    def take(self, value: float, part: int) -> bool:
        """Take a new block's value; return False where the baseline has too little of this part of the day to judge it."""
        urn = self.urns.get(part)
        if urn is None:
            return False
        number = self.wealth.blocks
        gap = urn.gap_of(value, uniform(self._seed, "tie", number))
        self.wealth.bet(urn.chances(gap), urn.rank(gap, uniform(self._seed, "rank", number)))
        urn.add(gap)
        return True

    @property
    def log_e(self) -> float:
        """Natural logarithm of the e-process."""
        return self.wealth.log_e
