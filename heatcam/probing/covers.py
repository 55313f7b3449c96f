"""Effects of covers on a model's boxes, beside what the maps had foretold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from heatcam.frames import Candidates, Detections, SaliencyMap
from heatcam.geometry import Float32Array, overlaps
from heatcam.measures import boxes_in_cells, rank_correlation, same_objects

LEAST_PAIRS = 3  # for a correlation
_LEAST_LOGITS = 0.5  # of evidence before the cover, for a share of it to mean anything
_SAME_IOU = 0.5  # of a query's box with the object's, before the cover and after it
_SUREST = 1 - 1e-7  # confidence: beyond it float32 tells no logits apart


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
        before, after: boxes that the model keeps without and with them.
        objects: every box that was kept before.
        vanished: indices of the boxes kept before that have none of their class on them after.
        appeared: indices of the boxes kept after that had none before.
    """

    covers_xyxy: Float32Array
    before: Detections
    after: Detections
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
    found = before.detections
    logits = before.logits[found.anchors, found.class_ids]
    levels = {c: _without_object(before, c, _of_class(found, c)) for c in set(found.class_ids.tolist())}
    return _effect(_Before(found, logits, levels, maps), after, covers_xyxy)


def effect_on(
    found: Detections, after: Candidates, maps: Sequence[SaliencyMap], covers_xyxy: Float32Array
) -> CoverEffect:
    """Compare the boxes of a picture that was explained with what the model predicts in the covered one.

    It takes one pass of the covered picture, where ``cover_effect`` takes another one of the bare picture. So logits before are
    of the confidences, and what a class has without an object is its median in the covered picture, outside of the covers.

    Args:
        found: boxes kept in the picture, with the anchors that they came from.
        after: of the covered picture, by the same model with the same thresholds.
        maps: one for each of these boxes; empty for none.
        covers_xyxy: float32 ``(N, 4)`` in image pixels.
    """
    likely = np.clip(found.confidences.astype(np.float64), 1 - _SUREST, _SUREST)
    logits = np.log(likely / (1 - likely)).astype(np.float32)
    levels = {
        c: _without_object(after, c, np.concatenate((_of_class(found, c), covers_xyxy)))
        for c in set(found.class_ids.tolist())
    }
    return _effect(_Before(found, logits, levels, maps), after, covers_xyxy)


@dataclass(frozen=True, eq=False)
class _Before:
    """A picture without a cover: kept boxes, the logit of each, what their classes have without an object, and their maps."""

    found: Detections
    logits: Float32Array
    levels: dict[int, float]
    maps: Sequence[SaliencyMap]


def _effect(before: _Before, after: Candidates, covers_xyxy: Float32Array) -> CoverEffect:
    found, now = before.found, after.detections
    same = same_objects(found, now)
    on_it = {old: new for new, old in enumerate(same)}
    objects = tuple(
        replace(_object_effect(before, after, n, covers_xyxy), detection_after=on_it.get(n))
        for n in range(len(found))
    )
    vanished = tuple(n for n in range(len(found)) if n not in on_it)
    appeared = tuple(n for n, old in enumerate(same) if old < 0)
    return CoverEffect(covers_xyxy, found, now, objects, vanished, appeared)


def foretold_by(effects: Sequence[CoverEffect], detection: int | None = None) -> Foretold:
    """Return how well the maps foretold the effects of several covers, over all objects or over one.

    Args:
        effects: of covers of one picture.
        detection: index of the only object that counts; None counts all.
    """
    return foretold_in([pair for effect in effects for pair in pairs_of(effect, detection)])


def pairs_of(effect: CoverEffect, detection: int | None = None) -> list[tuple[float, float]]:
    """Return ``evidence_share`` and ``logit_lost`` of each object that has both; of one alone where its index is given."""
    return [
        (own.evidence_share, own.logit_lost)
        for own in effect.objects
        if own.evidence_share is not None and own.logit_lost is not None
        if detection in (None, own.detection)
    ]


def foretold_in(pairs: Sequence[tuple[float, float]]) -> Foretold:
    """Return how well the first number of each pair foretells the second, in order."""
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


def _object_effect(before: _Before, after: Candidates, n: int, covers_xyxy: Float32Array) -> ObjectEffect:
    found = before.found
    row, class_id = int(found.anchors[n]), int(found.class_ids[n])
    first, base = float(before.logits[n]), before.levels[class_id]
    second = _logit_after(after, row, class_id, found.boxes_xyxy[n])
    return ObjectEffect(
        n,
        found.class_names[n],
        float(found.confidences[n]),
        float(1 / (1 + np.exp(-second))),
        None,
        first,
        second,
        share_under(before.maps[n], covers_xyxy) if before.maps else None,
        (first - second) / (first - base) if first - base >= _LEAST_LOGITS else None,
    )


def _logit_after(after: Candidates, row: int, class_id: int, box: Float32Array) -> float:
    """Return the class's logit at the same anchor; with queries, which move, the highest on the same box, else the lowest."""
    logits = after.logits[:, class_id]
    if after.strides[row] > 0:
        return float(logits[row])
    on_it = overlaps(after.boxes_xyxy, box[None])[:, 0] >= _SAME_IOU
    return float(logits[on_it].max()) if on_it.any() else float(logits.min())


def _without_object(candidates: Candidates, class_id: int, boxes_xyxy: Float32Array) -> float:
    """Return the class's median logit over the anchors that are in none of some boxes."""
    x, y = candidates.points_xy[:, :1], candidates.points_xy[:, 1:]
    left, top, right, bottom = boxes_xyxy.T
    inside = ((x >= left) & (x < right) & (y >= top) & (y < bottom)).any(1)
    rest = candidates.logits[~inside, class_id]
    return float(np.median(rest if len(rest) else candidates.logits[:, class_id]))


def _of_class(found: Detections, class_id: int) -> Float32Array:
    boxes: Float32Array = found.boxes_xyxy[found.class_ids == class_id]
    return boxes


def _coverage(shape_hw: tuple[int, ...], box_cells: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the share of each cell of a map that lies in a box, float64 ``(h, w)``."""
    x1, y1, x2, y2 = (float(side) for side in np.asarray(box_cells))
    rows, columns = (np.arange(count) for count in shape_hw)
    down = np.clip(np.minimum(rows + 1, y2) - np.maximum(rows, y1), 0, 1)
    along = np.clip(np.minimum(columns + 1, x2) - np.maximum(columns, x1), 0, 1)
    return np.asarray(down[:, None] * along[None])
