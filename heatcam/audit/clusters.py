"""Clusters: groups of a class's objects whose evidence looks alike, with the share of mistakes in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np
import polars

from heatcam.audit.class_groups import LEAST_OBJECTS, ClassGroups, ReadParts, group_class
from heatcam.audit.cluster_search import NONE
from heatcam.audit.objects import ObjectKind
from heatcam.geometry import Float32Array
from heatcam.measures import share_interval
from heatcam.text import printable

MEDOIDS = 6
_WRONG = [
    kind.value
    for kind in (
        ObjectKind.CLASS,
        ObjectKind.LOCATION,
        ObjectKind.BOTH,
        ObjectKind.DUPLICATE,
        ObjectKind.BACKGROUND,
    )
]


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
        stability: in ``[0, 1]``, how alike the groups are that are found in halves of the objects: see
            ``cluster_search.find_groups``; only clusters of 0.8 and more are told.
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
    """Search of one class: what was looked at and found.

    Attributes:
        class_name: the class.
        objects: number of its detections.
        looked_at: number of those that were clustered: of large classes only some are, and the others are put to the nearest
            cluster, or to none.
        clusters: number of clusters found; 0 is an answer.
        in_none: number of objects in no cluster.
        reason: why there are no clusters, in one line; "" where there are.
        by: what the objects were told apart by: ``embeddings and maps``, ``embeddings`` or ``maps``; "" without clusters.
    """

    class_name: str
    objects: int
    looked_at: int
    clusters: int
    in_none: int
    reason: str = ""
    by: str = ""


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


def cluster_objects(table: polars.DataFrame, read_parts: ReadParts, *, seed: int = 0) -> Clusters:
    """Find groups of objects whose evidence looks alike, among the detections of each class by itself.

    Objects are told apart by their maps, cropped to the box and each scaled to its own peak, and by their embeddings: what the
    network computed where the evidence lies, also outside the box. Both are looked at together and each alone, and the one in
    which most objects lie in stable groups is told. "No clusters" is an answer. In memory are the features of 3,000 objects at
    most; those of a class beyond that are put to the nearest cluster, or to none.

    Args:
        table: the objects, columns as ``OBJECT_SCHEMA``. Missed ones are left out.
        read_parts: gives the parts of up to 500 objects by their numbers: ``AuditStore.parts``.
        seed: of what is drawn; equal arguments give equal clusters.

    Raises:
        UsageError: scikit-learn is not installed; the message says how to install it.
    """
    found = table.filter(polars.col("kind") != ObjectKind.MISSED.value).sort("number")
    classes, clusters = [], []
    for name in found["class_name"].unique().sort().to_list():
        own = found.filter(polars.col("class_name") == name)
        groups = group_class(own["number"].to_list(), read_parts, seed)
        clusters += list(_clusters_of(name, own, groups))
        classes.append(_told(name, len(own), groups))
    numbered = tuple(replace(each, number=n) for n, each in enumerate(sorted(clusters, key=_worst_first), 1))
    cluster_of = dict.fromkeys(found["number"].to_list(), NONE)
    cluster_of |= {member: each.number for each in numbered for member in each.members}
    return Clusters(numbered, tuple(classes), cluster_of)


def _told(name: str, objects: int, groups: ClassGroups) -> ClusteredClass:
    count, in_none = len(groups.stabilities), objects - len(groups.numbers)
    return ClusteredClass(name, objects, groups.looked_at, count, in_none, groups.reason, groups.by)


def _worst_first(cluster: Cluster) -> tuple[float, float, str, int]:
    energy = 1.0 if cluster.energy_in_box is None else cluster.energy_in_box
    return -(cluster.mistake_share or 0.0), energy, cluster.class_name, -len(cluster.members)


def _clusters_of(name: str, own: polars.DataFrame, groups: ClassGroups) -> Iterator[Cluster]:
    """Yield the clusters of one class, not numbered yet, from its rows of the table."""
    for k, stability in enumerate(groups.stabilities):
        is_member = groups.labels == k
        order = np.lexsort((groups.numbers[is_member], groups.distances[is_member]))
        members = tuple(groups.numbers[is_member][order].tolist())
        inside = own.filter(polars.col("number").is_in(members))
        outside = own.filter(~polars.col("number").is_in(members))
        mistakes, judged = _mistakes(inside)
        others, others_judged = _mistakes(outside)
        peak = max(float(groups.mean_maps[k].max()), 1e-9)
        yield Cluster(
            number=0,
            class_name=name,
            members=members,
            medoids=members[:MEDOIDS],
            mean_map=groups.mean_maps[k] / np.float32(peak),
            mistakes=mistakes,
            judged=judged,
            mistake_share=mistakes / judged if judged else None,
            mistake_interval=share_interval(mistakes / judged, judged) if judged else None,
            others_mistake_share=others / others_judged if others_judged else None,
            stability=round(stability, 4),
            energy_in_box=_mean(inside["energy_in_box"]),
            others_energy_in_box=_mean(outside["energy_in_box"]),
        )


def _mistakes(rows: polars.DataFrame) -> tuple[int, int]:
    """Return the number of objects that are wrong, and of those that are right or wrong."""
    wrong = int(rows["kind"].is_in(_WRONG).sum())
    return wrong, wrong + int((rows["kind"] == ObjectKind.TRUE.value).sum())


def _mean(values: polars.Series) -> float | None:
    """Return the mean of the values that are known; None where none is."""
    known = values.drop_nulls().to_numpy()
    return float(known.mean()) if known.size else None


def clusters_document(clusters: Clusters) -> dict[str, Any]:
    """Return clusters as plain values for ``audit.json``; their members are told in the tables, and mean maps on the page."""
    told = []
    for each in clusters.clusters:
        facts = {one.name: getattr(each, one.name) for one in fields(each)}
        del facts["mean_map"], facts["members"]
        told.append({**facts, "objects": len(each.members)})
    return {"clusters": told, "classes": [asdict(each) for each in clusters.classes]}


def cluster_lines(clusters: Clusters) -> tuple[str, ...]:
    """Return plain lines about clusters, safe to print: one a cluster, or one that says there are none."""
    if not any(each.looked_at for each in clusters.classes):
        return (f"no clusters: no class has {LEAST_OBJECTS} objects with a map, which they take",)
    if not clusters.clusters:
        return ("no clusters: in no class do groups of objects have evidence of their own kind",)
    return tuple(_line(each) for each in clusters.clusters)


def _line(each: Cluster) -> str:
    words = [f"cluster {each.number}, {printable(each.class_name)}: {len(each.members)} objects"]
    if each.mistake_share is not None and each.mistake_interval is not None:
        low, high = (round(100 * end) for end in each.mistake_interval)
        words.append(f"{round(100 * each.mistake_share)} % mistakes [{low}, {high}]")
    if each.others_mistake_share is not None:
        words.append(f"others of the class {round(100 * each.others_mistake_share)} %")
    if each.energy_in_box is not None:
        words.append(f"energy in box {each.energy_in_box:.2f}")
    return ", ".join([*words, f"stability {each.stability:.2f}"])
