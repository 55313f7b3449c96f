"""Counts of an audit: of each kind, and of each class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import polars

from heatcam.audit.documents import ClassSummary
from heatcam.audit.objects import ObjectKind
from heatcam.audit.precision import MeanPrecision, ScoredBoxes
from heatcam.text import printable

#: Kinds that are mistakes of a detection.
WRONG = (
    *(ObjectKind.CLASS, ObjectKind.LOCATION, ObjectKind.BOTH, ObjectKind.DUPLICATE, ObjectKind.BACKGROUND),
)


def kind_counts(table: polars.DataFrame) -> dict[str, int]:
    """Return the number of objects of each kind, in the order of the kinds; kinds without any are left out."""
    found = dict(table["kind"].value_counts().iter_rows())
    return {kind.value: int(found[kind.value]) for kind in ObjectKind if kind.value in found}


def label_counts(scored: Iterable[ScoredBoxes]) -> dict[int, int]:
    """Return the number of labels of each class, by its id."""
    counts: dict[int, int] = {}
    for picture in scored:
        for class_id, count in zip(*np.unique(picture.label_ids, return_counts=True), strict=True):
            counts[int(class_id)] = counts.get(int(class_id), 0) + int(count)
    return counts


def class_summaries(
    table: polars.DataFrame,
    labels: Mapping[int, int],
    precision: MeanPrecision,
    class_names: Mapping[int, str],
) -> list[ClassSummary]:
    """Return the counts of every class that is labelled or was detected, most labels first.

    Args:
        table: all objects.
        labels: number of labels of each class.
        precision: average precisions of the data set.
        class_names: the model's.
    """
    kinds: dict[int, dict[str, int]] = {}
    grouped = table.group_by("class_id", "kind").len()
    for class_id, kind, count in grouped.iter_rows():
        kinds.setdefault(class_id, {})[kind] = int(count)
    ids = sorted(kinds.keys() | labels.keys(), key=lambda n: (-labels.get(n, 0), n))
    return [_summary(n, class_names, kinds.get(n, {}), labels.get(n, 0), precision) for n in ids]


def _summary(
    class_id: int,
    class_names: Mapping[int, str],
    kinds: Mapping[str, int],
    labels: int,
    precision: MeanPrecision,
) -> ClassSummary:
    right = kinds.get(ObjectKind.TRUE.value, 0)
    judged = right + sum(kinds.get(kind.value, 0) for kind in WRONG)
    ap50, ap50_95 = precision.per_class.get(class_id, (None, None))
    return ClassSummary(
        class_id=class_id,
        class_name=printable(class_names.get(class_id, str(class_id))),
        labels=labels,
        kinds={kind.value: kinds[kind.value] for kind in ObjectKind if kind.value in kinds},
        precision=right / judged if judged else None,
        recall=right / labels if labels else None,
        ap50=ap50,
        ap50_95=ap50_95,
    )
