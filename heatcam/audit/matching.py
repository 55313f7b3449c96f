"""Matching of detections with labels: which are right, and of which kind the others are, as TIDE has them.

Bolya et al., "TIDE: A General Toolbox for Identifying Object Detection Errors", ECCV 2020. Labels are given away as COCO's
evaluation does: class by class, the most confident detection first, each takes the free label that it overlaps most. Then
what lies on a crowd or a place to ignore counts neither way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from heatcam.audit.labels import BoolArray, PictureLabels
from heatcam.audit.objects import ObjectKind
from heatcam.frames import Detections
from heatcam.geometry import Float32Array, overlaps

#: TIDE's threshold of the background: below it a detection is on nothing.
BACKGROUND_IOU = 0.1
#: A label is loose around a detection that lies in it by this share of the detection ...
LOOSE_HELD = 0.9
#: ... and has this part of its size at most.
LOOSE_SIZE = 0.6


@dataclass(frozen=True)
class Match:
    """Verdict on a detection: right, wrong or neither.

    Attributes:
        kind: right, a kind of wrong, or neither.
        label: index of the label that it is on, or that it should have been on; None for none.
        iou: with that label.
    """

    kind: ObjectKind
    label: int | None = None
    iou: float | None = None


@dataclass(frozen=True)
class PictureMatches:
    """Matches of one picture.

    Attributes:
        matches: one a detection, in their order.
        missed: indices of the labels that nothing right is on and no detection shows to be loose.
    """

    matches: tuple[Match, ...]
    missed: tuple[int, ...]


def match_picture(found: Detections, labels: PictureLabels, match_iou: float) -> PictureMatches:
    """Match the detections of one picture, strongest first, with its labels.

    Args:
        found: the kept boxes.
        labels: of the picture.
        match_iou: from which a detection is on a label, in ``(0, 1]``.
    """
    seen = _Picture(found, labels, match_iou)
    owners = seen.given_away()
    used = set(owners.values())
    matches, loose = [], set[int]()
    for d in range(len(found)):
        match = (
            Match(ObjectKind.TRUE, owners[d], float(seen.ious[d, owners[d]]))
            if d in owners
            else next(made for rule in RULES if (made := rule(seen, d, used | loose)) is not None)
        )
        loose |= {match.label} if match.kind is ObjectKind.LOOSE and match.label is not None else set()
        matches.append(match)
    return PictureMatches(tuple(matches), tuple(n for n in range(len(labels)) if n not in used | loose))


class _Picture:
    """Overlaps of one picture's detections and labels."""

    def __init__(self, found: Detections, labels: PictureLabels, match_iou: float) -> None:
        self.boxes, self.labels, self.match_iou = found.boxes_xyxy, labels, match_iou
        self.ious = overlaps(found.boxes_xyxy, labels.boxes_xyxy)
        self.of_class: BoolArray = found.class_ids[:, None] == labels.class_ids[None]
        crowd = held_shares(found.boxes_xyxy, labels.crowds_xyxy)
        self.on_crowd = crowd * (found.class_ids[:, None] == labels.crowd_ids[None])
        self.on_ignored = held_shares(found.boxes_xyxy, labels.ignored_xyxy)

    def given_away(self) -> dict[int, int]:
        """Return the label of each detection that is right, by the detection's index."""
        owners: dict[int, int] = {}
        free = np.ones(len(self.labels), bool)
        for d in range(len(self.boxes)):
            own = np.where(free & self.of_class[d], self.ious[d], -1.0)
            best = int(own.argmax()) if len(own) else -1
            if best >= 0 and own[best] >= self.match_iou:
                owners[d], free[best] = best, False
        return owners

    def best(self, d: int, among: BoolArray) -> tuple[int, float] | None:
        """Return the label of ``among``, bool ``(M,)``, that a detection overlaps most, and the IoU; None for none."""
        if not among.any():
            return None
        n = int(np.where(among, self.ious[d], -1.0).argmax())
        return n, float(self.ious[d, n])


def _ignored(seen: _Picture, d: int, _used: set[int]) -> Match | None:
    """On a crowd of its class, or a place where nothing counts: by the share of the detection, as pycocotools has it."""
    shares = (*seen.on_crowd[d].tolist(), *seen.on_ignored[d].tolist())
    return Match(ObjectKind.IGNORED) if max(shares, default=0.0) >= seen.match_iou else None


def _loose(seen: _Picture, d: int, used: set[int]) -> Match | None:
    """The label of its class that nothing else is on holds it almost whole, and is far larger."""
    free = np.array([n not in used for n in range(len(seen.labels))], bool)
    best = seen.best(d, free & seen.of_class[d])
    if best is None or not BACKGROUND_IOU <= best[1] < seen.match_iou:
        return None
    label = seen.labels.boxes_xyxy[best[0]][None]
    held = float(held_shares(seen.boxes[d][None], label)[0, 0])
    is_loose = held >= LOOSE_HELD and _area(seen.boxes[d]) <= LOOSE_SIZE * _area(label[0])
    return Match(ObjectKind.LOOSE, *best) if is_loose else None


def _location(seen: _Picture, d: int, _used: set[int]) -> Match | None:
    """Of the class of a label that it overlaps, but too little."""
    best = seen.best(d, seen.of_class[d])
    if best is None or not BACKGROUND_IOU <= best[1] < seen.match_iou:
        return None
    return Match(ObjectKind.LOCATION, *best)


def _class(seen: _Picture, d: int, _used: set[int]) -> Match | None:
    """On a label of another class."""
    best = seen.best(d, ~seen.of_class[d])
    return None if best is None or best[1] < seen.match_iou else Match(ObjectKind.CLASS, *best)


def _duplicate(seen: _Picture, d: int, _used: set[int]) -> Match | None:
    """On a label of its class, which a more confident detection has."""
    best = seen.best(d, seen.of_class[d])
    return None if best is None or best[1] < seen.match_iou else Match(ObjectKind.DUPLICATE, *best)


def _background(seen: _Picture, d: int, _used: set[int]) -> Match | None:
    """On nothing."""
    best = seen.best(d, np.ones(len(seen.labels), bool))
    return Match(ObjectKind.BACKGROUND) if best is None or best[1] < BACKGROUND_IOU else None


def _both(seen: _Picture, d: int, _used: set[int]) -> Match:
    """Another class, and badly placed."""
    best = seen.best(d, np.ones(len(seen.labels), bool))
    assert best is not None  # (else it is on the background)
    return Match(ObjectKind.BOTH, *best)


#: Tried in this order for a detection that is not right, as in TIDE; the first that gives a match decides.
RULES: tuple[Callable[[_Picture, int, set[int]], Match | None], ...] = (
    *(_ignored, _loose, _location, _class, _duplicate, _background, _both),
)


def held_shares(boxes_xyxy: Float32Array, regions_xyxy: Float32Array) -> Float32Array:
    """Return the share of each of ``(N, 4)`` boxes that lies in each of ``(M, 4)`` regions: float32 ``(N, M)``."""
    ours, theirs = boxes_xyxy[:, None], regions_xyxy[None]
    sides = np.minimum(ours[..., 2:], theirs[..., 2:]) - np.maximum(ours[..., :2], theirs[..., :2])
    areas = (ours[..., 2:] - ours[..., :2]).prod(-1)
    return np.asarray(sides.clip(0).prod(-1) / np.maximum(areas, 1e-9), np.float32)


def _area(box: Float32Array) -> float:
    return float((box[2] - box[0]) * (box[3] - box[1]))
