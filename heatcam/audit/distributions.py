"""Counts and distributions of an audit, by class and kind."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from heatcam.audit.columns import FALSE, FOUND_KINDS, NUMBERS, Mask, ObjectColumns
from heatcam.audit.figures import ClassFigures, Distribution, Estimate
from heatcam.audit.objects import ObjectKind
from heatcam.audit.resampling import Floats, share_of
from heatcam.audit.separation import low_share

BINS = 20
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
#: Ends of the histograms of numbers that have some; of others they are the 1 and 99 % quantiles of all objects.
ENDS = {"confidence": (0.0, 1.0), "energy_in_box": (0.0, 1.0)}
_OUTER = (0.01, 0.99)


def class_figures_of(columns: ObjectColumns) -> tuple[ClassFigures, ...]:
    """Return the counts of all classes together, then of each."""
    return tuple(_class_figures(columns, name) for name in (None, *columns.class_names))


def _class_figures(columns: ObjectColumns, class_name: str | None) -> ClassFigures:
    own = columns.of_class(class_name)
    kinds = {
        kind.value: count for kind in ObjectKind if (count := int((own & columns.of_kinds(kind.value)).sum()))
    }
    groups = {kind: own & columns.of_kinds(kind) for kind in (*kinds, FALSE)}
    low = {kind: low_share(columns, chosen) for kind, chosen in groups.items()}
    return ClassFigures(
        class_name,
        kinds,
        precision_of(columns, class_name),
        found_of(columns, class_name),
        {kind: share for kind, share in low.items() if share.n},
    )


def precision_of(columns: ObjectColumns, class_name: str | None) -> Estimate:
    """Return the share of a class's detections that are true, of those that are right or wrong."""
    own = columns.of_class(class_name)
    true, judged = ObjectKind.TRUE.value, columns.of_kinds(ObjectKind.TRUE.value, FALSE)
    return _share(columns, own & columns.of_kinds(true), own & judged)


def found_of(columns: ObjectColumns, class_name: str | None) -> Estimate:
    """Return the share of a class's labels that a detection is on, loose labels among them."""
    own = columns.of_class(class_name)
    found = own & columns.of_kinds(*FOUND_KINDS)
    return _share(columns, found, found | own & columns.of_kinds(ObjectKind.MISSED.value))


def _share(columns: ObjectColumns, hits: Mask, among: Mask) -> Estimate:
    return share_of(columns.per_picture(hits), columns.per_picture(among))


def distributions_of(columns: ObjectColumns) -> tuple[Distribution, ...]:
    """Return the distribution of each number over the objects of each class and kind that has it."""
    ends = {name: _ends(columns, name) for name in NUMBERS}
    return tuple(
        _distribution(class_name, kind, number, columns.number(number)[chosen & columns.known(number)], ends)
        for class_name in (None, *columns.class_names)
        for kind, chosen in _groups(columns, class_name)
        for number in NUMBERS
        if (chosen & columns.known(number)).any()
    )


def _groups(columns: ObjectColumns, class_name: str | None) -> Iterator[tuple[str | None, Mask]]:
    """Yield all detections that are right, wrong or without labels, then all that are wrong, then each kind."""
    own = columns.of_class(class_name)
    true, unlabelled = ObjectKind.TRUE.value, ObjectKind.UNLABELLED.value
    yield None, own & columns.of_kinds(true, FALSE, unlabelled)
    for kind in (FALSE, *(kind.value for kind in ObjectKind)):
        yield kind, own & columns.of_kinds(kind)


def _distribution(
    class_name: str | None,
    kind: str | None,
    number: str,
    values: Floats,
    ends: dict[str, tuple[float, float]],
) -> Distribution:
    low, high = ends[number]
    counts, _ = np.histogram(values.clip(low, high), BINS, (low, high))
    at = [float(value) for value in np.quantile(values, QUANTILES)]
    quantiles = (at[0], at[1], at[2], at[3], at[4])
    return Distribution(
        class_name, kind, number, len(values), quantiles, low, high, tuple(int(count) for count in counts)
    )


def _ends(columns: ObjectColumns, number: str) -> tuple[float, float]:
    """Return the ends of a number's histograms."""
    if number in ENDS:
        return ENDS[number]
    values = columns.number(number)[columns.known(number)]
    low, high = (float(end) for end in np.quantile(values, _OUTER)) if len(values) else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, low + 0.5)
