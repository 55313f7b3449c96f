"""The sequential test: fair bets, false alarms that are counted, drifts that are noticed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import binomtest, kstest

from heatcam.drift.betting import _POWERS, SeriesTest, Urn, Wealth, uniform

Draw = Callable[[np.random.Generator, int], np.ndarray]


def alarm(
    baseline: Sequence[float], values: Sequence[float], false_alarms: float, seed: object
) -> int | None:
    """Number of the value, from 1 on, at which the test tells of a drift."""
    test = SeriesTest({0: [float(own) for own in baseline]}, str(seed))
    for number, value in enumerate(values, start=1):
        test.take(float(value), 0)
        if test.log_e >= -math.log(false_alarms):
            return number
    return None


def test_the_first_values_gap_is_as_likely_as_every_other_and_the_second_prefers_where_the_first_was() -> (
    None
):
    urn = Urn([1.0, 2.0, 3.0], "seed")
    assert [urn.gap_of(value, 0.5) for value in (0.0, 1.5, 2.5, 9.0)] == [0, 1, 2, 3]
    assert urn.rank(0, 0.5) == pytest.approx(0.5 / 4)
    assert urn.rank(3, 0.5) == pytest.approx(3.5 / 4)
    urn.add(3)
    assert urn.rank(3, 0.0) == pytest.approx(3 / 5)  # two of five parts of it are the last gap's now
    assert urn.chances(3)[0] == (1, pytest.approx(3 / 5))  # two gaps and one value in the upper half


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=5, max_size=20), st.lists(st.integers(0, 3), max_size=12))
def test_every_bet_is_fair_whatever_came_before(baseline: list[int], before: list[int]) -> None:
    """The expected wealth after the next value, over the urn's law, is the wealth before it: by enumeration."""
    test = SeriesTest({0: [float(own) for own in baseline]}, "fair")
    for value in before:
        test.take(float(value), 0)
    urn, wealth = test.urns[0], test.wealth
    chances = [(1 + int(own)) / (urn.gaps + urn.total) for own in urn.counts]
    assert sum(chances) == pytest.approx(1)
    expected = np.zeros(len(wealth.start))
    for gap, chance in enumerate(chances):
        after = Wealth(
            wealth.blocks, list(wealth.start), [list(own) for own in wealth.groups], list(wealth.later)
        )
        after.bet(urn.chances(gap), 0.5)
        expected += chance * np.exp(after.start)
    assert np.all(expected <= np.exp(wealth.start) * (1 + 1e-9))
    if len(baseline) >= 19:  # (no two cuts fall together)
        assert expected == pytest.approx(np.exp(wealth.start))


def test_the_bets_on_ranks_are_fair_and_what_is_not_bet_is_kept() -> None:
    for power in _POWERS:
        assert quad(lambda p, a=power: a * p ** (a - 1), 0, 1)[0] == pytest.approx(1)
    wealth = Wealth()
    assert wealth.log_e == pytest.approx(0)
    wealth.bet([(0, 0.5), (0, 0.25), (0, 0.05), (0, 0.2), (0, 0.04)], 0.5)
    bet = 1 - 1 / (1 + math.log(2))
    odds = [a * 0.5 ** (a - 1) for a in _POWERS]
    later = np.mean([bet * own + (1 - bet) for own in odds])
    start = np.mean([(1 / 2) / 0.5, (1 / 4) / 0.25, (1 / 3) / 0.05, (1 / 3) / 0.2, (1 / 3) / 0.04])
    assert math.exp(wealth.log_e) == pytest.approx((start + later) / 2)


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng, n: rng.normal(size=n),
        lambda rng, n: rng.poisson(0.3, n),  # nearly all of them equal
        lambda rng, n: rng.standard_cauchy(n),
    ],
    ids=["normal", "ties", "heavy tails"],
)
def test_ranks_are_uniform_and_independent(draw: Draw) -> None:
    rng = np.random.default_rng(0)
    ranks = []
    for number in range(300):
        values = draw(rng, 24).astype(float)
        urn = Urn(list(values[:12]), f"ranks/{number}")
        for value in values[12:]:
            gap = urn.gap_of(value, rng.random())
            ranks.append(urn.rank(gap, rng.random()))
            urn.add(gap)
    assert kstest(ranks, "uniform").pvalue > 0.01
    pairs = np.array(ranks).reshape(300, 12)
    assert abs(np.corrcoef(pairs[:, :-1].ravel(), pairs[:, 1:].ravel())[0, 1]) < 0.06


@pytest.mark.parametrize(
    ("draw", "hours"),
    [(lambda rng, n: rng.normal(size=n), 12), (lambda rng, n: rng.poisson(0.3, n), 48)],
    ids=["normal, half a day", "ties, two days"],
)
def test_of_a_thousand_quiet_days_no_more_give_an_alarm_than_promised(draw: Draw, hours: int) -> None:
    """Each day has 24 hours, a test of its own and a baseline so short that its mean is a guess. Promised: one in ten at most."""
    promised, days = 0.1, 1000
    rng = np.random.default_rng(1)
    told = sum(alarm(draw(rng, hours), draw(rng, 24), promised, day) is not None for day in range(days))
    assert binomtest(told, days, promised, alternative="greater").pvalue > 0.5  # not even as many as promised
    assert told > 5  # it is a test, not silence


def test_a_shift_of_two_spreads_is_noticed_within_twenty_blocks_and_one_of_four_within_eight() -> None:
    rng = np.random.default_rng(2)
    for shift, within in ((2.0, 20), (4.0, 8)):
        found = [
            alarm(rng.normal(size=144), rng.normal(size=60) + shift, 1e-4, number) or 99
            for number in range(15)
        ]
        assert np.median(found) <= within, found


def test_a_drift_that_comes_after_five_hundred_quiet_blocks_is_noticed_too() -> None:
    rng = np.random.default_rng(3)
    for shift, within in ((-2.0, 30), (-4.0, 15)):
        found = []
        for number in range(5):
            values = np.concatenate([rng.normal(size=500), rng.normal(size=100) + shift])
            at = alarm(rng.normal(size=144), values, 1e-4, number)
            found.append(999 if at is None else at - 500)
        assert min(found) > 0  # not before
        assert np.median(found) <= within, found


def test_a_wider_spread_is_drift_too() -> None:
    rng = np.random.default_rng(4)
    assert alarm(rng.normal(size=200), 5 * rng.normal(size=60), 1e-3, "wide") is not None


def test_parts_of_the_day_are_compared_with_themselves_and_those_without_a_baseline_are_not_judged() -> None:
    rng = np.random.default_rng(5)
    by_night = {0: list(rng.normal(size=30)), 1: list(rng.normal(size=30) + 50)}
    test = SeriesTest(by_night, "night")
    for _ in range(60):
        assert test.take(float(rng.normal()), 0)
        assert test.take(float(rng.normal()) + 50, 1)
    assert test.log_e < math.log(10)
    assert not test.take(0.0, 2)
    assert test.wealth.blocks == 120


def test_what_looks_drawn_is_always_the_same_and_uniform() -> None:
    assert uniform("a", 1) == uniform("a", 1) != uniform("a", 2)
    assert kstest([uniform("seed", n) for n in range(2000)], "uniform").pvalue > 0.01
