"""Refinement of one object's map, trial by trial.

A trial shows a set of the object's pixels on a covered picture, or covers it in the clear one (insertion and deletion: Petsiuk et
al., "RISE", BMVC 2018, and D-RISE, CVPR 2021), and has a score. The first sets are the highest pixels of smooth noise plus some
share of the best prior; RISE's masks are noise alone and need thousands. A ridge regression (``regression``) makes the map; then
whole rankings are drawn from its posterior, and their highest pixels are tried at every step, so that trials go where they can
still change the order of the map.

``ask`` and ``tell`` know neither network nor batch: whoever scores can mix the trials of several objects, stop at any time, look
at ``state``, and go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heatcam.geometry import Float32Array, Uint8Array
from heatcam.perturbation.regression import Float64Array, Posterior, fit
from heatcam.perturbation.subject import BoolArray, Subject

#: Shares of the window that a set covers, as in the protocol of deletion and insertion.
STEPS = tuple((k / 9) ** 2 for k in range(1, 9))
RANDOM_TRIALS = 100  # before rankings are drawn; half of all where fewer are to be made
LEAST_TRIALS = 48  # for a map: by fewer it is noise, and there is only what was known beforehand
_BIASES = 0.0, 0.0, 0.6, 1.2  # shares of the best prior in a random ranking
_AT_ONCE = len(STEPS)  # trials of one drawn ranking: every other step of both kinds
_MEAN_EVERY = 4  # of so many rankings one is the mean itself


@dataclass(frozen=True, eq=False)
class MaskTrial:
    """One set of pixels to be scored.

    Attributes:
        chosen: bool ``(wh, ww)`` over the window.
        shown: shown alone; else covered.
        step: index into ``STEPS``.
    """

    chosen: BoolArray
    shown: bool
    step: int


@dataclass(frozen=True, eq=False)
class RefinedMap:
    """Map of an object after some trials.

    Attributes:
        values: float32 ``(wh, ww)`` over the window: how much the score rises per share of the box when a pixel is shown rather
            than an average one of the box; negative where it rises less.
        deviation: float32 ``(wh, ww)``, the standard deviation of ``values``.
        trials: number of trials.
    """

    values: Float32Array
    deviation: Float32Array
    trials: int


class ObjectTrials:
    """Refines one object's map.

    Args:
        subject: the object.
        seed: of all random numbers.
        random_trials: trials of random sets before those of drawn rankings.
    """

    def __init__(self, subject: Subject, seed: int = 0, random_trials: int = RANDOM_TRIALS) -> None:
        self.subject = subject
        self._rng = np.random.default_rng(seed)
        self._random_trials = random_trials
        self._asked, self._rankings = 0, 0
        self._cells: list[Float64Array] = []
        self._priors: list[Float64Array] = []
        self._groups: list[int] = []
        self._scores: list[float] = []
        self._fitted: tuple[int, Posterior] | None = None
        pixels = subject.priors[0].size
        self._counts = [max(1, round(share * pixels)) for share in STEPS]
        self._mean_priors = subject.priors.mean((1, 2), dtype=np.float64)

    @property
    def trials(self) -> int:
        """Number of trials that were told."""
        return len(self._scores)

    @property
    def is_known(self) -> bool:
        """True once there have been enough trials for a map."""
        return self.trials >= LEAST_TRIALS

    @property
    def draws(self) -> bool:
        """True once all trials of random sets were told: those to come are of drawn rankings."""
        return self.trials >= max(LEAST_TRIALS, self._random_trials)

    def ask(self) -> list[MaskTrial]:
        """Return the next trials: some, that can be scored in any order."""
        if self._asked < self._random_trials:
            made = [
                self._random(self._asked + n) for n in range(min(_AT_ONCE, self._random_trials - self._asked))
            ]
        else:
            made = self._drawn()
        self._asked += len(made)
        return made

    def picture(self, trial: MaskTrial) -> Uint8Array:
        """Return the picture of a trial, uint8 ``(h, w, 3)`` BGR."""
        return self.subject.picture(trial.chosen, shown=trial.shown)

    def tell(self, trials: Sequence[MaskTrial], scores: Sequence[float]) -> None:
        """Take the scores of some trials, in ``[0, 1]``, in their order."""
        rows = [self._row(trial) for trial in trials]
        self._priors += [own for own, _ in rows]
        self._cells += [cells for _, cells in rows]
        self._groups += [2 * trial.step + trial.shown for trial in trials]
        self._scores += [float(score) for score in scores]

    def state(self) -> RefinedMap:
        """Return the map so far; before ``LEAST_TRIALS`` it is the best prior, of which nothing is known."""
        subject = self.subject
        if not self.is_known:
            values = subject.priors[0] - subject.priors[0].mean()
            return RefinedMap(values, np.full_like(values, np.inf), self.trials)
        posterior = self._posterior()
        values = self._map(posterior.mean)
        return RefinedMap(values, subject.enlarged(self._deviation(posterior)), self.trials)

    def _random(self, number: int) -> MaskTrial:
        """Make a trial of a random set: shown where ``number`` is odd, else covered."""
        step = int(self._rng.integers(len(STEPS)))
        noise = self.subject.enlarged(self._rng.random(self._cell_count))
        ranking = noise + float(self._rng.choice(_BIASES)) * self.subject.priors[0]
        return MaskTrial(highest(ranking, self._counts[step]), bool(number % 2), step)

    def _drawn(self) -> list[MaskTrial]:
        """Make trials of one ranking that is drawn from the posterior, or is its mean."""
        posterior, turn = self._posterior(), self._rankings
        self._rankings += 1
        is_mean = turn % _MEAN_EVERY == 0
        ranking = self._map(posterior.mean if is_mean else posterior.draw(self._rng))
        return [
            MaskTrial(highest(ranking, count), bool((step + turn) % 2), step)
            for step, count in enumerate(self._counts)
        ]

    @property
    def _cell_count(self) -> int:
        rows, columns = self.subject.grid_hw
        return rows * columns

    def _row(self, trial: MaskTrial) -> tuple[Float64Array, Float64Array]:
        """Return what a trial's set holds of priors and cells beyond its share of the window; negative where it is covered."""
        chosen, sign = trial.chosen.astype(np.float32), 1.0 if trial.shown else -1.0
        share = float(chosen.mean(dtype=np.float64))
        held = (self.subject.priors * chosen).mean((1, 2), dtype=np.float64) - share * self._mean_priors
        return sign * held, sign * (self.subject.shares(chosen) - share)

    def _posterior(self) -> Posterior:
        if self._fitted is None or self._fitted[0] != self.trials:
            columns = np.array(self._priors), np.array(self._cells), np.array(self._groups)
            self._fitted = self.trials, fit(*columns, np.array(self._scores))
        return self._fitted[1]

    def _map(self, weights: Float64Array) -> Float32Array:
        """Return the map of some weights, with a mean of 0: a cell's weight is of all of its pixels, 1 / cells of the window."""
        priors = len(self._mean_priors)
        own = np.tensordot(weights[:priors].astype(np.float32), self.subject.priors, 1)
        values = own + self.subject.enlarged(weights[priors:] * self._cell_count)
        return np.asarray(values - values.mean(), np.float32)

    def _deviation(self, posterior: Posterior) -> Float64Array:
        """Return the standard deviation of the map at each cell, float64 ``(cells,)``."""
        count = self._cell_count
        own = np.stack([self.subject.shares(prior) for prior in self.subject.priors], 1) - self._mean_priors
        alone = np.eye(count) - 1 / count
        return posterior.deviation(np.hstack((own, count * alone)))


def highest(ranking: Float32Array, count: int) -> BoolArray:
    """Return the set of the ``count`` highest pixels, at least one and not all: bool of the ranking's shape."""
    flat = ranking.ravel()
    chosen = np.zeros(flat.size, bool)
    count = min(max(1, count), flat.size)
    chosen[np.argpartition(-flat, count - 1)[:count]] = True
    return chosen.reshape(ranking.shape)
