"""Rows of the machine-readable document of a comparison."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from heatcam.comparison.compared import ComparedFrame, ComparedObject
from heatcam.measures import describe, energy_in_box

_DIGITS = 4


def comparison_rows(comparison: ComparedFrame, place: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of one picture: ``pairs``, ``only_a`` and ``only_b``.

    Each row has the detections of A and B as ``measures.describe`` makes them, None where a model did not find the object; for
    these ``other_energy_in_box`` is that model's energy in the box at the same place, and ``reason`` says why there is none.

    Args:
        comparison: of one picture.
        place: keys that name the picture, put first in each row.
    """
    ours, theirs = describe(comparison.a)["detections"], describe(comparison.b)["detections"]

    def row(each: ComparedObject) -> dict[str, Any]:
        return place | {
            "a": None if each.a is None else ours[each.a],
            "b": None if each.b is None else theirs[each.b],
            "iou": _rounded(each.iou),
            "confidence_difference": _rounded(each.confidence_difference),
            **{name: _rounded(value) for name, value in asdict(each.numbers).items()},
            **_other(each),
        }

    groups = {"pairs": comparison.pairs, "only_a": comparison.only_a, "only_b": comparison.only_b}
    return {name: [row(each) for each in objects] for name, objects in groups.items()}


def _other(each: ComparedObject) -> dict[str, Any]:
    """Return what the model says that did not find the object; for a pair only why a map is missing."""
    reason = {"reason": each.reason or None}
    if each.a is not None and each.b is not None:
        return reason
    other = each.map_b if each.b is None else each.map_a
    energy = None if other is None else energy_in_box(other, each.box_a_xyxy)
    return {"other_energy_in_box": _rounded(energy), **reason}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
