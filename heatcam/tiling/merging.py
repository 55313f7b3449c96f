"""Objects of all tiles made one list: each is kept once, from the tile that sees it whole, or put together of its parts.

After "Slicing Aided Hyper Inference" (Akyon et al., ICIP 2022), whose greedy merging suppresses by the share of the smaller box;
here that holds for boxes that a tile cuts alone, so that a small object before a larger one of its class stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatcam.tiling.joining import joined
from heatcam.tiling.objects import TileObject
from heatcam.tiling.plan import TilePlan

SAME = (
    0.5  # IoU from which two whole boxes of a class are one object, and two parts one in what both tiles show
)
INSIDE = 0.5  # share of a cut box from which it is a part of a whole one
WHOLE_PICTURE = -1  # number of the tile that is the whole picture

Boxes = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MergedObjects:
    """Objects of the whole picture.

    Attributes:
        objects: the strongest first.
        joined: number of them that were put together of parts.
        left_out: number of boxes that were the same object as another one, or a part of it.
    """

    objects: tuple[TileObject, ...]
    joined: int
    left_out: int


def merge(objects: Sequence[TileObject], plan: TilePlan) -> MergedObjects:
    """Make one list of the objects of all tiles; those of a single tile stay as they are.

    1. A box that its tile cuts, and that lies inside another tile, is that tile's to tell, and left out.
    2. Going through whole boxes, the most confident first, then through those of the whole picture, then through cut ones: a box
       of the same class and another tile that is the same object is left out.
    3. Cut boxes that are left, and agree where two tiles overlap, become one object.

    Args:
        objects: of all tiles, in any order.
        plan: the tiles.
    """
    kept = [own for own in objects if not (any(own.cut) and seen_better(own, plan))]
    kept = suppressed(kept)
    groups = groups_of_parts(kept)
    made = [joined([kept[n] for n in group], plan) if len(group) > 1 else kept[group[0]] for group in groups]
    made = suppressed(made)
    made.sort(key=lambda own: -float(own.found.confidences[0]))  # (stable: equal ones keep their order)
    count = sum(bool(own.parts) for own in made)
    return MergedObjects(tuple(made), count, len(objects) - sum(max(1, len(own.parts)) for own in made))


def seen_better(own: TileObject, plan: TilePlan) -> bool:
    """Return True if another tile shows all of a cut box, with something around it."""
    x1, y1, x2, y2 = (float(v) for v in own.box_xyxy)
    near = [max(2.0, 0.01 * side) for side in plan.tile_wh]
    for number, tile in plan.in_rows(int(y1), int(y2) + 1):
        left, top, right, bottom = plan.cut_sides(tile)
        if number != own.tile and (
            x1 > tile.left + left * near[0]
            and y1 > tile.top + top * near[1]
            and x2 < tile.right - right * near[0]
            and y2 < tile.bottom - bottom * near[1]
        ):
            return True
    return False


def suppressed(objects: Sequence[TileObject]) -> list[TileObject]:
    """Leave out boxes that are the same object as another tile's, or a part of it; see ``merge``."""
    order = sorted(range(len(objects)), key=lambda n: _rank(objects[n]))
    boxes = np.array([own.box_xyxy for own in objects], np.float64).reshape(-1, 4)
    classes = np.array([int(own.found.class_ids[0]) for own in objects])
    tiles = np.array([own.tile for own in objects])
    is_cut = np.array([any(own.cut) for own in objects], bool)
    is_out = np.zeros(len(objects), bool)
    for n in order:
        if is_out[n] or is_cut[n]:
            continue
        near = np.flatnonzero(
            ~is_out & (classes == classes[n]) & (tiles != tiles[n]) & _touch(boxes, boxes[n])
        )
        shared = _shared(boxes[near], boxes[n])
        areas, own_area = _areas(boxes[near]), _areas(boxes[n : n + 1])[0]
        iou, inside = shared / (areas + own_area - shared), shared / np.maximum(areas, 1e-9)
        is_out[near[np.where(is_cut[near], inside >= INSIDE, iou >= SAME)]] = True
    return [own for n, own in enumerate(objects) if not is_out[n]]


def groups_of_parts(objects: Sequence[TileObject]) -> list[list[int]]:
    """Group cut boxes of one object: those of one class that are the same where two tiles overlap. Whole boxes are alone."""
    group = list(range(len(objects)))
    boxes = np.array([own.box_xyxy for own in objects], np.float64).reshape(-1, 4)
    is_cut = np.array([any(own.cut) for own in objects], bool)
    for n in np.flatnonzero(is_cut).tolist():
        for m in np.flatnonzero(is_cut & _touch(boxes, boxes[n])).tolist():
            if m > n and _is_one_object(objects[n], objects[m]):
                _unite(group, n, m)
    members: dict[int, list[int]] = {}
    for n in range(len(objects)):
        members.setdefault(_root(group, n), []).append(n)
    return list(members.values())


def _is_one_object(one: TileObject, other: TileObject) -> bool:
    """Return True if two cut boxes of a class cover the same in what both tiles show."""
    if one.tile == other.tile or one.found.class_ids[0] != other.found.class_ids[0]:
        return False
    zone = _common(np.array(one.seen_xyxy, float), np.array(other.seen_xyxy, float))
    first, second = (
        _common(np.asarray(one.box_xyxy, float), zone),
        _common(np.asarray(other.box_xyxy, float), zone),
    )
    areas = _areas(np.stack((first, second)))
    if areas.min() <= 0:
        return False
    shared = float(_shared(first[None], second)[0])
    return bool(shared / (areas.sum() - shared) >= SAME)


def _rank(own: TileObject) -> tuple[bool, bool, float]:
    """Return the order in which boxes suppress others: whole ones first, those of the whole picture after a tile's."""
    return any(own.cut), own.tile == WHOLE_PICTURE, -float(own.found.confidences[0])


def _common(one: Boxes, other: Boxes) -> Boxes:
    """Return the rectangle that two have in common; of no area where they have none."""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    return np.concatenate((low, np.maximum(low, high)))


def _touch(boxes: Boxes, box: Boxes) -> npt.NDArray[np.bool_]:
    return np.asarray((boxes[:, :2] < box[2:]).all(1) & (boxes[:, 2:] > box[:2]).all(1), bool)


def _shared(boxes: Boxes, box: Boxes) -> Boxes:
    """Return the area that each of ``(N, 4)`` boxes has in common with one, float64 ``(N,)``."""
    sides = np.minimum(boxes[:, 2:], box[2:]) - np.maximum(boxes[:, :2], box[:2])
    return np.asarray(sides.clip(0).prod(1))


def _areas(boxes: Boxes) -> Boxes:
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).prod(1))


def _root(group: list[int], n: int) -> int:
    while group[n] != n:
        n = group[n]
    return n


def _unite(group: list[int], n: int, m: int) -> None:
    first, second = sorted((_root(group, n), _root(group, m)))
    group[second] = first
