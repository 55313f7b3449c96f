"""From one surveyed picture to its rows of the audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from heatcam.audit.crops import parts_of
from heatcam.audit.labels import PictureLabels
from heatcam.audit.matching import Match, PictureMatches, match_picture
from heatcam.audit.missed import MissedLabel, map_of, why_missed
from heatcam.audit.objects import AuditedObject, ObjectKind
from heatcam.audit.precision import score_boxes
from heatcam.audit.store import AuditedPicture, ObjectParts
from heatcam.frames import Candidates, Explanation, Int64Array, SaliencyMap
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.measures import FindingsOptions, ObjectFindings, findings_of
from heatcam.probing import ClassEvidence
from heatcam.text import printable

_NO_REGIONS = FindingsOptions(regions=False)
_NO_EMBEDDING = np.zeros(0, np.float32)
_SIDES = ("x1", "y1", "x2", "y2")
#: Kinds of errors that stand for the missed label that they are on.
_COVERING = (ObjectKind.CLASS, ObjectKind.LOCATION)


class SurveyedBoxes(Protocol):
    """Weak boxes of a picture: ``saliency.WeakBoxes``."""

    @property
    def boxes_xyxy(self) -> Float32Array: ...  # noqa: D102
    @property
    def confidences(self) -> Float32Array: ...  # noqa: D102
    @property
    def class_ids(self) -> Int64Array: ...  # noqa: D102


class SurveyedPicture(Protocol):
    """One picture's pass: ``saliency.Surveyed``."""

    explanation: Explanation
    embedding: Float32Array
    signed: tuple[SaliencyMap, ...]

    @property
    def weak(self) -> SurveyedBoxes: ...  # noqa: D102

    def candidates(self, image: Uint8Array, near_xyxy: Float32Array | None = None) -> Candidates:
        """Return every box that the model predicts, and those it keeps."""
        ...

    def evidence_at(
        self, image: Uint8Array, anchors: Sequence[int], class_ids: Sequence[int]
    ) -> tuple[tuple[SaliencyMap, ...], tuple[bool, ...]]:
        """Map what speaks for and against a class at some anchors, and tell where that is little."""
        ...


@dataclass(frozen=True)
class PicturePlace:
    """Place of a picture in its data set.

    Attributes:
        name, position, stamp: see ``AuditedPicture``.
    """

    name: str
    position: int
    stamp: str


@dataclass(frozen=True, eq=False)
class JudgedPicture:
    """One picture with its matches and its missed labels: nothing of its pass is needed any more.

    Attributes:
        place: in the data set.
        explanation, embedding, signed, weak: see ``saliency.Surveyed``.
        labels: of the picture; None in a data set without labels.
        matches: of its detections; None without labels.
        missed: why labels were missed.
    """

    place: PicturePlace
    explanation: Explanation
    embedding: Float32Array
    signed: tuple[SaliencyMap, ...]
    weak: SurveyedBoxes
    labels: PictureLabels | None
    matches: PictureMatches | None
    missed: tuple[MissedLabel, ...]


def judge(
    surveyed: SurveyedPicture, labels: PictureLabels | None, place: PicturePlace, match_iou: float
) -> JudgedPicture:
    """Match a picture's detections, and ask why labels were missed; called before the next picture is surveyed."""
    explanation = surveyed.explanation
    known = place, explanation, surveyed.embedding, surveyed.signed, surveyed.weak
    if labels is None:
        return JudgedPicture(*known, None, None, ())
    matches = match_picture(explanation.detections, labels, match_iou)
    missed = why_missed(surveyed, labels, matches.missed, match_iou)
    return JudgedPicture(*known, labels, matches, missed)


def rows_of(judged: JudgedPicture) -> AuditedPicture:
    """Return a picture's rows: its detections, strongest first, then its missed labels; in any thread."""
    place, explanation = judged.place, judged.explanation
    wide, tall = explanation.frame.size_wh
    head: dict[str, Any] = {
        "image": place.name,
        "image_id": place.position,
        "image_wide": wide,
        "image_tall": tall,
    }
    rows = [*_detections(judged, head), *_missed(judged, head)]
    weak, labels = judged.weak, judged.labels
    exact = np.zeros((0, 4), np.float32) if labels is None else labels.exact_xyxy
    class_ids = np.zeros(0, np.int64) if labels is None else labels.class_ids
    scored = score_boxes(weak.boxes_xyxy, weak.confidences, weak.class_ids, exact, class_ids)
    numbered = tuple(replace(one, number=n) for n, (one, _) in enumerate(rows, 1))
    parts = tuple(parts for _, parts in rows)
    return AuditedPicture(place.name, place.position, place.stamp, (wide, tall), numbered, parts, scored)


def _detections(judged: JudgedPicture, head: dict[str, Any]) -> list[tuple[AuditedObject, ObjectParts]]:
    explanation, signed = judged.explanation, judged.signed
    found = findings_of(explanation, _NO_REGIONS).detections
    numbers = {label: len(found) + n for n, label in enumerate((each.label for each in judged.missed), 1)}
    rows = []
    for n, one in enumerate(found):
        match = Match(ObjectKind.UNLABELLED) if judged.matches is None else judged.matches.matches[n]
        both = signed[n] if signed else None
        own = explanation.object_maps[n] if explanation.object_maps else None
        stands_for = numbers.get(match.label) if match.label is not None and match.kind in _COVERING else None
        row = AuditedObject(
            number=0,
            **head,
            kind=match.kind.value,
            class_id=one.class_id,
            class_name=printable(one.class_name),
            confidence=one.confidence,
            **_box_columns(one.box_xyxy),
            **_label_columns(judged.labels, match.label),
            iou=match.iou,
            covers=stands_for,
            **_evidence_columns(one),
            **_sums(None if both is None else ClassEvidence(one.class_name, both)),
        )
        embedding = np.asarray(judged.embedding[n], np.float32)
        parts = parts_of(explanation.frame.image_bgr, one.box_xyxy, own, both, embedding)
        rows.append((row, parts))
    return rows


def _missed(judged: JudgedPicture, head: dict[str, Any]) -> list[tuple[AuditedObject, ObjectParts]]:
    image, labels, rows = judged.explanation.frame.image_bgr, judged.labels, []
    for each in judged.missed:
        assert labels is not None
        box = [float(side) for side in labels.boxes_xyxy[each.label]]
        row = AuditedObject(
            number=0,
            **head,
            kind=ObjectKind.MISSED.value,
            class_id=int(labels.class_ids[each.label]),
            class_name=printable(labels.class_names[each.label]),
            confidence=each.confidence,
            **_box_columns(box),
            **_label_columns(labels, each.label),
            iou=each.iou,
            low_evidence=None if each.evidence is None else each.evidence.low,
            verdict=each.verdict,
            why=printable(each.why),
            **_sums(each.evidence),
        )
        saliency = map_of(each.evidence)
        rows.append((row, parts_of(image, box, saliency, saliency, _NO_EMBEDDING)))
    return rows


def _box_columns(box_xyxy: Sequence[float]) -> dict[str, Any]:
    return dict(zip(_SIDES, box_xyxy, strict=True))


def _label_columns(labels: PictureLabels | None, label: int | None) -> dict[str, Any]:
    if labels is None or label is None:
        return {}
    sides = [float(side) for side in labels.boxes_xyxy[label]]
    named = {f"label_{name}": side for name, side in _box_columns(sides).items()}
    return {"label_class_name": printable(labels.class_names[label]), **named}


def _evidence_columns(one: ObjectFindings) -> dict[str, Any]:
    peak_x, peak_y = one.peak_xy or (None, None)
    names = ("energy_in_box", "enrichment", "evidence", "spread", "low_evidence")
    return {name: getattr(one, name) for name in names} | {"peak_x": peak_x, "peak_y": peak_y}


def _sums(evidence: ClassEvidence | None) -> dict[str, Any]:
    if evidence is None:
        return {}
    return {"evidence_for": evidence.speaks_for, "evidence_against": evidence.speaks_against}
