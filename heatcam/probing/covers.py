"""Covers laid over places of a picture, and what they change beside what the maps had foretold.

A cover is laid in the picture's own pixels, before the letterbox, so that every backend and head sees the same. ``blur`` takes
detail away and leaves colours, ``grey`` is the letterbox's own, ``noise`` is even random colours, the same each time, and
``background`` carries the surroundings in (Telea, "An Image Inpainting Technique Based on the Fast Marching Method", 2004).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from heatcam.enums import Fill
from heatcam.frames import Candidates, SaliencyMap
from heatcam.geometry import PAD_GREY, Float32Array, Uint8Array, overlaps
from heatcam.measures import boxes_in_cells, rank_correlation, same_objects

LEAST_PAIRS = 3  # for a correlation
_BLUR = 0.25  # sigma, of the cover's shorter side
_MARGIN = 0.5  # of the cover's sides: how much around it is carried in
_INPAINTED = 192  # pixels of the longer side that inpainting is done at, as it is slow
_LEAST_LOGITS = 0.5  # of evidence before the cover, for a share of it to mean anything
_SAME_IOU = 0.5  # of a query's box with the object's, before the cover and after it


@dataclass(frozen=True)
class ObjectEffect:
    """One object before and after the cover.

    Attributes:
        detection: its index in the kept boxes before.
        class_name: its class.
        confidence_before, confidence_after: of its class, at its anchor; with queries at the best one on its box.
        detection_after: index in the boxes kept after of the one on it, maybe of another anchor; None where it vanished.
        logit_before, logit_after: the same as logits.
        evidence_share: share of its map's positive evidence that lies under the cover, in ``[0, 1]``: what the map foretells;
            None without a map or evidence.
        logit_lost: share of its logit that the cover took away: what happened. The logit is counted from the class's median over
            the rest of the picture, which is what it has without an object; negative where the cover helps. None where the object
            is not above that by half a logit.
    """

    detection: int
    class_name: str
    confidence_before: float
    confidence_after: float
    detection_after: int | None
    logit_before: float
    logit_after: float
    evidence_share: float | None
    logit_lost: float | None


@dataclass(frozen=True, eq=False)
class CoverEffect:
    """The effect of one or several covers that are laid at once.

    Attributes:
        covers_xyxy: float32 ``(N, 4)`` in image pixels.
        before, after: what the model predicts without and with them.
        objects: every box that was kept before.
        vanished: indices of the boxes kept before that have none of their class on them after.
        appeared: indices of the boxes kept after that had none before.
    """

    covers_xyxy: Float32Array
    before: Candidates
    after: Candidates
    objects: tuple[ObjectEffect, ...]
    vanished: tuple[int, ...]
    appeared: tuple[int, ...]


@dataclass(frozen=True)
class Foretold:
    """Agreement of what maps foretold with what covers did.

    Attributes:
        pairs: number of pairs of cover and object with both numbers.
        rank_correlation: Spearman's, of the evidence under the cover and the logit lost; None for fewer than 3 pairs.
    """

    pairs: int
    rank_correlation: float | None


def covered(image_bgr: Uint8Array, covers_xyxy: Float32Array, fill: Fill) -> Uint8Array:
    """Cover places of a picture.

    Args:
        image_bgr: uint8 ``(H, W, 3)``, not changed.
        covers_xyxy: float ``(N, 4)`` in image pixels; parts outside of the picture are left out.
        fill: how.

    Returns:
        uint8 ``(H, W, 3)``, a new picture.
    """
    picture: Uint8Array = image_bgr.copy()
    limits = np.array([picture.shape[1], picture.shape[0]] * 2)
    whole = np.rint(np.asarray(covers_xyxy, np.float64).reshape(-1, 4)).clip(0, limits).astype(int)
    for x1, y1, x2, y2 in whole.tolist():
        if x2 > x1 and y2 > y1:
            picture[y1:y2, x1:x2] = _FILLS[fill](image_bgr, (x1, y1, x2, y2))
    return picture


def cover_effect(
    before: Candidates, after: Candidates, maps: Sequence[SaliencyMap], covers_xyxy: Float32Array
) -> CoverEffect:
    """Compare what a model predicts before and after a cover.

    Args:
        before: of the picture.
        after: of the covered picture, by the same model with the same thresholds.
        maps: one for each box kept before; empty for none.
        covers_xyxy: float32 ``(N, 4)`` in image pixels.
    """
    found, now = before.detections, after.detections
    same = same_objects(found, now)
    own: Sequence[SaliencyMap | None] = maps or [None] * len(found)
    on_it = {old: new for new, old in enumerate(same)}
    objects = tuple(
        replace(_object_effect(before, after, n, own[n], covers_xyxy), detection_after=on_it.get(n))
        for n in range(len(found))
    )
    vanished = tuple(n for n in range(len(found)) if n not in on_it)
    appeared = tuple(n for n, old in enumerate(same) if old < 0)
    return CoverEffect(covers_xyxy, before, after, objects, vanished, appeared)


def foretold_by(effects: Sequence[CoverEffect], detection: int | None = None) -> Foretold:
    """Return how well the maps foretold the effects of several covers, over all objects or over one.

    Args:
        effects: of covers of one picture.
        detection: index of the only object that counts; None counts all.
    """
    pairs = [
        (each.evidence_share, each.logit_lost)
        for effect in effects
        for each in effect.objects
        if each.evidence_share is not None and each.logit_lost is not None
        if detection in (None, each.detection)
    ]
    if len(pairs) < LEAST_PAIRS:
        return Foretold(len(pairs), None)
    foretold, happened = np.array(pairs, np.float64).T
    return Foretold(len(pairs), rank_correlation(foretold, happened))


def share_under(saliency: SaliencyMap, covers_xyxy: Float32Array) -> float | None:
    """Return the share of a map's positive evidence that lies under covers, overlaps counted once; None without evidence.

    A cell that a cover cuts counts by the share of it that is covered, and a letterbox's border never counts.
    """
    values, letterbox = np.maximum(saliency.values, 0).astype(np.float64), saliency.letterbox
    seen = _coverage(values.shape, boxes_in_cells(values.shape, letterbox, letterbox.seen_xyxy)[0])
    total = float((values * seen).sum())
    if total <= 0:
        return None
    under = np.zeros_like(values)
    for cells in boxes_in_cells(values.shape, letterbox, covers_xyxy):
        under = np.maximum(under, _coverage(values.shape, cells))
    return min(1.0, float((values * np.minimum(under, seen)).sum()) / total)


def _object_effect(
    before: Candidates, after: Candidates, n: int, own: SaliencyMap | None, covers_xyxy: Float32Array
) -> ObjectEffect:
    found = before.detections
    row, class_id = int(found.anchors[n]), int(found.class_ids[n])
    first = float(before.logits[row, class_id])
    second = _logit_after(after, row, class_id, found.boxes_xyxy[n])
    base = _without_object(before, class_id)
    return ObjectEffect(
        n,
        found.class_names[n],
        float(found.confidences[n]),
        float(1 / (1 + np.exp(-second))),
        None,
        first,
        second,
        None if own is None else share_under(own, covers_xyxy),
        (first - second) / (first - base) if first - base >= _LEAST_LOGITS else None,
    )


def _logit_after(after: Candidates, row: int, class_id: int, box: Float32Array) -> float:
    """Return the class's logit at the same anchor; with queries, which move, the highest on the same box, else the lowest."""
    logits = after.logits[:, class_id]
    if after.strides[row] > 0:
        return float(logits[row])
    on_it = overlaps(after.boxes_xyxy, box[None])[:, 0] >= _SAME_IOU
    return float(logits[on_it].max()) if on_it.any() else float(logits.min())


def _without_object(candidates: Candidates, class_id: int) -> float:
    """Return the class's median logit over the anchors that are in no kept box of the class."""
    found = candidates.detections
    boxes = found.boxes_xyxy[found.class_ids == class_id]
    x, y = candidates.points_xy[:, :1], candidates.points_xy[:, 1:]
    left, top, right, bottom = boxes.T
    inside = ((x >= left) & (x < right) & (y >= top) & (y < bottom)).any(1)
    rest = candidates.logits[~inside, class_id]
    return float(np.median(rest if len(rest) else candidates.logits[:, class_id]))


def _coverage(shape_hw: tuple[int, ...], box_cells: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the share of each cell of a map that lies in a box, float64 ``(h, w)``."""
    x1, y1, x2, y2 = (float(side) for side in np.asarray(box_cells))
    rows, columns = (np.arange(count) for count in shape_hw)
    down = np.clip(np.minimum(rows + 1, y2) - np.maximum(rows, y1), 0, 1)
    along = np.clip(np.minimum(columns + 1, x2) - np.maximum(columns, x1), 0, 1)
    return np.asarray(down[:, None] * along[None])


Box = tuple[int, int, int, int]


def _blurred(image: Uint8Array, box: Box) -> Uint8Array:
    """Blur the place with its surroundings, so that its edges take on what is around it."""
    part, inside = _around(image, box)
    sigma = max(1.0, _BLUR * min(box[2] - box[0], box[3] - box[1]))
    step = max(1, round(sigma / 4))  # a wide blur is as good at a smaller size, and quick
    small = cv2.resize(part, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), sigma / step, borderType=cv2.BORDER_REPLICATE)
    large = cv2.resize(soft, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large[inside], np.uint8)


def _grey(_image: Uint8Array, box: Box) -> Uint8Array:
    return np.full((box[3] - box[1], box[2] - box[0], 3), PAD_GREY, np.uint8)


def _noise(_image: Uint8Array, box: Box) -> Uint8Array:
    random = np.random.default_rng(box)
    return random.integers(0, 256, (box[3] - box[1], box[2] - box[0], 3), np.uint8)


def _background(image: Uint8Array, box: Box) -> Uint8Array:
    """Carry the surroundings in, at a smaller size where the place is large."""
    part, inside = _around(image, box)
    scale = min(1.0, _INPAINTED / max(part.shape[:2]))
    size = max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale))
    missing = np.zeros(part.shape[:2], np.uint8)
    missing[inside] = 255
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    mask = cv2.resize(missing, size, interpolation=cv2.INTER_NEAREST)
    mask = cv2.dilate(mask, np.ones((3, 3), np.uint8))  # mixed pixels at the edge belong to the object
    if mask.all():  # nothing around it to carry in
        return _grey(image, box)
    filled = cv2.inpaint(small, mask, 3, cv2.INPAINT_TELEA)
    large = cv2.resize(filled, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large[inside], np.uint8)


def _around(image: Uint8Array, box: Box) -> tuple[Uint8Array, tuple[slice, slice]]:
    """Return the place with its surroundings, and where in them it lies."""
    x1, y1, x2, y2 = box
    wide, tall = int(_MARGIN * (x2 - x1)) + 2, int(_MARGIN * (y2 - y1)) + 2
    left, top = max(0, x1 - wide), max(0, y1 - tall)
    part = image[top : y2 + tall, left : x2 + wide]
    return part, (slice(y1 - top, y2 - top), slice(x1 - left, x2 - left))


_FILLS: dict[Fill, Callable[[Uint8Array, Box], Uint8Array]] = {
    Fill.BLUR: _blurred,
    Fill.GREY: _grey,
    Fill.NOISE: _noise,
    Fill.BACKGROUND: _background,
}
