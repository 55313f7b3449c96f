"""Evidence at places that were asked about: what speaks for and against the class, and for the class it was taken for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from heatcam.errors import HeatcamError, first_line
from heatcam.frames import Candidates, SaliencyMap
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.measures import positive_evidence
from heatcam.probing.verdicts import PlaceAnswer


class AsksPlaces(Protocol):
    """A model that can be asked about places: ``saliency.Prober``. Called from one thread."""

    def candidates(self, image: Uint8Array, near_xyxy: Float32Array | None = None) -> Candidates:
        """Return every box that the model predicts, and those it keeps."""
        ...

    def evidence_at(
        self, image: Uint8Array, anchors: Sequence[int], class_ids: Sequence[int]
    ) -> tuple[tuple[SaliencyMap, ...], tuple[bool, ...]]:
        """Map what speaks for and against a class at some anchors, and tell where that is little; none where not known."""
        ...


@dataclass(frozen=True)
class ClassEvidence:
    """Evidence for and against one class at a place.

    Attributes:
        class_name: the class.
        saliency: the signed map, in logits per cell.
        low: True if the evidence is no better than with shuffled weights in the network's head; None where not known.
    """

    class_name: str
    saliency: SaliencyMap
    low: bool | None = None

    @property
    def speaks_for(self) -> float:
        """Sum of the positive part over the picture, in the map's unit."""
        return positive_evidence(self.saliency, self.saliency.letterbox.seen_xyxy)[0]

    @property
    def speaks_against(self) -> float:
        """Sum of the negative part over the picture, as a number above zero."""
        turned = replace(self.saliency, values=-self.saliency.values)
        return positive_evidence(turned, turned.letterbox.seen_xyxy)[0]


@dataclass(frozen=True)
class PlaceEvidence:
    """Evidence at one place, in the candidate of its answer.

    Attributes:
        own: for the class that is missed; None where there is no map.
        rival: for the class that it was taken for; None where there is no map, or no other class.
        reason: why a map is missing, in one line; "" if none is.
    """

    own: ClassEvidence | None
    rival: ClassEvidence | None
    reason: str = ""


def evidence_of(
    answers: Sequence[PlaceAnswer], asked: AsksPlaces, image: Uint8Array
) -> tuple[PlaceEvidence, ...]:
    """Map the evidence at each answer's candidate, for its class and for its strongest rival; all in one pass where it can be.

    Args:
        answers: about places of the picture.
        asked: the model.
        image: the picture, uint8 ``(H, W, 3)`` BGR.
    """
    try:
        return _together(answers, asked, image)
    except (HeatcamError, RuntimeError, ValueError, ArithmeticError) as error:
        if len(answers) <= 1:
            return tuple(PlaceEvidence(None, None, first_line(error)) for _ in answers)
    return tuple(evidence_of([each], asked, image)[0] for each in answers)


def _together(
    answers: Sequence[PlaceAnswer], asked: AsksPlaces, image: Uint8Array
) -> tuple[PlaceEvidence, ...]:
    wanted = [
        (number, each.candidate.anchor, *of_class)
        for number, each in enumerate(answers)
        for of_class in _classes_of(each)
    ]
    maps, low = asked.evidence_at(image, [row for _, row, _, _ in wanted], [c for _, _, c, _ in wanted])
    known = low or (None,) * len(maps)
    found: list[list[ClassEvidence]] = [[] for _ in answers]
    for (number, _, _, name), own, is_low in zip(wanted, maps, known, strict=True):
        found[number].append(ClassEvidence(name, own, is_low))
    return tuple(PlaceEvidence(each[0], each[1] if len(each) > 1 else None) for each in found)


def _classes_of(answer: PlaceAnswer) -> list[tuple[int, str]]:
    """Return id and name of the classes to map: the missed one, and its strongest rival."""
    rival = answer.taken_for
    own = (answer.place.class_id, answer.place.class_name)
    return [own] if rival is None else [own, (rival.class_id, rival.class_name)]
