"""The bootstrap, where its answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from heatcam.measures import block_interval, clustered_interval, paired_interval, share_interval


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


def test_clusters_are_drawn_whole_as_computed_directly() -> None:
    """Against the bootstrap written out, one resample after the other."""
    draws = np.random.default_rng(5)
    clusters = np.repeat(list("abcdefghij"), draws.integers(1, 6, 10))
    shared = dict(zip("abcdefghij", draws.normal(0, 1, 10), strict=True))
    ours = [shared[c] + draws.normal(0.3, 0.2) for c in clusters]
    theirs = draws.normal(0, 0.1, len(ours))
    by_cluster = [np.subtract(ours, theirs)[clusters == c] for c in "abcdefghij"]
    means = [np.concatenate([by_cluster[n] for n in draws.integers(0, 10, 9)]).mean() for _ in range(10_000)]
    found = clustered_interval(ours, theirs, list(clusters), seed=0)
    assert found == pytest.approx(np.percentile(means, [2.5, 97.5]), abs=0.04)
    low, high = paired_interval(ours, theirs, seed=0)
    assert found[1] - found[0] > 1.3 * (high - low)  # (alike in their cluster, objects count for fewer)


def test_with_one_object_a_cluster_scipy_finds_nearly_the_same() -> None:
    from scipy.stats import bootstrap

    ours, theirs = np.random.default_rng(4).random((2, 200))
    other = bootstrap(
        (ours - theirs,), np.mean, method="percentile", random_state=1, n_resamples=9999
    ).confidence_interval
    found = clustered_interval(ours, theirs, range(200), seed=0)
    assert found == pytest.approx((other.low, other.high), abs=0.01)


def test_many_clusters_are_drawn_in_parts_that_are_those_of_one_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    from heatcam.measures import intervals

    ours, theirs = np.random.default_rng(4).random((2, 40))
    at_once = clustered_interval(ours, theirs, range(40), seed=0)
    monkeypatch.setattr(intervals, "_MOST_DRAWN", 1000)
    assert clustered_interval(ours, theirs, range(40), seed=0) == at_once


def test_one_cluster_has_no_interval() -> None:
    with pytest.raises(ValueError, match="needs two"):
        clustered_interval([1, 2], [0, 0], ["a", "a"], seed=0)


def test_rows_without_objects_have_no_interval() -> None:
    with pytest.raises(ValueError, match="no objects"):
        paired_interval([], [], seed=0)


def test_blocks_of_two_parts_are_drawn_apart_as_computed_directly() -> None:
    """Against the bootstrap written out, one resample after the other, for blocks of unequal numbers of values."""
    draws = np.random.default_rng(5)
    first, last = (np.column_stack([draws.normal(m, 1, 8), draws.integers(1, 5, 8)]) for m in (2.0, 5.0))
    differences = []
    for _ in range(4000):
        means = []
        for part in (first, last):
            drawn = [part[draws.integers(len(part))] for _ in range(len(part) - 1)]
            means.append(sum(block[0] for block in drawn) / sum(block[1] for block in drawn))
        differences.append(means[1] - means[0])
    assert block_interval(first, last, seed=0) == pytest.approx(
        tuple(np.percentile(differences, [2.5, 97.5])), abs=0.15
    )


def test_few_blocks_still_give_the_means_their_right_variance() -> None:
    """Drawing as many blocks as there are would give 4/5 of it for five."""
    values = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    low, high = block_interval(
        np.column_stack([np.zeros(50), np.ones(50)]), np.column_stack([values, np.ones(5)]), seed=0
    )
    error = values.std(ddof=1) / np.sqrt(5)
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.08)


def test_neighbours_that_are_alike_need_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a slow random walk around one mean, blocks cover the true difference, 0, far more often than single frames do."""
    monkeypatch.setattr("heatcam.measures.intervals.RESAMPLES", 400)
    draws = np.random.default_rng(6)
    walks = np.zeros((24, 600))
    for frame in range(1, 600):
        walks[:, frame] = 0.9 * walks[:, frame - 1] + draws.normal(0, 1, 24)

    def covers(length: int) -> float:
        held = []
        for walk in walks:
            parts = [part.reshape(-1, length) for part in (walk[:200], walk[-200:])]
            first, last = (np.column_stack([part.sum(1), np.full(len(part), length)]) for part in parts)
            low, high = block_interval(first, last, seed=0)
            held.append(low <= 0 <= high)
        return float(np.mean(held))

    assert covers(20) > 0.7
    assert covers(1) < 0.55


@pytest.mark.parametrize("blocks", [np.zeros((1, 2)), np.array([[1.0, 2.0], [0.0, 0.0]])])
def test_parts_without_enough_values_have_no_interval(blocks: np.ndarray) -> None:
    with pytest.raises(ValueError, match="two blocks with values"):
        block_interval(blocks, np.ones((4, 2)), seed=0)


def test_wilsons_interval_is_the_one_of_the_book() -> None:
    """81 of 263: 0.2553 to 0.3662 (Newcombe, "Two-sided confidence intervals for the single proportion", 1998)."""
    assert share_interval(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert share_interval(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)
    assert share_interval(1, 29) == pytest.approx((0.8830, 1), abs=5e-5)


def test_a_share_of_nothing_has_no_interval() -> None:
    with pytest.raises(ValueError, match="nothing"):
        share_interval(0.5, 0)
