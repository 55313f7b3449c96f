"""Bayesian ridge regression of scores on what a trial has shown, and draws from its posterior.

The score of a trial is a constant of its kind and step, plus what its set of places holds of a map, which is the sum of some
prior maps, each with a weight, and of cells that are free::

    y = c[kind, step] + P a + X w + noise,    a ~ N(0, s^2 / weak),    w ~ N(0, s^2 / strength)

The strength is found by generalised cross-validation (Golub, Heath and Wahba, "Generalized Cross-Validation as a Method for
Choosing a Good Ridge Parameter", Technometrics 1979), the noise from what is left over, per degree of freedom. Draws of the
posterior are what Thompson sampling tries next (Agrawal and Goyal, "Thompson Sampling for Contextual Bandits with Linear
Payoffs", ICML 2013).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float64Array = npt.NDArray[np.float64]

_WEAK = 0.3  # ridge of the priors' weights, whose columns have a standard deviation of 1: they are hardly held back
_STRENGTHS = np.geomspace(
    1e-3, 30, 24
)  # of the cells' ridge, relative to their largest squared singular value
#: Factor of the degrees of freedom in the criterion, as plain cross-validation often takes too little ridge where trials are few
#: (Kim and Gu, "Smoothing Spline Gaussian Regression: More Scalable Computation via Efficient Approximation", JRSS B 2004).
_INFLATED = 1.4
_TINY = 1e-9
_LEAST_FREEDOM = 5.0  # degrees of freedom that the noise is divided by


@dataclass(frozen=True)
class Posterior:
    """Normal distribution of the weights of priors and cells.

    Attributes:
        mean: float64 ``(priors + cells,)``.
        root: float64 ``(priors + cells, priors + cells)``; ``root @ root.T`` is the covariance.
    """

    mean: Float64Array
    root: Float64Array

    def draw(self, rng: np.random.Generator) -> Float64Array:
        """Return weights drawn from the distribution."""
        return np.asarray(self.mean + self.root @ rng.standard_normal(len(self.mean)))

    def deviation(self, features: Float64Array) -> Float64Array:
        """Return the standard deviation of linear functions of the weights, float64 ``(n,)``.

        Args:
            features: float64 ``(n, priors + cells)``.
        """
        return np.asarray(np.linalg.norm(features @ self.root, axis=1))


def fit(
    priors: Float64Array, cells: Float64Array, groups: npt.NDArray[np.int64], scores: Float64Array
) -> Posterior:
    """Fit the regression.

    A prior whose weight would be negative is left out: priors speak for an object, never against it.

    Args:
        priors: float64 ``(trials, priors)``, what each set holds of each prior.
        cells: float64 ``(trials, cells)``, what each set holds of each cell.
        groups: int64 ``(trials,)``, kind and step of each trial as one number; each has a constant of its own.
        scores: float64 ``(trials,)``.
    """
    of_priors, of_cells, left = (_centred(values, groups) for values in (priors, cells, scores[:, None]))
    size = of_priors.std(0) + _TINY
    kept = np.ones(priors.shape[1], bool)
    while True:
        found = _ridge(of_priors[:, kept] / size[kept], of_cells, left[:, 0], len(np.unique(groups)))
        own = found.mean[: kept.sum()]
        if not (own < 0).any():
            return _with_all(found, kept, size)
        kept[np.flatnonzero(kept)[own < 0]] = False


def _centred(values: Float64Array, groups: npt.NDArray[np.int64]) -> Float64Array:
    """Return values ``(trials, n)`` without the mean of their group."""
    _, which, counts = np.unique(groups, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), values.shape[1]))
    np.add.at(sums, which, values)
    return np.asarray(values - (sums / counts[:, None])[which])


def _ridge(priors: Float64Array, cells: Float64Array, scores: Float64Array, constants: int) -> Posterior:
    """Fit scores without their groups' means to priors of unit size and cells; ``constants`` is the number of groups."""
    columns = np.hstack((priors, cells))
    gram, seen, total = columns.T @ columns, columns.T @ scores, float(scores @ scores)
    largest = float(np.linalg.eigvalsh(gram[priors.shape[1] :, priors.shape[1] :])[-1]) + _TINY
    free = len(scores) - constants
    tried = [_solved(gram, seen, total, priors.shape[1], largest * strength) for strength in _STRENGTHS]
    best = min(tried, key=lambda one: one.rest / max(free - _INFLATED * one.freedom, _TINY) ** 2)
    noise = np.sqrt(best.rest / max(free - best.freedom, _LEAST_FREEDOM))
    return Posterior(best.weights, noise * best.root)


@dataclass(frozen=True)
class _Solution:
    """Ridge regression of one strength.

    Attributes:
        weights: of priors and cells.
        root: of their covariance, for noise of 1.
        rest: sum of squares that is left over.
        freedom: degrees of freedom that the fit takes.
    """

    weights: Float64Array
    root: Float64Array
    rest: float
    freedom: float


def _solved(gram: Float64Array, seen: Float64Array, total: float, priors: int, strength: float) -> _Solution:
    """Solve the ridge regression of columns with this Gram matrix and these products with the scores.

    Args:
        gram: ``(n, n)``, the first columns are those of the priors.
        seen: ``(n,)``.
        total: sum of the scores' squares.
        priors: number of priors.
        strength: of the cells' ridge.
    """
    held = np.r_[np.full(priors, _WEAK), np.full(len(gram) - priors, strength)] ** -0.5
    squares, turn = np.linalg.eigh(gram * held * held[:, None])
    squares = squares.clip(0)
    weights = held * (turn @ ((turn.T @ (held * seen)) / (squares + 1)))
    rest = max(0.0, total - 2 * float(weights @ seen) + float(weights @ gram @ weights))
    return _Solution(
        weights, held[:, None] * turn * (squares + 1) ** -0.5, rest, float((squares / (squares + 1)).sum())
    )


def _with_all(found: Posterior, kept: npt.NDArray[np.bool_], size: Float64Array) -> Posterior:
    """Return the posterior of the weights in the priors' own size, 0 for those that were left out."""
    cells = len(found.mean) - int(kept.sum())
    places = np.r_[np.flatnonzero(kept), len(kept) + np.arange(cells)]
    scale = np.r_[size[kept], np.ones(cells)]
    mean, root = np.zeros(len(kept) + cells), np.zeros((len(kept) + cells, len(found.mean)))
    mean[places], root[places] = found.mean / scale, found.root / scale[:, None]
    padded = np.zeros((len(mean), len(mean)))
    padded[:, : root.shape[1]] = root
    return Posterior(mean, padded)
