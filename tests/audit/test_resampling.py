"""Intervals over pictures, where their answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatcam.audit.resampling import PictureDraws, _student, share_of
from heatcam.measures import share_interval


def ones(*values: float) -> np.ndarray:
    return np.array(values, np.float64)


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans(), st.integers(0, 4)), min_size=2, max_size=40))
@settings(max_examples=30)
def test_the_auc_is_that_of_scikit_learn_ties_and_all(rows: list[tuple[int, bool, int]]) -> None:
    from sklearn.metrics import roc_auc_score

    values, truth, pictures = (np.array(column) for column in zip(*rows, strict=True))
    found = PictureDraws(5).auc(values.astype(np.float64), truth, pictures.astype(np.int64))
    if truth.all() or not truth.any():
        assert found.value is None
    else:
        assert found.value == pytest.approx(roc_auc_score(truth, values))


def test_resamples_of_the_auc_are_those_of_scikit_learn_with_weights() -> None:
    from sklearn.metrics import roc_auc_score

    random = np.random.default_rng(1)
    truth, pictures = random.random(60) < 0.5, random.integers(0, 12, 60)
    values = np.round(truth + random.normal(0, 1, 60), 1)
    draws = PictureDraws(12)
    draws._drawn = draws._drawn[:150]
    found = draws.auc(values, truth, pictures)
    theirs = []
    for drawn in draws._drawn:
        weights = drawn[pictures].astype(float)
        if weights[truth].sum() and weights[~truth].sum():
            theirs.append(roc_auc_score(truth, values, sample_weight=weights))
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(theirs, [2.5, 97.5])), abs=1e-6)


def test_objects_of_one_picture_are_no_proof_of_their_own() -> None:
    """The same objects twice in each picture: a bootstrap of objects would think to know more, that of pictures does not."""
    random = np.random.default_rng(2)
    truth, pictures = random.random(80) < 0.5, np.arange(80) // 2
    values = truth + random.normal(0, 1, 80)
    draws = PictureDraws(40)
    once = draws.auc(values, truth, pictures)
    twice = draws.auc(np.tile(values, 2), np.tile(truth, 2), np.tile(pictures, 2))
    assert (twice.low, twice.high) == pytest.approx((once.low, once.high))


def test_an_auc_without_doubt_has_still_an_interval() -> None:
    truth = np.arange(20) % 2 == 0
    found = PictureDraws(20).auc(truth.astype(float), truth, np.arange(20))
    assert found.value == 1
    assert (found.low, found.high) == pytest.approx(share_interval(1, 10))


def test_few_pictures_have_no_interval() -> None:
    truth = np.array([True, False] * 4)
    found = PictureDraws(4).auc(np.arange(8.0), truth, np.arange(8) // 2)
    assert (found.low, found.high) == (None, None)
    mean = PictureDraws(9).mean(ones(1, 2, 3, 4, 0, 0, 0, 0, 0), ones(1, 1, 1, 1, 0, 0, 0, 0, 0))
    assert (mean.value, mean.low, mean.n) == (2.5, None, 4)
    assert PictureDraws(0).mean(ones(), ones()).value is None


def test_a_mean_is_over_objects_and_its_interval_over_pictures() -> None:
    random = np.random.default_rng(3)
    counts = random.integers(1, 5, 200).astype(np.float64)
    sums = counts * random.normal(0.5, 0.2, 200)
    found = PictureDraws(200).mean(sums, counts)
    assert found.value == pytest.approx(sums.sum() / counts.sum())
    error = np.sqrt(((sums - found.value * counts) ** 2).sum()) / counts.sum()  # (linearised, Cochran 1977)
    assert (found.low, found.high) == pytest.approx(
        (found.value - 1.96 * error, found.value + 1.96 * error), abs=0.004
    )


def test_a_constant_difference_is_certain_because_pictures_are_paired() -> None:
    values, counts = np.random.default_rng(4).random(30), np.ones(30)
    found = PictureDraws(30).difference((values, counts), (values + 0.25, counts))
    assert (found.value, found.low, found.high) == pytest.approx((0.25, 0.25, 0.25))


def test_a_share_of_independent_objects_has_wilsons_interval() -> None:
    found = share_of(ones(*[1] * 15, *[0] * 5), np.ones(20))
    assert (found.value, found.n) == (0.75, 20)
    # (z²/2n + p ∓ z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n) with z = 1.96, n = 20, by hand
    # (pictures vary by 1 of 19 more than that, and Student's quantile of 19 degrees is 2.093)
    assert (found.low, found.high) == pytest.approx(
        share_interval(0.75, 19 * (1.959964 / 2.093024) ** 2), abs=1e-4
    )


def test_objects_that_are_all_alike_in_their_picture_count_once() -> None:
    alike = share_of(ones(*[4] * 15, *[0] * 5), np.full(20, 4.0))
    single = share_of(ones(*[1] * 15, *[0] * 5), np.ones(20))
    assert (alike.low, alike.high) == pytest.approx((single.low, single.high))
    assert alike.n == 80


def test_shares_without_variance_and_without_objects() -> None:
    every = share_of(ones(3, 2), ones(3, 2))
    assert (every.low, every.high) == pytest.approx(share_interval(1, 5))
    assert share_of(ones(0, 0), ones(0, 0)).value is None
    single = share_of(ones(2), ones(5))
    assert (single.low, single.high) == pytest.approx(share_interval(0.4, 1))


@pytest.mark.parametrize("freedom", [2, 3, 5, 10, 30, 1000])
def test_students_quantile_is_scipys(freedom: int) -> None:
    from scipy.stats import t

    assert _student(freedom) == pytest.approx(t.ppf(0.975, freedom), rel=0.09 if freedom < 3 else 0.02)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """30 pictures of one to six objects that are alike: 300 data sets whose true share is 0.8."""
    random, held = np.random.default_rng(5), 0
    for _ in range(300):
        totals = random.integers(1, 7, 30)
        chances = random.beta(4, 1, 30)  # of a picture: mean 0.8
        found = share_of(random.binomial(totals, chances).astype(float), totals.astype(float))
        held += bool(found.low <= 0.8 <= found.high)
    assert 0.92 <= held / 300 <= 0.98
