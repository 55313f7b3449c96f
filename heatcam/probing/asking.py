"""Verdicts about places, from the boxes that a model predicts and those that it keeps.

The rules are tried in their order, and each says in its docstring what has to hold. A kept box that is on another place that was
asked for at the same time, or on another label of the picture, is that one's and answers no other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from heatcam.frames import Candidates, Int64Array
from heatcam.geometry import Float32Array, overlaps
from heatcam.probing.meant import BoolArray, may_be_meant
from heatcam.probing.noise import noise_level
from heatcam.probing.suppression import nearest_kept, overlap_needed, suppressor_of
from heatcam.probing.verdicts import (
    MATCH_IOU,
    AskedPlace,
    CandidateBox,
    Margins,
    Needs,
    PlaceAnswer,
    Rival,
    Verdict,
    WrongSide,
)

NO_REST = math.log(
    0.001 / 0.999
)  # logit; the noise level where none can be measured: YOLO's own floor in validation
MOST_RIVALS = 5
_ROUNDING = 1e-6  # of an IoU
_SIDES = ("left", "top", "right", "bottom")
#: Verdicts about a box of the class that may be suppressed: at the noise level all boxes overlap some.
_OF_THE_CLASS = (Verdict.BELOW_THRESHOLD, Verdict.SUPPRESSED, Verdict.MISPLACED)


@dataclass(frozen=True)
class Ruling:
    """Outcome of a rule: the verdict, the row of ``Candidates`` that it is about, and the kept box, or None."""

    verdict: Verdict
    row: int
    detection: int | None = None


def ask_places(
    places: Sequence[AskedPlace],
    candidates: Candidates,
    match_iou: float = MATCH_IOU,
    only: Sequence[int] | None = None,
) -> tuple[PlaceAnswer, ...]:
    """Answer for each place whether the model found its object, and if not, why.

    Each kept box is on one place at most, the pairs of the largest IoU first. ``found`` is answered if and only if a kept box of
    the class, on no other place, has an IoU of at least ``match_iou`` with this one: it cannot contradict ``Explainer.explain``
    with the same thresholds, whose boxes are taken as they are.

    Args:
        places: all objects that the picture is known to have, of any class.
        candidates: of the picture.
        match_iou: from which a box is on an object, in ``(0, 1]``.
        only: indices of the places to answer for; the others only take their boxes. None answers for all.
    """
    owners = owners_of(places, candidates, match_iou)
    wanted = range(len(places)) if only is None else only
    seen = [
        _Seen(
            places[n],
            candidates,
            match_iou,
            frozenset(d for d, owner in owners.items() if owner != n),
            _boxes_of(places, places[n].class_id),
        )
        for n in wanted
    ]
    return tuple(_answer(each) for each in seen)


def owners_of(
    places: Sequence[AskedPlace], candidates: Candidates, match_iou: float = MATCH_IOU
) -> dict[int, int]:
    """Return the place that each kept box is on, by the box's index; boxes on none are left out.

    A box is on a place of its own class, one box a place and one place a box, the pairs of the largest IoU first.
    """
    found = candidates.detections
    wanted = np.array([place.box_xyxy for place in places], np.float32).reshape(-1, 4)
    classes = np.array([place.class_id for place in places], np.int64)
    shared = overlaps(wanted, found.boxes_xyxy) * (classes[:, None] == found.class_ids[None])
    owners: dict[int, int] = {}
    for flat in np.argsort(-shared, axis=None, kind="stable").tolist():
        place, box = divmod(flat, max(1, len(found)))
        if shared[place, box] < match_iou:
            break
        if box not in owners and place not in owners.values():
            owners[box] = place
    return owners


@dataclass(frozen=True, eq=False)
class _Seen:
    """One place over the candidates of the picture; what rules ask for is worked out when they do.

    Attributes:
        place: the place.
        all: the candidates.
        match_iou: from which a box is on an object.
        others: indices of the kept boxes that are on other places.
        same_class: float32 ``(N, 4)``, the places of this class, this one among them.
    """

    place: AskedPlace
    all: Candidates
    match_iou: float
    others: frozenset[int]
    same_class: Float32Array

    @cached_property
    def box(self) -> Float32Array:
        """The place's box, float32 ``(1, 4)``."""
        return np.array([self.place.box_xyxy], np.float32)

    @cached_property
    def inside(self) -> Float32Array:
        """Every candidate's box, clipped to the picture: float32 ``(K, 4)``."""
        return self.all.inside_xyxy

    @cached_property
    def ious(self) -> Float32Array:
        """IoU of every candidate with the place, float32 ``(K,)``."""
        return overlaps(self.inside, self.box)[:, 0]

    @cached_property
    def logits(self) -> Float32Array:
        """Logit of the class of every candidate, float32 ``(K,)``."""
        return self.all.logits[:, self.place.class_id]

    def free(self, rows: Int64Array) -> BoolArray:
        """Return False for candidates that lie better on another place of this class, or were kept there: bool, as ``rows``."""
        found = self.all.detections
        kept = [int(found.anchors[d]) for d in self.others if found.class_ids[d] == self.place.class_id]
        if len(self.same_class) == 1:  # (this place alone)
            return ~np.isin(rows, kept)
        elsewhere = overlaps(self.inside[rows], self.same_class).max(1)
        return np.asarray((elsewhere <= self.ious[rows] + _ROUNDING) & ~np.isin(rows, kept))

    @cached_property
    def meant(self) -> BoolArray:
        """True for candidates that may be meant for this object: bool ``(K,)``."""
        return may_be_meant(self.box, self.all, self.match_iou)

    @cached_property
    def noise(self) -> float | None:
        """The class's noise level; None where it cannot be measured."""
        found, (box,) = self.all.detections, self.box
        kept = found.boxes_xyxy[found.class_ids == self.place.class_id]
        occupied = np.concatenate((self.same_class, kept)).astype(np.float32)
        size = float(box[2] - box[0]), float(box[3] - box[1])
        return noise_level(self.all, self.place.class_id, size, occupied)

    @property
    def floor(self) -> float:
        """The logit above which a candidate counts as seen."""
        return NO_REST if self.noise is None else self.noise

    def best(self, which: BoolArray) -> int | None:
        """Return the row of the candidate with the highest logit of the class among ``which``; None for none."""
        return self.best_of(np.nonzero(which)[0])

    def best_of(self, rows: Int64Array) -> int | None:
        """Return the one of ``rows``, int64 ascending, that is free and has the highest logit of the class; None for none."""
        rows = rows[self.free(rows)]
        return int(rows[self.logits[rows].argmax()]) if len(rows) else None

    def is_likeliest(self, rows: Int64Array) -> BoolArray:
        """Tell for each of ``rows`` whether the class is the likeliest there: bool, as ``rows``."""
        return np.asarray(self.all.logits[rows].argmax(1) == self.place.class_id)

    def kept(self, which: BoolArray) -> list[int]:
        """Return the indices of kept boxes, on no other place, that are among ``which``, bool ``(K,)``; strongest first."""
        anchors = self.all.detections.anchors.tolist()
        return [d for d, row in enumerate(anchors) if d not in self.others and which[row]]

    def passes(self, row: int) -> bool:
        """Return True if a candidate's confidence is above the threshold."""
        return _sigmoid(float(self.logits[row])) > self.all.conf

    def leads(self, row: int) -> bool:
        """Return True if no class is likelier there."""
        return bool(self.all.logits[row].max() <= self.logits[row])


def _found(seen: _Seen) -> Ruling | None:
    """A kept box of the class has at least the IoU that makes a match."""
    found = seen.all.detections
    ious = overlaps(found.boxes_xyxy, seen.box)[:, 0]
    own = [d for d in seen.kept(np.ones(len(seen.logits), bool)) if found.class_ids[d] == seen.place.class_id]
    best = max(own, key=lambda d: ious[d], default=None)
    if best is None or ious[best] < seen.match_iou:
        return None
    return Ruling(Verdict.FOUND, int(found.anchors[best]), best)


def _lost_after_the_threshold(seen: _Seen) -> Ruling | None:
    """A candidate on the place passed the confidence threshold with this class, and was not kept."""
    rows = np.nonzero(seen.ious >= seen.match_iou)[0]
    found = seen.all.detections
    rows = rows[(1 / (1 + np.exp(-seen.logits[rows].astype(np.float64)))) > seen.all.conf]
    rows = rows[~np.isin(rows, found.anchors[found.class_ids == seen.place.class_id])]
    if seen.all.suppresses:
        rows = rows[seen.is_likeliest(rows)]
    row = seen.best_of(rows)
    if row is None:
        return None
    stopped = suppressor_of(seen.all, row, seen.place.class_id) is not None
    is_full = len(found) >= seen.all.max_det
    return Ruling(Verdict.SUPPRESSED if stopped or not is_full else Verdict.BELOW_THRESHOLD, row)


def _kept_elsewhere(seen: _Seen) -> Ruling | None:
    """A kept box of the class is meant for this object, and its IoU is too low."""
    found = seen.all.detections
    own = [d for d in seen.kept(seen.meant) if found.class_ids[d] == seen.place.class_id]
    return Ruling(Verdict.MISPLACED, int(found.anchors[own[0]]), own[0]) if own else None


def _seen_in_place(seen: _Seen) -> Ruling | None:
    """A candidate on the place rises above the noise: it has a likelier class, or is below the confidence threshold."""
    row = seen.best(seen.ious >= seen.match_iou)
    if row is None or seen.logits[row] <= seen.floor:
        return None
    return Ruling(Verdict.BELOW_THRESHOLD if seen.leads(row) else Verdict.OTHER_CLASS, row)


def _kept_as_another_class(seen: _Seen) -> Ruling | None:
    """A kept box of another class is on the place, and on no other."""
    found = seen.all.detections
    other = [d for d in seen.kept(seen.ious >= seen.match_iou) if found.class_ids[d] != seen.place.class_id]
    return Ruling(Verdict.OTHER_CLASS, int(found.anchors[other[0]]), other[0]) if other else None


def _seen_elsewhere(seen: _Seen) -> Ruling | None:
    """A candidate that is meant for this object, of this class rather than another, rises above the noise; its IoU is too low."""
    meant = np.nonzero(seen.meant)[0]
    row = seen.best_of(meant[seen.is_likeliest(meant)])
    return None if row is None or seen.logits[row] <= seen.floor else Ruling(Verdict.MISPLACED, row)


def _nothing(seen: _Seen) -> Ruling:
    """No candidate rises above the noise: the best one on the place, else in it, else the nearest."""
    row = seen.best(seen.ious >= seen.match_iou)
    row = seen.best(seen.meant) if row is None else row
    if row is None:
        middle = (seen.box[0, :2] + seen.box[0, 2:]) / 2
        row = int(((seen.all.points_xy - middle) ** 2).sum(1).argmin())
    return Ruling(Verdict.NOT_SEEN, row)


#: Tried in this order; the first that gives a ruling decides.
RULES: tuple[Callable[[_Seen], Ruling | None], ...] = (
    _found,
    _lost_after_the_threshold,
    _kept_elsewhere,
    _seen_in_place,
    _kept_as_another_class,
    _seen_elsewhere,
    _nothing,
)


def _answer(seen: _Seen) -> PlaceAnswer:
    ruling = next(made for rule in RULES if (made := rule(seen)) is not None)
    row, verdict = ruling.row, ruling.verdict
    candidate = _candidate(seen, ruling)
    stopped = suppressor_of(seen.all, row, seen.place.class_id) if verdict in _OF_THE_CLASS else None
    if stopped is None and verdict is Verdict.SUPPRESSED:
        stopped = nearest_kept(seen.all, row, seen.place.class_id)
    beyond = verdict is Verdict.BELOW_THRESHOLD and seen.passes(row)
    return PlaceAnswer(
        seen.place,
        verdict,
        candidate,
        _needs(seen, verdict, row),
        Margins(
            candidate.confidence - seen.all.conf,
            None if stopped is None else seen.all.iou - stopped.iou,
            candidate.iou - seen.match_iou,
        ),
        stopped,
        _rivals(seen, row),
        _wrong_sides(seen, candidate) if verdict is Verdict.MISPLACED else (),
        seen.noise,
        ruling.detection,
        beyond,
        _is_too_small(seen),
        _is_cut(seen),
    )


def _candidate(seen: _Seen, ruling: Ruling) -> CandidateBox:
    """Return the candidate of a ruling; of a kept box that was found, box and confidence are the kept ones."""
    row, logit = ruling.row, float(seen.logits[ruling.row])
    made = CandidateBox(
        row,
        int(seen.all.strides[row]),
        logit,
        _sigmoid(logit),
        seen.inside[row],
        min(1.0, float(seen.ious[row])),
    )
    if ruling.detection is None or seen.all.detections.class_ids[ruling.detection] != seen.place.class_id:
        return made
    found = seen.all.detections
    box = found.boxes_xyxy[ruling.detection]
    iou = min(1.0, float(overlaps(box[None], seen.box)[0, 0]))
    return replace(made, box_xyxy=box, confidence=float(found.confidences[ruling.detection]), iou=iou)


def _needs(seen: _Seen, verdict: Verdict, row: int) -> Needs:
    """Return the thresholds that would keep the candidate; none where it is noise, or a likelier class takes its anchor."""
    if verdict in (Verdict.FOUND, Verdict.NOT_SEEN) or (seen.all.suppresses and not seen.leads(row)):
        return Needs()
    iou = overlap_needed(seen.all, row, seen.place.class_id) if verdict in _OF_THE_CLASS else None
    conf = None if seen.passes(row) else just_below(_sigmoid(float(seen.logits[row])))
    return Needs(conf, iou)


def just_below(confidence: float) -> float:
    """Return a threshold of three digits that a confidence is above: 0.1829 gives 0.182."""
    if confidence <= 0:
        return 0.0
    digits = 2 - math.floor(math.log10(confidence))
    lower = math.floor(confidence * 10**digits * (1 - 1e-6)) / 10**digits
    return float(round(lower, digits))


def _rivals(seen: _Seen, row: int) -> tuple[Rival, ...]:
    """Return the strongest other classes at a candidate's anchor."""
    logits, own = seen.all.logits[row], float(seen.logits[row])
    order = [int(c) for c in np.argsort(-logits, kind="stable") if c != seen.place.class_id][:MOST_RIVALS]
    names = seen.all.class_names
    return tuple(
        Rival(c, names.get(c, str(c)), _sigmoid(float(logits[c])), float(logits[c]) - own) for c in order
    )


def _wrong_sides(seen: _Seen, candidate: CandidateBox) -> tuple[WrongSide, ...]:
    """Return the sides whose correction alone would raise the IoU by at least 0.02, the one that gains most first."""
    place, box = seen.box[0], candidate.box_xyxy
    sides = []
    for n, side in enumerate(_SIDES):
        moved = box.copy()
        moved[n] = place[n]
        gain = float(overlaps(moved[None], seen.box)[0, 0]) - candidate.iou
        sides.append(WrongSide(side, float(box[n] - place[n]), gain))
    return tuple(sorted((each for each in sides if each.gain >= 0.02), key=lambda each: -each.gain))


def _is_too_small(seen: _Seen) -> bool:
    """Return True if a side of the place is shorter than a cell of the finest stride, in model pixels."""
    strides = seen.all.strides[seen.all.strides > 0]
    if not len(strides):
        return False
    (x1, y1, x2, y2) = seen.all.letterbox.boxes_to_model(seen.box)[0].tolist()
    return bool(min(x2 - x1, y2 - y1) < int(strides.min()))


def _is_cut(seen: _Seen) -> bool:
    """Return True if the place reaches to within a model pixel of the edge of what the network sees."""
    letterbox = seen.all.letterbox
    near = np.divide(1, letterbox.scale_xy)
    edge, box = letterbox.seen_xyxy, seen.box[0]
    return bool((box[:2] < edge[:2] + near).any() or (box[2:] > edge[2:] - near).any())


def _boxes_of(places: Sequence[AskedPlace], class_id: int) -> Float32Array:
    return np.array([p.box_xyxy for p in places if p.class_id == class_id], np.float32).reshape(-1, 4)


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-logit)) if logit > -700 else 0.0
