"""Labels that nothing right is on: why each was missed, asked of the picture's own pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from heatcam.audit.labels import PictureLabels
from heatcam.errors import HeatcamError
from heatcam.frames import Explanation, SaliencyMap
from heatcam.geometry import Uint8Array
from heatcam.probing import (
    AskedPlace,
    AsksPlaces,
    ClassEvidence,
    PlaceAnswer,
    Verdict,
    ask_places,
    verdict_words,
)

#: Of a label that has a box by the one way of giving boxes away (best overlap first), and none by the other (by confidence).
TAKEN = "a box of its class is on it, and counts for another label"


@dataclass(frozen=True, eq=False)
class MissedLabel:
    """A label that was missed.

    Attributes:
        label: its index.
        confidence: of its best candidate.
        iou: of the candidate with it.
        verdict: value of a ``probing.Verdict``; None where a box that counts for another label is on it.
        why: the verdict in words.
        evidence: for its class at the candidate; None where there is no map.
    """

    label: int
    confidence: float
    iou: float
    verdict: str | None
    why: str
    evidence: ClassEvidence | None


class AsksSurveyed(AsksPlaces, Protocol):
    """A model that can be asked about places of the picture that it has just explained: ``saliency.Surveyed``."""

    @property
    def explanation(self) -> Explanation: ...  # noqa: D102
    @property
    def signed(self) -> tuple[SaliencyMap, ...]: ...  # noqa: D102


def why_missed(
    asked: AsksSurveyed, labels: PictureLabels, missed: Sequence[int], match_iou: float
) -> tuple[MissedLabel, ...]:
    """Return why labels were missed.

    A candidate that is a kept box of the class has that box's map. That of an object that is not seen is the strongest on the
    place all the same: what speaks for the class there is no more than noise, and what speaks against it may tell why.

    Args:
        asked: the model, which has just seen the picture.
        labels: all of the picture.
        missed: indices of those that were.
        match_iou: from which a box is on an object.
    """
    if not missed:
        return ()
    places = [
        AskedPlace((box[0], box[1], box[2], box[3]), class_id, name)
        for box, class_id, name in zip(
            labels.boxes_xyxy.tolist(), labels.class_ids.tolist(), labels.class_names, strict=True
        )
    ]
    image = asked.explanation.frame.image_bgr
    candidates = asked.candidates(image, labels.boxes_xyxy[list(missed)])
    answers = ask_places(places, candidates, match_iou, missed)
    known = [_known(asked, answer) for answer in answers]
    unknown = [n for n, own in enumerate(known) if own is None]
    for n, made in zip(unknown, _evidence_at(asked, image, [answers[n] for n in unknown]), strict=True):
        known[n] = made
    return tuple(_told(*each) for each in zip(missed, answers, known, strict=True))


def _known(asked: AsksSurveyed, answer: PlaceAnswer) -> ClassEvidence | None:
    """Return the evidence of a candidate that is a kept box of the class; None for another one."""
    explanation, d = asked.explanation, answer.detection
    if d is None or not asked.signed or explanation.detections.class_ids[d] != answer.place.class_id:
        return None
    low = explanation.low_evidence[d] if explanation.low_evidence else None
    return ClassEvidence(answer.place.class_name, asked.signed[d], low)


def _told(label: int, answer: PlaceAnswer, evidence: ClassEvidence | None) -> MissedLabel:
    is_taken = answer.verdict is Verdict.FOUND
    return MissedLabel(
        label,
        answer.candidate.confidence,
        answer.candidate.iou,
        None if is_taken else answer.verdict.value,
        TAKEN if is_taken else verdict_words(answer),
        evidence,
    )


def _evidence_at(
    asked: AsksPlaces, image: Uint8Array, answers: Sequence[PlaceAnswer]
) -> list[ClassEvidence | None]:
    """Map the evidence for each place's class at its candidate; None where that fails."""
    if not answers:
        return []
    rows = [answer.candidate.anchor for answer in answers]
    try:
        maps, low = asked.evidence_at(image, rows, [answer.place.class_id for answer in answers])
    except (HeatcamError, RuntimeError, ValueError, ArithmeticError):
        if len(answers) == 1:
            return [None]
        return [own for answer in answers for own in _evidence_at(asked, image, [answer])]
    known = low or (None,) * len(maps)
    return [
        ClassEvidence(answer.place.class_name, own, is_low)
        for answer, own, is_low in zip(answers, maps, known, strict=True)
    ]


def map_of(evidence: ClassEvidence | None) -> SaliencyMap | None:
    """Return the map of a candidate's evidence; None where there is none, or it is all zeros."""
    return None if evidence is None or not np.any(evidence.saliency.values) else evidence.saliency
