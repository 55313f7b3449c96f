"""Machine-readable findings of a picture: detections and the numbers of their maps."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from heatcam.frames import LOGITS, Explanation, Question, SaliencyMap
from heatcam.measures.statistics import evidence_share


def describe(explanation: Explanation) -> dict[str, Any]:
    """Return one picture's findings for the machine-readable outputs: ``size_wh``, ``question``, ``detections``, ``map_error``.

    ``energy_in_box``, ``enrichment`` and ``evidence_logits`` need the objects' own maps and are None without them;
    ``evidence_logits`` is also None for a map that is not in logits. ``low_evidence`` is None if unknown. ``question`` is what
    was asked instead of each object's own class, else None; if that is a class, each detection has its ``asked_confidence``.
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
    """Return name and confidence of the class that was asked about; empty if none was."""
    if question is None or question.scores is None:
        return {}
    return {"asked_class_name": question.class_name, "asked_confidence": round(float(question.scores[n]), 6)}


def _numbers(own: SaliencyMap | None, box_xyxy: npt.ArrayLike) -> dict[str, float | None]:
    """Return the numbers of one object's map; all None without a map."""
    if own is None:
        return {"energy_in_box": None, "enrichment": None, "evidence_logits": None}
    seen = evidence_share(own, box_xyxy)
    return {
        "energy_in_box": seen.energy_in_box,
        "enrichment": seen.enrichment,
        "evidence_logits": seen.evidence if own.unit == LOGITS else None,
    }
