"""Rows of a large picture with their heat, and the marks over each level of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heatcam.enums import Renorm
from heatcam.frames import SaliencyMap
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.measures import above_floor
from heatcam.overlay import (
    LevelMarks,
    LevelObjects,
    OverlayOptions,
    blend,
    heat_in_rows,
    heat_of_evidence,
    legend_of,
    source_words,
)
from heatcam.tiling.explaining import ExplainedTiles
from heatcam.tiling.merging import WHOLE_PICTURE
from heatcam.tiling.objects import TileObject
from heatcam.tiling.pyramid import level_sizes
from heatcam.tiling.reading import RowCache
from heatcam.tiling.stitching import StitchedMap

_SOFT = 0.2  # share of a box over which heat of the whole picture fades where nothing else is cut to boxes


class LargePainter:
    """Draws a large picture's heat and marks, some rows at a time; the scale of the heat is one for the whole picture.

    Args:
        rows: of the picture.
        explained: its objects and maps.
        look: drawing options; heat per region is not made of large pictures.
    """

    def __init__(self, rows: RowCache, explained: ExplainedTiles, look: OverlayOptions) -> None:
        self._rows, self._explained, self._look = rows, explained, look
        objects, self._size_wh = explained.merged.objects, explained.plan.size_wh
        self._sides = np.array([own.box_xyxy[[1, 3]] for own in objects], np.float64).reshape(-1, 2)
        self._scales = heat_scales(explained, look.renorm)
        sample = explained.sample
        self._stitched = (
            None
            if sample is None or look.renorm is Renorm.BOX
            else StitchedMap(explained.plan, explained.maps, sample.letterbox)
        )
        shown = _shown(explained, look, sample, self._scales)
        self._marks = [LevelMarks(shown, self._size_wh, size) for size in level_sizes(self._size_wh)]

    def rows(self, top: int, bottom: int) -> Uint8Array:
        """Return rows of the picture with their heat, without marks: uint8 ``(rows, W, 3)``, BGR, a new array."""
        picture: Uint8Array = self._rows.rows(top, bottom).copy()
        heat = np.zeros(picture.shape[:2], np.uint8)
        if self._stitched is not None and self._scales:
            np.maximum(heat, heat_of_evidence(self._stitched.rows(top, bottom), self._scales[0]), out=heat)
        for n in np.flatnonzero((self._sides[:, 0] < bottom) & (self._sides[:, 1] > top)).tolist():
            own = self._explained.merged.objects[n]
            if self._stitched is None and self._scales:
                _lay(heat, own, self._scales[n], (top, bottom))
            elif self._stitched is not None and own.tile == WHOLE_PICTURE:
                _lay(heat, own, self._scales[0], (top, bottom), is_soft=True)
        blend(picture, heat, self._look.colormap, self._look.alpha)
        return picture

    def mark(self, level: int, rows: Uint8Array, top: int) -> None:
        """Draw the marks of a level over some of its rows, in place."""
        self._marks[level].draw(rows, top)


def heat_scales(explained: ExplainedTiles, renorm: Renorm) -> Sequence[float]:
    """Return the evidence per cell that is full heat: one number an object, or one for the whole picture; none without maps."""
    if explained.sample is None:
        return ()
    if renorm is Renorm.BOX:
        return above_floor([own.peak for own in explained.merged.objects])
    if renorm is Renorm.FIXED and explained.sample.full_heat is not None:
        return (explained.sample.full_heat,)
    return (explained.peak(),)


def _lay(
    heat: Uint8Array, own: TileObject, scale: float, rows: tuple[int, int], *, is_soft: bool = False
) -> None:
    """Lay the heat of one object's box over some rows, in place; overlaps take the larger heat.

    Args:
        heat: of the rows, uint8 ``(h, W)``.
        own: the object.
        scale: the evidence per cell that is full heat.
        rows: the first row and the one after the last.
        is_soft: let heat fall to nothing towards the box's edges, which would be seen where heat is not cut to boxes.
    """
    if own.own is None:
        return
    left, top = own.seen_xyxy[:2]
    turned = own.found.rotated_xywhr
    in_part = None if turned is None else turned[0] - np.array([left, top, 0, 0, 0], np.float32)
    laid, (x1, y1, x2, y2) = heat_in_rows(
        own.own, own.box_in_part, scale, (rows[0] - top, rows[1] - top), in_part
    )
    if laid.size and is_soft:
        along_y, along_x = _fall(y1, y2, own.box_in_part[1::2]), _fall(x1, x2, own.box_in_part[::2])
        laid = np.rint(laid * along_y[:, None] * along_x).astype(np.uint8)
    if laid.size:
        part = heat[y1 + top - rows[0] : y2 + top - rows[0], x1 + left : x2 + left]
        np.maximum(part, laid, out=part)


def _fall(first: int, last: int, ends: Float32Array) -> Float32Array:
    """Return a weight for each pixel from ``first`` to before ``last``: one inside, falling to zero at both ends of a box."""
    middles, side = np.arange(first, last) + 0.5, max(float(ends[1] - ends[0]), 1.0)
    near = np.minimum(middles - ends[0], ends[1] - middles) / (_SOFT * side)
    ramp = np.clip(near, 0, 1)
    return np.asarray(ramp * ramp * (3 - 2 * ramp), np.float32)


def _shown(
    explained: ExplainedTiles, look: OverlayOptions, sample: SaliencyMap | None, scales: Sequence[float]
) -> LevelObjects:
    """Return what is drawn over every level."""
    legend = None
    if look.hud and sample is not None:
        about = explained.question.about if explained.question else ""
        words = source_words(explained.explanation(), sample.method)
        legend = legend_of(sample, look.renorm, scales, about, words)
    return LevelObjects(
        explained.detections, explained.low_evidence, explained.question, legend, look.colormap, look.boxes
    )
