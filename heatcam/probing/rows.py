"""Rows of the documents about places and covers: plain values, as JSON has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from heatcam.probing.covers import CoverEffect, Foretold, ObjectEffect
from heatcam.probing.evidence import ClassEvidence, PlaceEvidence
from heatcam.probing.verdicts import Margins, Needs, PlaceAnswer, Suppressor
from heatcam.probing.wording import remarks_on, verdict_words


def place_row(answer: PlaceAnswer, evidence: PlaceEvidence) -> dict[str, Any]:
    """Return the row of one place: see ``docs/missed.md``."""
    best, own, rival = answer.candidate, evidence.own, evidence.rival
    return {
        "at_xyxy": _numbers(answer.place.box_xyxy),
        "class_name": answer.place.class_name,
        "verdict": answer.verdict.value,
        "words": verdict_words(answer),
        "candidate": {
            "confidence": _rounded(best.confidence, 6),
            "logit": _rounded(best.logit),
            "box_xyxy": _numbers(best.box_xyxy),
            "iou": _rounded(best.iou),
            "anchor": best.anchor,
            "stride": best.stride or None,
        },
        "needs": _needs(answer.needs),
        "margins": _margins(answer.margins),
        "suppressed_by": _suppressor(answer.suppressed_by),
        "rivals": [
            {
                "class_name": each.class_name,
                "confidence": _rounded(each.confidence, 6),
                "ahead_logits": _rounded(each.ahead),
            }
            for each in answer.rivals
        ],
        "wrong_sides": [
            {"side": each.side, "off_px": _rounded(each.off_px, 1), "iou_gain": _rounded(each.gain)}
            for each in answer.wrong_sides
        ],
        "noise_logit": _rounded(answer.noise_logit),
        "too_small": answer.too_small,
        "cut": answer.cut,
        "remarks": list(remarks_on(answer)),
        "evidence_for": None if own is None else _rounded(own.speaks_for),
        "evidence_against": None if own is None else _rounded(own.speaks_against),
        "low_evidence": None if own is None else own.low,
        "taken_for": _class_row(rival),
        "map_error": evidence.reason or None,
    }


def cover_row(effect: CoverEffect) -> dict[str, Any]:
    """Return the row of one cover: see ``docs/missed.md``."""
    before, after = effect.before, effect.after
    return {
        "at_xyxy": [_numbers(box) for box in effect.covers_xyxy],
        "objects": [_object_row(each, effect) for each in effect.objects],
        "vanished": [
            {
                "class_name": before.class_names[n],
                "confidence": _rounded(float(before.confidences[n])),
                "box_xyxy": _numbers(before.boxes_xyxy[n]),
            }
            for n in effect.vanished
        ],
        "appeared": [
            {
                "class_name": after.class_names[n],
                "confidence": _rounded(float(after.confidences[n])),
                "box_xyxy": _numbers(after.boxes_xyxy[n]),
            }
            for n in effect.appeared
        ],
    }


def foretold_row(foretold: Foretold) -> dict[str, Any]:
    """Return the row that says how well the maps foretold what happened."""
    return {"pairs": foretold.pairs, "rank_correlation": _rounded(foretold.rank_correlation)}


def _object_row(each: ObjectEffect, effect: CoverEffect) -> dict[str, Any]:
    kept, found = each.detection_after, effect.after
    return {
        "index": each.detection,
        "class_name": each.class_name,
        "before": {"confidence": _rounded(each.confidence_before), "logit": _rounded(each.logit_before)},
        "after": {"confidence": _rounded(each.confidence_after, 6), "logit": _rounded(each.logit_after)},
        "kept_confidence": None if kept is None else _rounded(float(found.confidences[kept])),
        "evidence_under_cover": _rounded(each.evidence_share),
        "logit_lost": _rounded(each.logit_lost),
    }


def _class_row(of: ClassEvidence | None) -> dict[str, Any] | None:
    if of is None:
        return None
    return {
        "class_name": of.class_name,
        "evidence_for": _rounded(of.speaks_for),
        "evidence_against": _rounded(of.speaks_against),
        "low_evidence": of.low,
    }


def _needs(needs: Needs) -> dict[str, Any]:
    return {"conf": needs.conf, "iou": needs.iou}


def _margins(margins: Margins) -> dict[str, Any]:
    return {
        "conf": _rounded(margins.conf, 6),
        "overlap": _rounded(margins.overlap),
        "match": _rounded(margins.match),
    }


def _suppressor(by: Suppressor | None) -> dict[str, Any] | None:
    if by is None:
        return None
    return {
        "box_xyxy": _numbers(by.box_xyxy),
        "confidence": _rounded(by.confidence),
        "iou": _rounded(by.iou),
        "index": by.detection,
    }


def _rounded(value: float | None, digits: int = 4) -> float | None:
    return None if value is None else round(float(value), digits)


def _numbers(box_xyxy: npt.ArrayLike) -> list[float]:
    return [round(value, 2) for value in np.asarray(box_xyxy, np.float64).tolist()]
