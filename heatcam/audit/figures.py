"""Figures of an audited data set: counts, distributions, what separates false from true, and what context does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval.

    Attributes:
        value: None where there is nothing to take it of.
        low, high: ends of the interval; None where there is none, as with objects of a single picture.
        n: how many objects (of context: tries) it is taken of.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class Distribution:
    """One number over the objects of one class and kind.

    Attributes:
        class_name: None for all classes.
        kind: of ``ObjectKind``, or ``false`` for all that are false; None for all detections that are right or wrong.
        number: the column: ``confidence``, ``energy_in_box``, ``enrichment`` or ``evidence``.
        n: objects that have it.
        quantiles: at 5, 25, 50, 75 and 95 %.
        low, high: ends of the histogram, the same for all distributions of a number.
        counts: objects in each of 20 even bins; what lies beyond an end is counted in the last bin there.
    """

    class_name: str | None
    kind: str | None
    number: str
    n: int
    quantiles: tuple[float, float, float, float, float]
    low: float
    high: float
    counts: tuple[int, ...]


@dataclass(frozen=True)
class ClassFigures:
    """Counts of one class.

    Attributes:
        class_name: predicted; of missed ones the label's. None for all classes.
        kinds: objects of each kind that is there.
        precision: share of its detections that are true.
        found: share of its labels that were found.
        low_evidence: for each kind, and ``false``, the share of its objects with low evidence.
    """

    class_name: str | None
    kinds: Mapping[str, int]
    precision: Estimate
    found: Estimate
    low_evidence: Mapping[str, Estimate]


@dataclass(frozen=True)
class Separation:
    """Separation of true detections from false ones by one number.

    Attributes:
        class_name: None for all classes.
        number: the column.
        true, false: detections that have the number.
        auc: the chance that a true one has more of it than a false one; 0.5 says nothing.
    """

    class_name: str | None
    number: str
    true: int
    false: int
    auc: Estimate


@dataclass(frozen=True)
class RuleCost:
    """Gain and cost of dropping detections of low evidence.

    Attributes:
        class_name: None for all classes.
        caught: share of the false ones that it would drop.
        cost: share of the true ones that it would drop too.
    """

    class_name: str | None
    caught: Estimate
    cost: Estimate


@dataclass(frozen=True)
class ConfusionCell:
    """One cell that is not empty.

    Attributes:
        label: index into ``Confusion.names`` of the label's class; None for background.
        predicted: the same of the predicted one.
        numbers: the objects in it.
    """

    label: int | None
    predicted: int | None
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Confusion:
    """Labels by predictions.

    Attributes:
        names: classes, in the order of rows and columns; background comes after the last.
        cells: in the order of rows, then columns.
    """

    names: tuple[str, ...]
    cells: tuple[ConfusionCell, ...]


@dataclass(frozen=True)
class ContextFigures:
    """Detections of one class without their background, and without themselves, by trying it.

    Attributes:
        class_name: None for all classes.
        tries: objects that were tried.
        without_background: share of the objects that are kept whatever is done to the background: blurred, and swapped where
            there is another to swap it with.
        background_blurred, background_swapped: share that is kept with each of them.
        object_needed: share that is lost when the object is blurred.
        caused_by_background: numbers of the objects that are lost without their background: those first that are found on it
            even with themselves blurred, then the most confident.
        words: one line of plain English.
    """

    class_name: str | None
    tries: int
    without_background: Estimate
    background_blurred: Estimate
    background_swapped: Estimate
    object_needed: Estimate
    caused_by_background: tuple[int, ...]
    words: str


@dataclass(frozen=True)
class Figures:
    """Figures of one audit.

    Attributes:
        images: pictures with objects.
        objects: rows of the table.
        has_labels: False for a data set without labels, which has neither separation nor confusion.
        classes: all classes together first, then each by name.
        distributions: of each number, class and kind that is there.
        separation: of each number over all classes first, then of each class that has true and false ones.
        low_evidence_rule: over all classes first, then each.
        confusion: None without labels.
        context: over all classes first, then each that was tried; empty without tries.
        lines: the summary in plain lines.
    """

    images: int
    objects: int
    has_labels: bool
    classes: tuple[ClassFigures, ...]
    distributions: tuple[Distribution, ...]
    separation: tuple[Separation, ...]
    low_evidence_rule: tuple[RuleCost, ...]
    confusion: Confusion | None
    context: tuple[ContextFigures, ...]
    lines: tuple[str, ...]
