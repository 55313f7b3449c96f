"""Records of a comparison: each object with what A and B say of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from heatcam.comparison.maps import MapNumbers, compared_maps
from heatcam.comparison.matching import Matches
from heatcam.frames import Explanation, SaliencyMap, Timings
from heatcam.geometry import Float32Array, overlaps
from heatcam.measures import NOTHING, cells_in_box, peak_of


@dataclass(frozen=True, eq=False)  # (arrays do not compare; compared by identity)
class ComparedObject:
    """One object of a picture, found by A, by B or by both.

    Attributes:
        a, b: its index in the detections of A and of B; None where that model did not find it.
        box_a_xyxy, box_b_xyxy: float32 ``(4,)`` in image pixels; the other model's box where one did not find it.
        map_a, map_b: its own map by each model; where one did not find it, that model's map for the same class at the same
            place. None where there is no map.
        reason: why a map is missing, in one line; "" if none is.
        iou: of the two boxes; None where only one model found it.
        confidence_difference: A minus B, in ``[-1, 1]``; None where only one model found it.
        numbers: of the two maps.
    """

    a: int | None
    b: int | None
    box_a_xyxy: Float32Array
    box_b_xyxy: Float32Array
    map_a: SaliencyMap | None
    map_b: SaliencyMap | None
    reason: str = ""
    iou: float | None = None
    confidence_difference: float | None = None
    numbers: MapNumbers = field(default_factory=MapNumbers)

    @property
    def around_xyxy(self) -> Float32Array:
        """The box around both boxes: float32 ``(4,)`` in image pixels."""
        low = np.minimum(self.box_a_xyxy[:2], self.box_b_xyxy[:2])
        return np.concatenate((low, np.maximum(self.box_a_xyxy[2:], self.box_b_xyxy[2:])))


@dataclass(frozen=True)
class Answer:
    """Map of an object by the model that did not find it.

    Attributes:
        saliency: the map; None for none.
        reason: why there is none, in one line; else "".
    """

    saliency: SaliencyMap | None
    reason: str = ""


@dataclass(frozen=True)
class ComparedFrame:
    """Two explanations of one frame.

    Attributes:
        a, b: the explanations.
        objects: those that both found, in the order of A, then those that A, then those that B found alone.
    """

    a: Explanation
    b: Explanation
    objects: tuple[ComparedObject, ...] = ()

    @property
    def pairs(self) -> tuple[ComparedObject, ...]:
        """The objects that both found."""
        return tuple(each for each in self.objects if each.a is not None and each.b is not None)

    @property
    def only_a(self) -> tuple[ComparedObject, ...]:
        """The objects that A found alone."""
        return tuple(each for each in self.objects if each.b is None)

    @property
    def only_b(self) -> tuple[ComparedObject, ...]:
        """The objects that B found alone."""
        return tuple(each for each in self.objects if each.a is None)


@dataclass(frozen=True)
class ComparedExplanation(Explanation):
    """A's explanation on its way through the pipeline, with the comparison to B's beside it.

    Attributes:
        comparison: of both.
    """

    comparison: ComparedFrame | None = None


def along(comparison: ComparedFrame) -> ComparedExplanation:
    """Return A's explanation with the comparison beside it, the times of both and what failed in either."""
    a, b = comparison.a, comparison.b
    errors = [f"{side}: {each.map_error}" for side, each in (("A", a), ("B", b)) if each.map_error]
    own = {name: getattr(a, name) for name in Explanation.__dataclass_fields__}
    both = {"map_error": "; ".join(errors), "timings": _sum(a.timings, b.timings)}
    return ComparedExplanation(**own | both, comparison=comparison)


def comparison_of(explanation: Explanation) -> ComparedFrame:
    """Return the comparison beside an explanation.

    Raises:
        TypeError: it was not made by ``Comparing``.
    """
    found = getattr(explanation, "comparison", None)
    if not isinstance(found, ComparedFrame):
        raise TypeError("an explanation without a comparison")
    return found


def explanations_of(explanation: Explanation) -> tuple[Explanation, ...]:
    """Return those of A and B for a comparison; the explanation itself for one model's."""
    comparison = explanation.comparison if isinstance(explanation, ComparedExplanation) else None
    return (explanation,) if comparison is None else (comparison.a, comparison.b)


def compared(
    a: Explanation,
    b: Explanation,
    matches: Matches,
    by_b: tuple[Answer, ...] = (),
    by_a: tuple[Answer, ...] = (),
) -> ComparedFrame:
    """Compare two explanations of one frame.

    Args:
        a: A's explanation, with a map of each object.
        b: B's.
        matches: which objects are the same.
        by_b: B's map of each object that A found alone, in the order of ``matches.only_a``; empty for none.
        by_a: A's map of each object that B found alone.
    """
    nothing = Answer(None, "not asked")
    objects = [_pair(a, b, n, m) for n, m in matches.pairs]
    for place, n in enumerate(matches.only_a):
        answer = by_b[place] if by_b else nothing
        box = a.detections.boxes_xyxy[n]
        objects.append(ComparedObject(n, None, box, box, _map_of(a, n), answer.saliency, answer.reason))
    for place, n in enumerate(matches.only_b):
        answer = by_a[place] if by_a else nothing
        box = b.detections.boxes_xyxy[n]
        objects.append(ComparedObject(None, n, box, box, answer.saliency, _map_of(b, n), answer.reason))
    return ComparedFrame(a, b, tuple(map(_measured, objects)))


def scales_of_both(comparison: ComparedFrame, *, same: bool = False) -> tuple[float, float]:
    """Return the evidence per cell that is full heat in the maps of A and of B, each in its map's unit; 0 without evidence.

    It is each model's own calibrated full heat, or where that is not known the strongest object's peak in this picture.

    Args:
        comparison: of one picture.
        same: take the larger of the two for both.
    """
    a, b = (_full_heat(comparison, side) for side in ("a", "b"))
    return (max(a, b), max(a, b)) if same else (a, b)


def _full_heat(comparison: ComparedFrame, side: str) -> float:
    pairs = [(getattr(each, f"map_{side}"), getattr(each, f"box_{side}_xyxy")) for each in comparison.objects]
    made = [(own, box) for own, box in pairs if own is not None]
    known = [own.full_heat for own, _ in made if own.full_heat is not None]
    if known:
        return float(known[0])
    peaks = [peak_of(cells_in_box(own.values, own.letterbox, box)) for own, box in made]
    return max((peak for peak in peaks if peak > NOTHING), default=0.0)


def _pair(a: Explanation, b: Explanation, n: int, m: int) -> ComparedObject:
    ours, theirs = a.detections, b.detections
    iou = overlaps(ours.boxes_xyxy[n : n + 1], theirs.boxes_xyxy[m : m + 1])[0, 0]
    return ComparedObject(
        n,
        m,
        ours.boxes_xyxy[n],
        theirs.boxes_xyxy[m],
        _map_of(a, n),
        _map_of(b, m),
        "; ".join(each.map_error for each in (a, b) if each.map_error),
        min(1.0, float(iou)),
        float(ours.confidences[n]) - float(theirs.confidences[m]),
    )


def _measured(each: ComparedObject) -> ComparedObject:
    return replace(each, numbers=compared_maps(each.map_a, each.map_b, each.box_a_xyxy, each.box_b_xyxy))


def _map_of(explanation: Explanation, n: int) -> SaliencyMap | None:
    return explanation.object_maps[n] if explanation.object_maps else None


def _sum(a: Timings, b: Timings) -> Timings:
    return Timings(a.prepare_ms + b.prepare_ms, a.forward_ms + b.forward_ms, a.map_ms + b.map_ms)
