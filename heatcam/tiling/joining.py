"""One object put together of the parts that several tiles show of it: its box, its map, its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from heatcam.frames import Explanation, Frame, SaliencyMap
from heatcam.geometry import Float32Array, Letterbox, corners_of_rotated
from heatcam.measures import FindingsOptions, ObjectFindings, findings_of
from heatcam.tiling.objects import TileObject, cut_to_box, placed
from heatcam.tiling.plan import TilePlan
from heatcam.tiling.weights import Float64Array, StitchWeights

_LONGEST = 1024  # cells along a side of a joined map at most


def joined(parts: Sequence[TileObject], plan: TilePlan) -> TileObject:
    """Return one object of its parts: the box around them, the confidence of the best, their maps stitched.

    Masks and keypoints are those of the largest part; a rotated box is the smallest around the parts' own.

    Args:
        parts: cut boxes of one class, each of another tile.
        plan: the tiles.
    """
    largest = max(parts, key=lambda own: float(np.prod(own.box_xyxy[2:] - own.box_xyxy[:2])))
    boxes = np.array([own.box_xyxy for own in parts])
    seen = np.array([own.seen_xyxy for own in parts])
    left, top, right, bottom = (int(v) for v in (*seen[:, :2].min(0), *seen[:, 2:].max(0)))
    seen_xyxy = left, top, right, bottom
    found = replace(
        largest.found,
        boxes_xyxy=np.concatenate((boxes[:, :2].min(0), boxes[:, 2:].max(0)))[None].astype(np.float32),
        confidences=np.max([own.found.confidences for own in parts], 0).astype(np.float32),
        rotated_xywhr=_around(parts),
    )
    made = replace(
        largest,
        seen_xyxy=seen_xyxy,
        found=found,
        cut=(False,) * 4,
        parts=tuple(own.tile for own in parts),
        low_evidence=_all_low(parts),
    )
    own_map = _stitched(parts, seen_xyxy, plan)
    if own_map is not None:
        made = replace(made, own=cut_to_box(own_map, made.box_in_part))
    return replace(made, row=_numbers(made, own_map, plan.size_wh))


def _all_low(parts: Sequence[TileObject]) -> bool | None:
    known = [own.low_evidence for own in parts if own.low_evidence is not None]
    return all(known) if known else None


def _stitched(
    parts: Sequence[TileObject], seen_xyxy: tuple[int, int, int, int], plan: TilePlan
) -> SaliencyMap | None:
    """Return the parts' maps as one over the rectangle around their tiles, in cells of the first part's size."""
    first = parts[0].own
    if first is None or any(own.own is None for own in parts):
        return None
    wide, tall = seen_xyxy[2] - seen_xyxy[0], seen_xyxy[3] - seen_xyxy[1]
    letterbox, weights = first.letterbox, StitchWeights(plan)
    cell = max(
        letterbox.model_wh[0] / first.values.shape[1] / letterbox.scale_xy[0], max(wide, tall) / _LONGEST
    )
    columns, rows = max(1, round(wide / cell)), max(1, round(tall / cell))
    total, weight = np.zeros((rows, columns), np.float32), np.full((rows, columns), 1e-9, np.float32)
    middles_xy = (np.arange(columns) + 0.5) * (wide / columns), (np.arange(rows) + 0.5) * (tall / rows)
    for part in parts:
        assert part.own is not None
        share, values, place = _over_cells(part, seen_xyxy, middles_xy, weights, plan)
        total[place] += share * values
        weight[place] += share
    cells = Letterbox((wide, tall), (8 * columns, 8 * rows), (8 * columns, 8 * rows), 0, 0)
    return replace(first, values=np.asarray(total / weight, np.float32), letterbox=cells)


def _over_cells(
    part: TileObject,
    seen_xyxy: tuple[int, int, int, int],
    middles_xy: tuple[Float64Array, Float64Array],
    weights: StitchWeights,
    plan: TilePlan,
) -> tuple[Float32Array, Float32Array, tuple[slice, slice]]:
    """Return a part's weight and map at the cells of the whole that its tile shows, and where those are."""
    assert part.own is not None
    left, top, right, bottom = part.seen_xyxy
    xs, ys = middles_xy[0] + seen_xyxy[0] - left, middles_xy[1] + seen_xyxy[1] - top  # in pixels of the tile
    columns = slice(int(np.searchsorted(xs, 0)), int(np.searchsorted(xs, right - left)))
    rows = slice(int(np.searchsorted(ys, 0)), int(np.searchsorted(ys, bottom - top)))
    xs, ys = xs[columns], ys[rows]
    along_y, along_x = weights.of(plan[part.tile])
    share = along_y[ys.astype(int)][:, None] * along_x[xs.astype(int)]
    letterbox, shape = part.own.letterbox, part.own.values.shape
    cell_wh = letterbox.model_wh[0] / shape[1], letterbox.model_wh[1] / shape[0]
    points = letterbox.points_to_model(np.stack(np.meshgrid(xs, ys), -1))
    at = np.asarray(points / np.array(cell_wh) - 0.5, np.float32)
    outside = ((at < -0.5) | (at > np.array(shape[::-1]) - 0.5)).any(-1)
    values = cv2.remap(
        part.own.values, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return share, np.where(outside, 0, values).astype(np.float32), (rows, columns)


def _around(parts: Sequence[TileObject]) -> Float32Array | None:
    """Return the smallest rotated box around those of the parts, float32 ``(1, 5)``; None where they have none."""
    turned = [own.found.rotated_xywhr for own in parts if own.found.rotated_xywhr is not None]
    if not turned:
        return None
    (x, y), (wide, tall), degrees = cv2.minAreaRect(corners_of_rotated(np.concatenate(turned)).reshape(-1, 2))
    return np.array([[x, y, wide, tall, np.deg2rad(degrees)]], np.float32)


def _numbers(made: TileObject, own_map: SaliencyMap | None, size_wh: tuple[int, int]) -> ObjectFindings:
    """Return the numbers of a joined object, from its own map over all tiles that show it."""
    left, top, right, bottom = made.seen_xyxy
    nothing = np.broadcast_to(np.zeros(3, np.uint8), (bottom - top, right - left, 3))  # (takes no memory)
    in_part = replace(
        made.found,
        boxes_xyxy=made.box_in_part[None],
        mask_polygons=None,
        keypoints=None,
        rotated_xywhr=None,
    )
    shown = Explanation(
        Frame(nothing, 0, 0.0, 0.0),
        in_part,
        None,
        () if own_map is None else (own_map,),
        low_evidence=() if made.low_evidence is None else (made.low_evidence,),
    )
    (row,) = findings_of(shown, FindingsOptions(regions=False)).detections
    return placed(row, made.box_xyxy, made.seen_xyxy, size_wh)
