"""Objects of tiles: in the pixels of the whole picture, each with its own map, cut to its box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from heatcam.frames import Detections, Explanation, SaliencyMap
from heatcam.geometry import Float32Array
from heatcam.measures import (
    FindingsOptions,
    ObjectFindings,
    boxes_in_cells,
    cells_in_box,
    cells_touched,
    findings_of,
    peak_of,
)
from heatcam.overlay import alone, moved

_AROUND = 4  # cells beside the box that are kept: as far as the map is smoothed when it is drawn
#: A box that ends this near to a side of its tile, as a share of the tile, is cut by it: boxes stop a few pixels short.
_NEAR_SIDE = 0.01
_LEAST_NEAR_PX = 2.0

Sides = tuple[bool, bool, bool, bool]


@dataclass(frozen=True, eq=False)  # (arrays do not compare)
class TileObject:
    """One object as a tile sees it.

    Attributes:
        tile: number of the tile; -1 for the picture as a whole.
        seen_xyxy: the part of the picture that the tile shows, in whole pixels.
        cut: for left, top, right and bottom whether the tile cuts the object there.
        found: the object alone, in pixels of the whole picture.
        own: its own map over that part, cut to the cells around its box; None without maps. The letterbox is that of the part.
        row: its numbers, as the tile alone would have them; places are in pixels of the whole picture.
        low_evidence: see ``Explanation``; None where not known.
        parts: tiles of the parts that it was put together of; empty for an object seen in one.
    """

    tile: int
    seen_xyxy: tuple[int, int, int, int]
    cut: Sides
    found: Detections
    own: SaliencyMap | None
    row: ObjectFindings
    low_evidence: bool | None = None
    parts: tuple[int, ...] = ()

    @property
    def box_xyxy(self) -> Float32Array:
        """Its box in pixels of the whole picture, float32 ``(4,)``."""
        return np.asarray(self.found.boxes_xyxy[0], np.float32)

    @property
    def box_in_part(self) -> Float32Array:
        """Its box in pixels of the part of the picture that the tile shows, float32 ``(4,)``."""
        left, top = self.seen_xyxy[:2]
        return self.box_xyxy - np.array([left, top, left, top], np.float32)

    @property
    def peak(self) -> float:
        """The evidence per cell in its box that would be full heat if it were alone; 0 without a map."""
        return (
            0.0
            if self.own is None
            else peak_of(cells_in_box(self.own.values, self.own.letterbox, self.box_in_part))
        )


def objects_of(
    explanation: Explanation,
    tile: int,
    seen_xyxy: tuple[int, int, int, int],
    cut_sides: Sides,
    size_wh: tuple[int, int],
) -> list[TileObject]:
    """Return the objects of one tile.

    Args:
        explanation: of the tile, with a map of each object.
        tile: its number.
        seen_xyxy: its rectangle in the whole picture.
        cut_sides: for left, top, right and bottom of the tile whether the picture goes on there.
        size_wh: width and height of the whole picture.
    """
    rows = findings_of(explanation, FindingsOptions(regions=False)).detections
    corner_xy, maps, low = seen_xyxy[:2], explanation.object_maps, explanation.low_evidence
    whole = moved(explanation.detections, (1.0, 1.0), (-corner_xy[0], -corner_xy[1]))
    cut = sides_that_cut(explanation.detections.boxes_xyxy, explanation.frame.size_wh, cut_sides)
    return [
        TileObject(
            tile,
            seen_xyxy,
            cut[n],
            alone(whole, n),
            cut_to_box(maps[n], explanation.detections.boxes_xyxy[n]) if maps else None,
            placed(rows[n], whole.boxes_xyxy[n], seen_xyxy, size_wh),
            bool(low[n]) if low else None,
        )
        for n in range(len(whole))
    ]


def sides_that_cut(boxes_xyxy: Float32Array, tile_wh: tuple[int, int], cut_sides: Sides) -> list[Sides]:
    """Return for each box in a tile at which of its sides the tile cuts the object.

    Args:
        boxes_xyxy: float32 ``(N, 4)`` in the tile's pixels.
        tile_wh: width and height of the tile.
        cut_sides: the tile's sides at which the picture goes on.
    """
    wide, tall = tile_wh
    near_x, near_y = (max(_LEAST_NEAR_PX, _NEAR_SIDE * side) for side in tile_wh)
    boxes = boxes_xyxy.reshape(-1, 4)
    at = np.stack(
        (
            boxes[:, 0] <= near_x,
            boxes[:, 1] <= near_y,
            boxes[:, 2] >= wide - near_x,
            boxes[:, 3] >= tall - near_y,
        ),
        1,
    )
    left, top, right, bottom = (at & np.array(cut_sides)).T.tolist()
    return list(zip(left, top, right, bottom, strict=True))


def cut_to_box(own: SaliencyMap, box_xyxy: Float32Array) -> SaliencyMap:
    """Return a map with the cells around a box alone; as it is where its cells are not whole model pixels.

    Args:
        own: the map of one object over a tile.
        box_xyxy: float32 ``(4,)`` in the tile's pixels.
    """
    letterbox, shape = own.letterbox, own.values.shape
    if letterbox.model_wh[0] % shape[1] or letterbox.model_wh[1] % shape[0]:
        return own
    cell_wh = letterbox.model_wh[0] // shape[1], letterbox.model_wh[1] // shape[0]
    rows, columns = cells_touched(shape, boxes_in_cells(shape, letterbox, box_xyxy)[0])
    top, left = max(0, rows.start - _AROUND), max(0, columns.start - _AROUND)
    values = own.values[top : rows.stop + _AROUND, left : columns.stop + _AROUND].copy()
    seen = replace(
        letterbox,
        model_wh=(values.shape[1] * cell_wh[0], values.shape[0] * cell_wh[1]),
        pad_left=letterbox.pad_left - left * cell_wh[0],
        pad_top=letterbox.pad_top - top * cell_wh[1],
    )
    return replace(own, values=values, letterbox=seen)


def placed(
    row: ObjectFindings,
    box_xyxy: Float32Array,
    seen_xyxy: tuple[int, int, int, int],
    size_wh: tuple[int, int],
) -> ObjectFindings:
    """Return an object's numbers with its places in the whole picture.

    Args:
        row: the numbers, with places in pixels of a part of the picture.
        box_xyxy: its box in pixels of the whole picture, float32 ``(4,)``.
        seen_xyxy: the part.
        size_wh: width and height of the whole picture.
    """
    left, top = seen_xyxy[:2]
    box = box_xyxy.astype(float)
    moved_to: dict[str, Any] = {
        "box_xyxy": tuple(round(v, 2) for v in box.tolist()),
        "box_normalised": tuple(round(v, 5) for v in (box / (size_wh * 2)).tolist()),
        "peak_xy": row.peak_xy and (round(row.peak_xy[0] + left, 2), round(row.peak_xy[1] + top, 2)),
        "centroid_xy": row.centroid_xy
        and (round(row.centroid_xy[0] + left, 2), round(row.centroid_xy[1] + top, 2)),
        "tile_xyxy": seen_xyxy,
    }
    if row.mask_polygons is not None:
        moved_to["mask_polygons"] = [
            [(round(x + left, 2), round(y + top, 2)) for x, y in ring] for ring in row.mask_polygons
        ]
    if row.keypoints is not None:
        moved_to["keypoints"] = [(round(x + left, 2), round(y + top, 2), c) for x, y, c in row.keypoints]
    if row.rotated_xywhr is not None:
        x, y, *rest = row.rotated_xywhr
        moved_to["rotated_xywhr"] = (round(x + left, 2), round(y + top, 2), *rest)
    return row.model_copy(update=moved_to)


def together(objects: Sequence[TileObject]) -> Detections:
    """Return objects as the detections of the whole picture, in their order."""
    each = [own.found for own in objects]
    if not each:
        empty = np.zeros(0, np.int64)
        return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), empty, empty, ())
    rings = (
        None
        if each[0].mask_polygons is None
        else tuple(one.mask_polygons[0] for one in each if one.mask_polygons)
    )
    points = (
        None
        if each[0].keypoints is None
        else np.concatenate([one.keypoints for one in each if one.keypoints is not None])
    )
    turned = [one.rotated_xywhr for one in each if one.rotated_xywhr is not None]
    return Detections(
        np.concatenate([one.boxes_xyxy for one in each]),
        np.concatenate([one.confidences for one in each]),
        np.concatenate([one.class_ids for one in each]),
        np.concatenate([one.anchors for one in each]),
        tuple(one.class_names[0] for one in each),
        mask_polygons=rings,
        keypoints=points,
        rotated_xywhr=np.concatenate(turned) if turned else None,
    )
