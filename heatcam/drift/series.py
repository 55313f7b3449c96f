"""Series that are watched: a measure of one class or of all objects, with one value a block of time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

import numpy as np
import numpy.typing as npt

from heatcam.frames import Explanation
from heatcam.measures import evidence_share

Float64Array = npt.NDArray[np.float64]

ALL_OBJECTS = "all objects"  # in place of a class's name


class WatchedMeasure(str, Enum):
    """A measure of a class's objects within a block of time.

    ``energy_in_box``, ``evidence`` (in the map's unit) and ``confidence`` are means over the objects, ``low_evidence`` is the
    share of those that are marked so, ``detections`` their number a frame.
    """

    ENERGY_IN_BOX = "energy_in_box"
    EVIDENCE = "evidence"
    LOW_EVIDENCE = "low_evidence"
    CONFIDENCE = "confidence"
    DETECTIONS = "detections"


@dataclass(frozen=True, order=True)
class SeriesName:
    """Name of a series.

    Attributes:
        class_name: a class, or "" for all objects together.
        measure: the measure.
    """

    class_name: str
    measure: WatchedMeasure

    @property
    def key(self) -> str:
        """The name as a key of a document: ``person/energy_in_box``; that of all objects begins with the slash."""
        return f"{self.class_name}/{self.measure.value}"

    @property
    def about(self) -> str:
        """The class in words."""
        return self.class_name or ALL_OBJECTS


class Sums(IntEnum):
    """Columns of a class's sums in a block: numbers of values, and the values added up."""

    OBJECTS = 0
    CONFIDENCE = 1
    EVIDENCES = 2
    EVIDENCE = 3
    ENERGIES = 4
    ENERGY = 5
    JUDGED = 6
    LOW_EVIDENCE = 7


#: Columns of a measure's sum and of its number; None is the number of frames.
_COLUMNS: dict[WatchedMeasure, tuple[Sums, Sums | None]] = {
    WatchedMeasure.ENERGY_IN_BOX: (Sums.ENERGY, Sums.ENERGIES),
    WatchedMeasure.EVIDENCE: (Sums.EVIDENCE, Sums.EVIDENCES),
    WatchedMeasure.LOW_EVIDENCE: (Sums.LOW_EVIDENCE, Sums.JUDGED),
    WatchedMeasure.CONFIDENCE: (Sums.CONFIDENCE, Sums.OBJECTS),
    WatchedMeasure.DETECTIONS: (Sums.OBJECTS, None),
}


@dataclass(frozen=True, eq=False)  # (arrays do not compare)
class Block:
    """Sums over one block of time.

    Attributes:
        index: number of the block since the clock's zero.
        start_s: its start on that clock, in seconds.
        frames: number of frames that were looked at.
        sums: float64 ``(8,)`` of each class that was seen, see ``Sums``.
    """

    index: int
    start_s: float
    frames: int
    sums: dict[str, Float64Array]

    def value(self, name: SeriesName) -> float | None:
        """Return the block's value of a series, of five digits; None where no object has one.

        A document rounds sums, so that more digits would tell blocks that were written from those that were not.
        """
        column, count = _COLUMNS[name.measure]
        of = self.total if not name.class_name else self.sums.get(name.class_name, _NO_OBJECTS)
        number = self.frames if count is None else of[count]
        return float(f"{of[column] / number:.5g}") if number > 0 else None

    @property
    def total(self) -> Float64Array:
        """Sums over all objects, float64 ``(8,)``."""
        return np.asarray(np.sum([_NO_OBJECTS, *self.sums.values()], axis=0), np.float64)


_NO_OBJECTS = np.zeros(len(Sums))


def merged(blocks: list[Block], block_s: float) -> Block:
    """Return one block of several neighbours; ``block_s`` is its length."""
    sums: dict[str, Float64Array] = {}
    for block in blocks:
        for name, own in block.sums.items():
            sums[name] = sums.get(name, _NO_OBJECTS) + own
    index = int(blocks[0].start_s // block_s)
    return Block(index, index * block_s, sum(block.frames for block in blocks), sums)


def sums_of(explanation: Explanation) -> dict[str, Float64Array]:
    """Return the sums of one frame's objects, by class; evidence is of each object's own map, which it must have."""
    found, sums = explanation.detections, dict[str, Float64Array]()
    for n, name in enumerate(found.class_names):
        own = sums.setdefault(name, np.zeros(len(Sums)))
        own[Sums.OBJECTS] += 1
        own[Sums.CONFIDENCE] += float(found.confidences[n])
        if explanation.object_maps:
            share = evidence_share(explanation.object_maps[n], found.boxes_xyxy[n])
            own[Sums.EVIDENCES] += 1
            own[Sums.EVIDENCE] += share.evidence
            if share.energy_in_box is not None:
                own[Sums.ENERGIES] += 1
                own[Sums.ENERGY] += share.energy_in_box
        if explanation.low_evidence:
            own[Sums.JUDGED] += 1
            own[Sums.LOW_EVIDENCE] += explanation.low_evidence[n]
    return sums
