"""Numbers of attention: what a map says about each object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from heatcam.evidence import positive_evidence
from heatcam.frames import LOGITS, Explanation, Question, SaliencyMap


@dataclass(frozen=True)
class Attention:
    """What one object's own map holds. Negative evidence counts as none, as in the picture; a letterbox border never counts.

    Attributes:
        evidence: the sum of the map's positive evidence, in the map's unit. It is what the heat adds up to, not the object's
            logit: what speaks against the object, and the network's biases, are not in it.
        energy_in_box: the share of it that lies inside the box, in ``[0, 1]``: the energy-based pointing game (Wang et al.,
            "Score-CAM", CVPR workshops 2020). None where there is no evidence.
        enrichment: how many times denser it is in the box than in the whole picture: ``energy_in_box`` divided by the box's
            share of the picture. None where there is no evidence, or no box.
    """

    evidence: float
    energy_in_box: float | None
    enrichment: float | None


def attention_of(saliency: SaliencyMap, box_xyxy: npt.ArrayLike) -> Attention:
    """The numbers of one object.

    Args:
        saliency: the object's own map.
        box_xyxy: float ``(4,)`` in image pixels.
    """
    inside, box_cells = positive_evidence(saliency, box_xyxy)
    total, all_cells = positive_evidence(saliency, saliency.letterbox.seen_xyxy)
    if total <= 0:
        return Attention(0.0, None, None)
    share = min(1.0, inside / total)
    return Attention(total, share, share / (box_cells / all_cells) if box_cells > 0 else None)


def energy_in_box(saliency: SaliencyMap, box_xyxy: npt.ArrayLike) -> float | None:
    """The share of a map's positive evidence that lies inside a box: see ``Attention``."""
    return attention_of(saliency, box_xyxy).energy_in_box


def describe(explanation: Explanation) -> dict[str, Any]:
    """One picture's findings for the machine-readable outputs: ``size_wh``, ``detections`` and ``map_error``.

    ``energy_in_box``, ``enrichment`` and ``evidence_logits`` need the objects' own maps and are None without them; evidence is
    also None where the map is not counted in logits. ``low_evidence`` is None where it is not known. ``question`` is what was
    asked instead of each object's own class; of a class, each detection has its ``asked_confidence``.
    """
    found = explanation.detections
    maps: tuple[SaliencyMap | None, ...] = explanation.object_maps or (None,) * len(found)
    low: tuple[bool | None, ...] = explanation.low_evidence or (None,) * len(found)
    rows = [
        {
            "class_name": found.class_names[n],
            "confidence": round(float(found.confidences[n]), 4),
            "box_xyxy": [round(float(v), 2) for v in found.boxes_xyxy[n]],
            **_numbers(own, found.boxes_xyxy[n]),
            "low_evidence": low[n],
            **_answer(explanation.question, n),
        }
        for n, own in enumerate(maps)
    ]
    return {
        "size_wh": list(explanation.frame.size_wh),
        "question": explanation.question.about if explanation.question else None,
        "detections": rows,
        "map_error": explanation.map_error or None,
    }


def _answer(question: Question | None, n: int) -> dict[str, Any]:
    """How likely the class is that was asked about; nothing where none was."""
    if question is None or question.scores is None:
        return {}
    return {"asked_class_name": question.class_name, "asked_confidence": round(float(question.scores[n]), 6)}


def _numbers(own: SaliencyMap | None, box_xyxy: npt.ArrayLike) -> dict[str, float | None]:
    """An object's row of numbers."""
    if own is None:
        return {"energy_in_box": None, "enrichment": None, "evidence_logits": None}
    seen = attention_of(own, box_xyxy)
    return {
        "energy_in_box": seen.energy_in_box,
        "enrichment": seen.enrichment,
        "evidence_logits": seen.evidence if own.unit == LOGITS else None,
    }
