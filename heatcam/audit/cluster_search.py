"""Search for groups of points that hold together, and for how surely each is found again in a part of the points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatcam.audit.cluster_features import Float64Array, no_sklearn
from heatcam.frames import Int64Array

NONE = -1
#: A group that is found again with less Jaccard similarity is not told; Hennig calls one valid from 0.75 on. Of points drawn
#: without groups (on a line, on a curve, normal, uniform, heavy-tailed, skewed; 50 to 600 of them) 6 of 660 draws had more, all
#: on a line, and groups of a planted shortcut had 0.82 to 0.98. With parts of 70 %, which overlap, up to half of the draws on a
#: line had more than 0.75: gaps by chance stay in both parts.
LEAST_STABILITY = 0.8
SPLITS = 10
_NEIGHBOURS = 5
#: A single group of more than this share of all is no group: it is what all have in common.
_NEARLY_ALL = 0.9


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups of points.

    Attributes:
        labels: int64 ``(N,)``: 0, 1, ... or -1 for none.
        stabilities: of each group, in ``[0, 1]``.
        reason: why there are none, in one line; "" where there are.
    """

    labels: Int64Array
    stabilities: tuple[float, ...]
    reason: str = ""

    @property
    def weight(self) -> float:
        """Number of points in groups, each counted by the stability of its group."""
        return float(sum(s * (self.labels == k).sum() for k, s in enumerate(self.stabilities)))


def least_size(count: int) -> int:
    """Return the number of points that a group of ``count`` points has at least: a 25th of them, and 10."""
    return max(10, count // 25)


def find_groups(points: Float64Array, seed: int = 0) -> Groups:
    """Find groups of points by their density, and keep those that are found again in random parts of the points.

    HDBSCAN (Campello, Moulavi and Sander 2013) with excess of mass. For the stability of a group, the points are split into two
    halves at random, each half is clustered by itself, and the groups of each are put upon the other half by the nearest points,
    as prediction strength does it (Tibshirani and Walther 2005). The stability is the mean, over all four and over 10 splits,
    of the Jaccard similarity of its points there and the most similar group (Hennig, "Cluster-wise assessment of cluster
    stability", 2007).

    Args:
        points: float64 ``(N, K)``.
        seed: of the draws.

    Raises:
        UsageError: scikit-learn is not installed.
    """
    found = _dense_groups(points, least_size(len(points)))
    if found.max() < 0:
        return _no_groups(len(points), "no objects are more alike than the rest")
    stabilities = _stabilities(points, found, np.random.default_rng(seed))
    kept = [k for k, stability in enumerate(stabilities) if stability >= LEAST_STABILITY]
    if not kept:
        return _no_groups(len(points), "no group is found again in parts of the objects")
    if len(kept) == 1 and (found == kept[0]).mean() > _NEARLY_ALL:
        return _no_groups(len(points), "nearly all objects are alike")
    labels = np.full(len(points), NONE, np.int64)
    for new, old in enumerate(kept):
        labels[found == old] = new
    return Groups(labels, tuple(stabilities[k] for k in kept))


def _no_groups(count: int, reason: str) -> Groups:
    return Groups(np.full(count, NONE, np.int64), (), reason)


def _dense_groups(points: Float64Array, least: int) -> Int64Array:
    """Return HDBSCAN's labels, int64 ``(N,)``.

    Raises:
        UsageError: scikit-learn is not installed.
    """
    try:
        from sklearn.cluster import HDBSCAN  # noqa: PLC0415 (an extra, and slow to import)
    except ImportError as error:
        raise no_sklearn() from error
    found = HDBSCAN(min_cluster_size=least, min_samples=_NEIGHBOURS, copy=True).fit(points)
    return np.asarray(found.labels_, np.int64)


def _stabilities(points: Float64Array, labels: Int64Array, rng: np.random.Generator) -> list[float]:
    """Return the stability of each group; see ``find_groups``."""
    similar = np.zeros((SPLITS, labels.max() + 1))
    for row in similar:
        order = rng.permutation(len(points))
        row[:] = _similarities(points, labels, np.array_split(order, 2), len(row))
    return [float(value) for value in similar.mean(0)]


def _similarities(
    points: Float64Array, labels: Int64Array, halves: Sequence[Int64Array], count: int
) -> Float64Array:
    """Return the mean similarity of each of ``count`` groups in two halves, clustered each, and put upon each other."""
    least = max(_NEIGHBOURS, least_size(len(points)) // 2)
    found = [_dense_groups(points[half], least) for half in halves]
    similar = [_best_jaccard(labels[half], own, count) for half, own in zip(halves, found, strict=True)]
    for here, there in ((0, 1), (1, 0)):
        put = nearest_labels(points[halves[there]], points[halves[here]], found[here])
        similar.append(_best_jaccard(labels[halves[there]], put, count))
    return np.asarray(np.mean(similar, axis=0), np.float64)


def _best_jaccard(labels: Int64Array, others: Int64Array, count: int) -> Float64Array:
    """Return the Jaccard similarity of each of ``count`` groups to the most similar other group; 0 without others."""
    both = np.zeros((count, max(0, others.max() + 1)))
    inside = (labels >= 0) & (others >= 0)
    np.add.at(both, (labels[inside], others[inside]), 1)
    sizes = np.bincount(labels[labels >= 0], minlength=count)[:, None]
    other_sizes = np.bincount(others[others >= 0], minlength=both.shape[1])[None]
    return np.asarray((both / np.maximum(sizes + other_sizes - both, 1)).max(1, initial=0), np.float64)


def nearest_labels(points: Float64Array, known: Float64Array, labels: Int64Array) -> Int64Array:
    """Return the label that most of each point's 5 nearest known points have; of equally many the lowest.

    Args:
        points: float64 ``(N, K)``.
        known: float64 ``(M, K)``, points whose labels are known, M at least 5.
        labels: int64 ``(M,)``.
    """
    from sklearn.neighbors import KDTree  # noqa: PLC0415 (an extra, and slow to import)

    if not len(points):
        return np.zeros(0, np.int64)
    nearest = KDTree(known).query(points, _NEIGHBOURS, return_distance=False)
    votes: npt.NDArray[np.int64] = labels[nearest] - NONE  # (N, 5), from 0
    counts = np.zeros((len(votes), int(votes.max(initial=0)) + 1), np.int64)
    for column in votes.T:
        np.add.at(counts, (np.arange(len(votes)), column), 1)
    return np.asarray(counts.argmax(1) + NONE, np.int64)
