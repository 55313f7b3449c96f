"""What was found in a picture, for programs."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from heatcam.frames import LOGITS, Explanation, Question, SaliencyMap
from heatcam.measures.statistics import evidence_share


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
    seen = evidence_share(own, box_xyxy)
    return {
        "energy_in_box": seen.energy_in_box,
        "enrichment": seen.enrichment,
        "evidence_logits": seen.evidence if own.unit == LOGITS else None,
    }
