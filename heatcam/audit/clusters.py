"""Clusters of one class's objects by what their evidence looks like: the records that the page and the documents show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Float32Array = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)  # (arrays do not compare)
class Cluster:
    """A group of one class's objects whose maps and embeddings are alike, and unlike those of its other objects.

    Attributes:
        number: from 1, over all classes; the value of the objects' ``cluster``.
        class_name: the class that its members were detected as.
        members: the objects' numbers, the most typical first.
        medoids: the members to show first: those nearest to all others, the most typical first; at most 6.
        mean_map: float32 ``(24, 24)`` in ``[0, 1]``, the mean of the members' own maps in their boxes grown by 25 % a side, each
            scaled to its own peak within that crop; scaled so that its largest value is 1, unless there is no heat at all.
        mistakes: number of members that are wrong; 0 without labels.
        judged: number of members that are right or wrong; 0 without labels.
        mistake_share: ``mistakes / judged`` in ``[0, 1]``; None where none is judged.
        mistake_interval: 95 % interval of that share (Wilson 1927); None where none is judged.
        others_mistake_share: the same share of the class's other objects; None where none of them is judged.
        stability: in ``[0, 1]``, the mean Jaccard similarity of the cluster to the most similar one that is found when only a part
            of the objects is clustered (Hennig 2007); only those of at least ``LEAST_STABILITY`` are told.
        energy_in_box: mean of the members' energy in box, in ``[0, 1]``; None where not known.
        others_energy_in_box: the same of the class's other objects.
    """

    number: int
    class_name: str
    members: tuple[int, ...]
    medoids: tuple[int, ...]
    mean_map: Float32Array
    mistakes: int
    judged: int
    mistake_share: float | None
    mistake_interval: tuple[float, float] | None
    others_mistake_share: float | None
    stability: float
    energy_in_box: float | None
    others_energy_in_box: float | None


@dataclass(frozen=True)
class ClusteredClass:
    """What was looked for in one class.

    Attributes:
        class_name: the class.
        objects: number of its objects that have a map.
        looked_at: number of those that were clustered; fewer where a class has more than ``MOST_OBJECTS``: the others are put to
            the nearest cluster, or to none.
        clusters: number of clusters found; 0 is an answer.
        in_none: number of objects in no cluster.
        reason: why there are no clusters, in one line; "" where there are.
    """

    class_name: str
    objects: int
    looked_at: int
    clusters: int
    in_none: int
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Clusters:
    """Clusters of all classes.

    Attributes:
        clusters: those with the highest share of mistakes first, then the lowest energy in box.
        classes: one a class, in the order of their names.
        cluster_of: the cluster's number of each object that was clustered, by the object's number; -1 for none.
    """

    clusters: tuple[Cluster, ...] = ()
    classes: tuple[ClusteredClass, ...] = ()
    cluster_of: Mapping[int, int] = field(default_factory=dict)
