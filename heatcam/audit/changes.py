"""Changes from a previous audit of the same data to this one, object by object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from heatcam.audit.figures import Estimate


class ChangeKind(Enum):
    """Fate of an object.

    MENDED: a label that was missed is found, or a false detection is gone. BROKEN: the other way round. APPEARED and VANISHED
    are detections of a data set without labels.
    """

    MENDED = "mended"
    BROKEN = "broken"
    STILL_WRONG = "still_wrong"
    STILL_RIGHT = "still_right"
    APPEARED = "appeared"
    VANISHED = "vanished"
    KEPT = "kept"


@dataclass(frozen=True)
class ObjectChange:
    """One object in both audits.

    Attributes:
        change: of ``ChangeKind``, its value.
        image: path relative to the data set's root.
        class_name: of the label, or of the false detection.
        number, number_before: its row in this audit's table and in the previous one's; None where it is not there.
        kind, kind_before: of ``ObjectKind``, their values; None where it is not there.
        x1, y1, x2, y2: image pixels: the label's box, or the detection's.
        confidence, confidence_before, energy_in_box, energy_in_box_before: None where not known.
    """

    change: str
    image: str
    class_name: str
    number: int | None
    number_before: int | None
    kind: str | None
    kind_before: str | None
    x1: float
    y1: float
    x2: float
    y2: float
    confidence: float | None
    confidence_before: float | None
    energy_in_box: float | None
    energy_in_box_before: float | None


@dataclass(frozen=True)
class NumberChange:
    """One number in both audits.

    Attributes:
        class_name: None for all classes.
        number: ``precision``, ``found``, ``false_per_image``, ``low_evidence``, or a column's mean over the labels that are
            found in both: ``confidence``, ``energy_in_box``, ``enrichment``, ``evidence``.
        before, now: None where there is nothing to take it of.
        difference: now minus before, paired: over the pictures of both audits.
    """

    class_name: str | None
    number: str
    before: float | None
    now: float | None
    difference: Estimate


@dataclass(frozen=True)
class Changes:
    """Changes since a previous audit.

    Attributes:
        previous: the previous audit's folder, as it was given.
        images: pictures of both audits; only they count.
        images_only_before, images_only_now: pictures of one of them.
        counts: objects of each ``ChangeKind`` value that is there.
        objects: every object but those that are still right or kept: mended, broken, still wrong, appeared, vanished, each
            in the order of pictures.
        numbers: over all classes first, then of each class.
        lines: the summary in plain lines.
    """

    previous: str
    images: int
    images_only_before: int
    images_only_now: int
    counts: Mapping[str, int]
    objects: tuple[ObjectChange, ...]
    numbers: tuple[NumberChange, ...]
    lines: tuple[str, ...]
