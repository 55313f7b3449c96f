"""The regression: weights and strengths as scikit-learn finds them, and a posterior that its draws follow."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from heatcam.perturbation import regression
from heatcam.perturbation.regression import fit

RNG = np.random.default_rng(3)
TRIALS, CELLS = 120, 20
GROUPS = np.arange(TRIALS) % 4
CELL_COLUMNS = RNG.standard_normal((TRIALS, CELLS))
PRIOR_COLUMNS = RNG.standard_normal((TRIALS, 2))
WEIGHTS = RNG.standard_normal(CELLS)
SCORES = PRIOR_COLUMNS @ [2.0, 0.5] + CELL_COLUMNS @ WEIGHTS + 0.1 * RNG.standard_normal(TRIALS)


def centred(values: np.ndarray) -> np.ndarray:
    means = np.stack([values[group == GROUPS].mean(0) for group in range(4)])
    return values - means[GROUPS]


def test_weights_come_back() -> None:
    found = fit(PRIOR_COLUMNS, CELL_COLUMNS, GROUPS, SCORES).mean
    assert found[:2] == pytest.approx([2.0, 0.5], abs=0.1)
    assert found[2:] == pytest.approx(WEIGHTS, abs=0.15)


def test_a_constant_of_a_kind_and_step_changes_nothing() -> None:
    other = SCORES + np.array([0.0, 7.0, -3.0, 100.0])[GROUPS]
    plain = fit(PRIOR_COLUMNS, CELL_COLUMNS, GROUPS, SCORES)
    assert fit(PRIOR_COLUMNS, CELL_COLUMNS, GROUPS, other).mean == pytest.approx(plain.mean, abs=1e-6)


def test_cells_of_a_strength_are_those_of_scikit_learns_ridge(monkeypatch: pytest.MonkeyPatch) -> None:
    strength = 0.1
    monkeypatch.setattr(regression, "_STRENGTHS", [strength])
    columns = centred(CELL_COLUMNS)
    largest = np.linalg.norm(columns, 2) ** 2
    exact = Ridge(alpha=strength * largest, fit_intercept=False).fit(columns, centred(SCORES))
    nothing = np.zeros((TRIALS, 0))
    assert fit(nothing, CELL_COLUMNS, GROUPS, SCORES).mean == pytest.approx(exact.coef_, rel=1e-6)


def test_the_strength_has_the_least_generalised_cross_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    """The criterion written out, with the whole hat matrix."""
    noisy = CELL_COLUMNS @ WEIGHTS + 6 * RNG.standard_normal(TRIALS)
    columns, scores = centred(CELL_COLUMNS), centred(noisy)
    strengths = np.geomspace(1e-3, 30, 6)
    monkeypatch.setattr(regression, "_STRENGTHS", strengths)

    def solved(alpha: float) -> tuple[float, np.ndarray]:
        inverse = np.linalg.inv(columns.T @ columns + alpha * np.eye(CELLS))
        hat = columns @ inverse @ columns.T
        rest = ((scores - hat @ scores) ** 2).sum()
        return rest / (TRIALS - 1.4 * np.trace(hat) - 4) ** 2, inverse @ columns.T @ scores

    _, best = min((solved(s * np.linalg.norm(columns, 2) ** 2) for s in strengths), key=lambda one: one[0])
    assert fit(np.zeros((TRIALS, 0)), CELL_COLUMNS, GROUPS, noisy).mean == pytest.approx(best, rel=1e-6)


def test_a_prior_that_would_speak_against_the_object_is_left_out() -> None:
    against = np.column_stack((PRIOR_COLUMNS[:, 0], -PRIOR_COLUMNS[:, 1]))
    scores = PRIOR_COLUMNS @ [2.0, 5.0]
    found = fit(against, np.zeros((TRIALS, 1)), GROUPS, scores)
    assert found.mean[0] > 0
    assert found.mean[1] == 0
    assert found.deviation(np.eye(3))[1] == 0


def test_draws_have_the_mean_and_the_deviation_of_the_posterior() -> None:
    noisy = SCORES + 2 * RNG.standard_normal(TRIALS)
    found = fit(PRIOR_COLUMNS, CELL_COLUMNS, GROUPS, noisy)
    draws = np.stack([found.draw(np.random.default_rng(seed)) for seed in range(4000)])
    assert draws.mean(0) == pytest.approx(found.mean, abs=0.05)
    assert draws.std(0) == pytest.approx(found.deviation(np.eye(len(found.mean))), rel=0.1)


def test_the_true_weights_lie_within_two_deviations_mostly() -> None:
    inside = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        weights = rng.standard_normal(CELLS)
        scores = CELL_COLUMNS @ weights + 2 * rng.standard_normal(TRIALS)
        found = fit(np.zeros((TRIALS, 0)), CELL_COLUMNS, GROUPS, scores)
        inside.append(np.abs(found.mean - weights) < 2 * found.deviation(np.eye(CELLS)))
    assert 0.85 < np.mean(inside) < 1


def test_fewer_trials_than_cells_still_give_a_posterior() -> None:
    found = fit(PRIOR_COLUMNS[:10], CELL_COLUMNS[:10], GROUPS[:10], SCORES[:10])
    assert np.isfinite(found.mean).all()
    assert (found.deviation(np.eye(len(found.mean)))[2:] > 0).all()
