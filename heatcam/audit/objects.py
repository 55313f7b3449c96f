"""Objects of an audit: a row of its table for each detection and each label that was missed, and its part of the picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt
import polars

from heatcam.geometry import Float32Array, Uint8Array

#: Cells a side of an object's stored map, and pixels of its stored pictures.
MAP_CELLS, THUMB_PX, CROP_PX = 24, 96, 320
#: Share of its sides by which an object's box is grown on each side before map and picture are cropped to it.
CROP_MARGIN = 0.25
Int8Array = npt.NDArray[np.int8]


class ObjectKind(Enum):
    """Kinds of right and wrong, as TIDE has them (Bolya et al. 2020).

    An overlap is on the object from ``--match-iou``, and beside everything below 0.1.
    """

    TRUE = "true"  # on a label of its class, and the first to be
    CLASS = "class"  # on a label of another class
    LOCATION = "location"  # its class, but badly placed
    BOTH = "both"  # another class, and badly placed
    DUPLICATE = "duplicate"  # on a label that a more confident one is on
    BACKGROUND = "background"  # on no label
    MISSED = "missed"  # a label that nothing right is on
    IGNORED = "ignored"  # on a crowd or a region to ignore: neither right nor wrong
    LOOSE = "loose"  # its class; the label's box holds it almost whole and is far larger: shown, not an error
    UNLABELLED = "unlabelled"  # of a data set without labels


@dataclass(frozen=True)
class AuditedObject:
    """One row of the table: a detection, or a label that was missed. None is not known, or does not apply.

    Attributes:
        number: from 1, in the order of pictures, then of objects: the same after ``--resume``.
        image: the picture's path below the data set's root, with ``/`` on all systems.
        image_id: number of the picture, from 1.
        image_wide, image_tall: its size in pixels.
        kind: value of an ``ObjectKind``.
        class_id, class_name: predicted, of the model's classes; of a missed one the label's.
        confidence: of the detection; of a missed one that of its best candidate.
        x1, y1, x2, y2: box in image pixels; of a missed one the label's.
        label_class_name, label_x1, label_y1, label_x2, label_y2: the label that a detection is on, or nearest to.
        iou: with that label.
        covers: of a class or location error, the number of the missed object that it stands for: TIDE counts the two as one.
        energy_in_box, enrichment, evidence, spread, peak_x, peak_y, low_evidence: of its own map, as findings have them.
        verdict: of a missed one, why it was not found: value of a ``probing.Verdict``.
        why: the verdict in words.
        evidence_for, evidence_against: sums of both signs of the signed map: of a missed one at its candidate.
        cluster: number of its cluster; -1 for none; None where nothing was clustered.
        sheet, cell: where its thumbnail is: the sheet, and the place in it.
    """

    number: int
    image: str
    image_id: int
    image_wide: int
    image_tall: int
    kind: str
    class_id: int
    class_name: str
    confidence: float | None
    x1: float
    y1: float
    x2: float
    y2: float
    label_class_name: str | None = None
    label_x1: float | None = None
    label_y1: float | None = None
    label_x2: float | None = None
    label_y2: float | None = None
    iou: float | None = None
    covers: int | None = None
    energy_in_box: float | None = None
    enrichment: float | None = None
    evidence: float | None = None
    spread: float | None = None
    peak_x: float | None = None
    peak_y: float | None = None
    low_evidence: bool | None = None
    verdict: str | None = None
    why: str | None = None
    evidence_for: float | None = None
    evidence_against: float | None = None
    cluster: int | None = None
    sheet: int | None = None
    cell: int | None = None


#: Columns of ``objects.parquet`` and ``objects.csv``: the fields of ``AuditedObject``, in their order.
OBJECT_SCHEMA = polars.Schema(
    {
        "number": polars.Int64(),
        "image": polars.String(),
        "image_id": polars.Int64(),
        "image_wide": polars.Int64(),
        "image_tall": polars.Int64(),
        "kind": polars.String(),
        "class_id": polars.Int64(),
        "class_name": polars.String(),
        **{name: polars.Float64() for name in ("confidence", "x1", "y1", "x2", "y2")},
        "label_class_name": polars.String(),
        **{name: polars.Float64() for name in ("label_x1", "label_y1", "label_x2", "label_y2", "iou")},
        "covers": polars.Int64(),
        **{name: polars.Float64() for name in ("energy_in_box", "enrichment", "evidence", "spread")},
        **{name: polars.Float64() for name in ("peak_x", "peak_y")},
        "low_evidence": polars.Boolean(),
        "verdict": polars.String(),
        "why": polars.String(),
        **{name: polars.Float64() for name in ("evidence_for", "evidence_against")},
        **{name: polars.Int64() for name in ("cluster", "sheet", "cell")},
    }
)


@dataclass(frozen=True, eq=False)
class Parts:
    """Pictures, maps and embeddings of some objects, all cropped to the box grown by ``CROP_MARGIN``, inside the picture.

    Attributes:
        numbers: of the objects, in the order of all that follows.
        thumbs_jpeg: 96 x 96 px, the crop in the middle of it.
        crops_jpeg: at most 320 px a side.
        own: uint8 ``(N, 24, 24)``, the positive part of the object's own map: 255 at the map's peak in the picture. Zeros
            for no map.
        signed: int8 ``(N, 24, 24)``, the map with both signs: 127 at the peak of its size in the picture. Zeros for no map.
        embedding: float32 ``(N, C)``; ``C`` is 0 where none was made.
    """

    numbers: tuple[int, ...]
    thumbs_jpeg: tuple[bytes, ...]
    crops_jpeg: tuple[bytes, ...]
    own: Uint8Array
    signed: Int8Array
    embedding: Float32Array
