"""The bootstrap, where its answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from heatcam.evaluation.intervals import paired_interval


def test_identical_rows_differ_by_nothing_for_sure() -> None:
    row = [0.1, 0.5, 0.9]
    assert paired_interval(row, row, seed=0) == (0, 0)


def test_a_constant_difference_is_certain_because_objects_are_paired() -> None:
    theirs = [0.1, 0.5, 0.9, 0.2]
    low, high = paired_interval([value + 0.25 for value in theirs], theirs, seed=0)
    assert (low, high) == pytest.approx((0.25, 0.25))


def test_it_is_as_wide_as_the_normal_interval_of_many_differences() -> None:
    differences = np.random.default_rng(3).normal(0.2, 1, 400)
    low, high = paired_interval(differences, np.zeros(400), seed=0)
    error = differences.std() / np.sqrt(400)
    assert low == pytest.approx(differences.mean() - 1.96 * error, abs=0.01)
    assert high == pytest.approx(differences.mean() + 1.96 * error, abs=0.01)


def test_scipy_finds_the_same() -> None:
    from scipy.stats import bootstrap

    ours, theirs = np.random.default_rng(4).random((2, 20))
    other = bootstrap(
        (ours - theirs,), np.mean, method="percentile", random_state=1, n_resamples=9999
    ).confidence_interval
    assert paired_interval(ours, theirs, seed=0) == pytest.approx((other.low, other.high), abs=0.01)


def test_the_same_seed_gives_the_same_interval() -> None:
    one, other = np.random.default_rng(4).random((2, 9))
    assert paired_interval(one, other, seed=7) == paired_interval(one, other, seed=7)
    assert paired_interval(one, other, seed=7) != paired_interval(one, other, seed=8)


def test_rows_without_objects_have_no_interval() -> None:
    with pytest.raises(ValueError, match="no objects"):
        paired_interval([], [], seed=0)
