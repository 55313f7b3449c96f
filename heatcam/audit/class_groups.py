"""Groups among the objects of one class: some are clustered, all others are put to the nearest, in flat memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from heatcam.audit.cluster_features import (
    FeatureSpace,
    Float64Array,
    feature_spaces,
    map_features,
    scaled_to_peak,
)
from heatcam.audit.cluster_search import Groups, find_groups, nearest_labels
from heatcam.audit.objects import MAP_CELLS, Parts
from heatcam.frames import Int64Array
from heatcam.geometry import Float32Array, Uint8Array

#: Objects of one class that are clustered at most, drawn at random; all others are put to the nearest.
MOST_OBJECTS = 3000
#: Fewer tell nothing.
LEAST_OBJECTS = 60
_READ_AT_ONCE = 500
#: Reads the parts of objects, given by number, in their order.
ReadParts = Callable[[Sequence[int]], Parts]


@dataclass(frozen=True, eq=False)
class ClassGroups:
    """One class's objects in groups.

    Attributes:
        numbers: int64 ``(N,)``, the objects that are in a group.
        labels: int64 ``(N,)``, the group of each: 0, 1, ...
        distances: float64 ``(N,)``, the mean distance of each to its group's clustered members: small for the typical ones.
        stabilities: of each group, in ``[0, 1]``.
        mean_maps: float32 ``(groups, 24, 24)``, the mean of the members' maps, each scaled to its own peak in the crop.
        looked_at: number of objects that were clustered.
        by: what they were told apart by; "" without groups.
        reason: why there are no groups; "" where there are.
    """

    numbers: Int64Array
    labels: Int64Array
    distances: Float64Array
    stabilities: tuple[float, ...]
    mean_maps: Float32Array
    looked_at: int
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, eq=False)
class _Seen:
    """Objects that have a map: their numbers, their maps, uint8 ``(N, 24, 24)``, and their features, each ``(N, F)``."""

    numbers: Int64Array
    own: Uint8Array
    features: tuple[Float32Array, Float32Array]


def group_class(numbers: Sequence[int], read_parts: ReadParts, seed: int) -> ClassGroups:
    """Find the groups of one class's objects; see ``clusters.cluster_objects``.

    Args:
        numbers: of all its objects.
        read_parts: gives their parts.
        seed: of what is drawn.

    Raises:
        UsageError: scikit-learn is not installed.
    """
    order = np.random.default_rng(seed).permutation(np.asarray(numbers, np.int64))
    seen = _joined(list(_read(np.sort(order[:MOST_OBJECTS]), read_parts)))
    if len(seen.numbers) < LEAST_OBJECTS:
        return _nothing(len(seen.numbers), f"fewer than {LEAST_OBJECTS} objects with a map")
    chosen, groups, points = _best_groups(seen, seed)
    if chosen is None:
        return _nothing(len(seen.numbers), groups.reason)
    collected = _Collected(points, groups)
    collected.add(seen, points, groups.labels)
    for more in _read(np.sort(order[MOST_OBJECTS:]), read_parts):
        if len(more.numbers):
            places = chosen.of(_as_wide_as(seen, more).features)
            collected.add(more, places, nearest_labels(places, points, groups.labels))
    return collected.result(len(seen.numbers), chosen.name)


def _nothing(looked_at: int, reason: str) -> ClassGroups:
    none = np.zeros(0, np.int64)
    maps = np.zeros((0, MAP_CELLS, MAP_CELLS), np.float32)
    return ClassGroups(none, none, np.zeros(0), (), maps, looked_at, reason=reason)


def _read(numbers: Int64Array, read_parts: ReadParts) -> Iterator[_Seen]:
    """Read objects, some at once, and yield those that have a map or an embedding."""
    for start in range(0, len(numbers), _READ_AT_ONCE):
        parts = read_parts(numbers[start : start + _READ_AT_ONCE].tolist())
        has_map = parts.own.any((1, 2)) | parts.embedding.any(1)
        own, embedding = parts.own[has_map], parts.embedding[has_map].astype(np.float32)
        yield _Seen(
            np.asarray(parts.numbers, np.int64)[has_map], own, (np.nan_to_num(embedding), map_features(own))
        )


def _joined(each: Sequence[_Seen]) -> _Seen:
    widest = max(each, key=lambda seen: seen.features[0].shape[1])
    embeddings, maps = zip(*(_as_wide_as(widest, seen).features for seen in each), strict=True)
    return _Seen(
        np.concatenate([seen.numbers for seen in each]),
        np.concatenate([seen.own for seen in each]),
        (np.concatenate(embeddings), np.concatenate(maps)),
    )


def _as_wide_as(wanted: _Seen, seen: _Seen) -> _Seen:
    """Return ``seen`` with embeddings as wide as those of ``wanted``: zeros where none of its objects has one."""
    embedding, width = seen.features[0], wanted.features[0].shape[1]
    if embedding.shape[1] == width:
        return seen
    same = np.zeros((len(embedding), width), np.float32)
    kept = min(width, embedding.shape[1])
    same[:, :kept] = embedding[:, :kept]
    return replace(seen, features=(same, seen.features[1]))


def _best_groups(seen: _Seen, seed: int) -> tuple[FeatureSpace | None, Groups, Float64Array]:
    """Return the space in which most objects lie in stable groups, its groups and points; no space where none has any."""
    tried = [(space, space.of(seen.features)) for space in feature_spaces(seen.features)]
    found = [(space, find_groups(points, seed), points) for space, points in tried]
    if not found:
        return None, Groups(np.zeros(0, np.int64), (), "all objects are the same"), np.zeros((0, 0))
    space, groups, points = max(found, key=lambda each: each[1].weight)
    return (space if groups.stabilities else None), groups, points


class _Collected:
    """Members of groups as they come in, and the sums of their maps.

    Args:
        points: float64 ``(M, K)``, the objects that were clustered.
        groups: their groups.
    """

    def __init__(self, points: Float64Array, groups: Groups) -> None:
        self._groups = groups
        self._of_group = [points[groups.labels == k] for k in range(len(groups.stabilities))]
        self._sums = np.zeros((len(self._of_group), MAP_CELLS, MAP_CELLS))
        self._rows: list[tuple[Int64Array, Int64Array, Float64Array]] = []

    def add(self, seen: _Seen, points: Float64Array, labels: Int64Array) -> None:
        """Add objects, those of no group left out."""
        from sklearn.metrics import pairwise_distances  # noqa: PLC0415 (an extra, and slow to import)

        for k, members in enumerate(self._of_group):
            own = np.nonzero(labels == k)[0]
            for rows in np.array_split(own, max(1, len(own) // _READ_AT_ONCE)):
                if not len(rows):
                    continue
                self._sums[k] += scaled_to_peak(seen.own[rows]).sum(0)
                apart = pairwise_distances(points[rows], members).mean(1)
                self._rows.append((seen.numbers[rows], labels[rows], np.asarray(apart, np.float64)))

    def result(self, looked_at: int, by: str) -> ClassGroups:
        """Return all that was added."""
        numbers, labels, distances = (np.concatenate(column) for column in zip(*self._rows, strict=True))
        counts = np.bincount(labels, minlength=len(self._sums))[:, None, None]
        means = np.asarray(self._sums / np.maximum(counts, 1), np.float32)
        return ClassGroups(numbers, labels, distances, self._groups.stabilities, means, looked_at, by)
