"""Groups of points: told apart where there are some, and not made up where points merely lie unevenly."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from heatcam.audit import cluster_search
from heatcam.audit.cluster_search import _best_jaccard, find_groups, least_size, nearest_labels


def on_a_line(rng: np.random.Generator, count: int) -> np.ndarray:
    return np.hstack([rng.uniform(size=(count, 1)), rng.normal(0, 0.03, (count, 5))])


def on_a_curve(rng: np.random.Generator, count: int) -> np.ndarray:
    turn = rng.uniform(0, 3, count)
    return np.stack([np.cos(turn), np.sin(turn), turn / 3], 1) + rng.normal(0, 0.08, (count, 3))


def round_cloud(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.normal(size=(count, 6))


def flat_cloud(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.normal(size=(count, 12)) * np.exp(-np.arange(12) / 3)


@pytest.mark.parametrize("count", [80, 200])
@pytest.mark.parametrize("cloud", [on_a_line, on_a_curve, round_cloud, flat_cloud])
def test_gaps_by_chance_are_no_groups(cloud: Callable[..., np.ndarray], count: int) -> None:
    for seed in range(6):
        found = find_groups(cloud(np.random.default_rng(seed), count))
        assert found.stabilities == ()
        assert (found.labels == -1).all()
        assert found.reason
        assert found.weight == 0


@pytest.mark.parametrize(("count", "rare"), [(60, 18), (150, 30), (600, 60)])
def test_a_rare_group_far_from_the_rest_is_found(count: int, rare: int) -> None:
    rng = np.random.default_rng(1)
    points = flat_cloud(rng, count)
    points[:rare, 0] += 6
    found = find_groups(points)
    assert len(found.stabilities) == 2
    own = found.labels[:rare]
    small = np.bincount(own[own >= 0]).argmax()
    assert (found.labels[:rare] == small).mean() > 0.8
    assert not (found.labels[rare:] == small).any()
    assert min(found.stabilities) > 0.8


def test_what_nearly_all_have_in_common_is_no_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the few others are not found again, what is left is everybody else."""
    rng = np.random.default_rng(0)
    points = np.vstack([rng.normal(size=(190, 3)), rng.normal(40, 1, (16, 3))])
    assert np.bincount(find_groups(points).labels).tolist() == [190, 16]
    monkeypatch.setattr(cluster_search, "_stabilities", lambda *_args: [0.99, 0.5])
    found = find_groups(points)
    assert (found.stabilities, found.reason) == ((), "nearly all objects are alike")


def test_similarities_of_groups_are_those_of_sets() -> None:
    labels, others = np.array([0, 0, 0, 1, 1, -1, -1]), np.array([1, 1, 0, 0, -1, 1, -1])
    # {0, 1, 2} and {0, 1, 5}: 2 of 4; {3, 4} and {2, 3}: 1 of 3; no point is in the third
    assert _best_jaccard(labels, others, 3) == pytest.approx([2 / 4, 1 / 3, 0])
    assert _best_jaccard(labels, np.full(7, -1), 2).tolist() == [0, 0]


def test_a_points_label_is_that_of_most_of_its_neighbours() -> None:
    known = np.array([[0.0], [1], [2], [3], [4], [100], [101], [102], [103], [104]])
    labels = np.array([0, 0, 0, -1, -1, 1, 1, -1, -1, -1])
    assert nearest_labels(np.array([[1.5], [102.5]]), known, labels).tolist() == [0, -1]
    assert nearest_labels(np.zeros((0, 1)), known, labels).shape == (0,)


def test_a_group_has_ten_points_or_a_25th() -> None:
    assert [least_size(count) for count in (40, 250, 251, 1000)] == [10, 10, 10, 40]


def test_the_same_seed_gives_the_same_groups() -> None:
    points = flat_cloud(np.random.default_rng(3), 200)
    points[:60, 1] += 5
    one, again = find_groups(points, 7), find_groups(points, 7)
    assert np.array_equal(one.labels, again.labels)
    assert one.stabilities == again.stabilities
