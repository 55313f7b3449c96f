"""Conversion of a saliency map in logit units to heat: 0 is cold, 255 is the strongest evidence of its scope (``scales``)."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from heatcam.enums import Renorm
from heatcam.frames import SaliencyMap
from heatcam.geometry import Float32Array, Letterbox, Uint8Array, corners_of_rotated
from heatcam.measures import (
    NOTHING,
    Region,
    RegionFinder,
    box_scales,
    cells_in_box,
    decided,
    peak_of,
    scales_of,
)

ROUNDING = 0.8  # cells; sigma of the blur that hides the grid of strided layers, for display only
_WEAKEST_REGION = (
    0.25  # of the strongest region's scale: the least that is full heat, so that specks of evidence stay pale
)
_FADE = 0.35  # cells; sigma of the blur of a region's edge
SAMPLING = 2.5  # model pixels between samples of the smoothed map, whose cells are four

Pixels = tuple[int, int, int, int]


def heat_of(
    saliency: SaliencyMap,
    boxes_xyxy: Float32Array,
    renorm: Renorm,
    object_maps: Sequence[SaliencyMap] = (),
    scales: Sequence[float] | None = None,
    finder: RegionFinder | None = None,
    rotated_xywhr: Float32Array | None = None,
) -> Uint8Array:
    """Convert a map to heat in image pixels. Places that the trials of a map leave undecided are paler than their evidence.

    Args:
        saliency: the evidence for all boxes together, signed, in logit units; negative evidence is cold.
        boxes_xyxy: float32 ``(N, 4)`` in image pixels.
        renorm: scope of the scale. Per box, overlaps take the larger heat and everything outside the boxes is 0. Per region, each
            place that holds evidence (``find_regions``) is scaled by its own peak, and about a cell around it heat falls to 0.
        object_maps: each box's own evidence, or nothing. With them a box shows its own evidence alone, so that a strong small
            object does not pale a larger one around it.
        scales: the evidence that is full heat, as ``scales_of`` gives it; None takes this picture's own.
        finder: of the regions; it keeps those of the last map. None finds them by Otsu's threshold.
        rotated_xywhr: float32 ``(N, 5)``, rotated boxes in the upright ones, which heat per box is cut to; None for none.

    Returns:
        uint8 ``(H, W)``, a new array.
    """
    if renorm is Renorm.REGION:
        return _heat_in_regions(saliency, (finder or RegionFinder()).of(saliency))
    letterbox = saliency.letterbox
    scales = scales_of(saliency, boxes_xyxy, renorm, object_maps) if scales is None else scales
    heat = np.zeros(letterbox.image_wh[::-1], np.uint8)
    if renorm is not Renorm.BOX:
        (seen,) = pixel_boxes(letterbox.seen_xyxy, heat.shape)
        heat[seen[1] : seen[3], seen[0] : seen[2]] = laid_over(
            smoothed(decided(saliency)), letterbox, seen, scales[0]
        )
        return heat
    own = [m.values for m in object_maps] or [saliency.values] * len(boxes_xyxy)
    smooth = [smoothed(m.values) for m in object_maps] or [smoothed(saliency.values)] * len(boxes_xyxy)
    shown = smooth
    if saliency.deviation is not None:
        shown = [smoothed(decided(m)) for m in object_maps] or [smoothed(decided(saliency))] * len(own)
    pixels = pixel_boxes(boxes_xyxy, heat.shape)
    for n, ((x1, y1, x2, y2), scale) in enumerate(zip(pixels, scales, strict=True)):
        if scale > 0 and x2 > x1 and y2 > y1:
            part, left = heat[y1:y2, x1:x2], left_of_peak(own[n], smooth[n], letterbox, boxes_xyxy[n])
            laid = laid_over(shown[n], letterbox, pixels[n], scale * left)
            if rotated_xywhr is not None:
                laid = inside_rotated(laid, rotated_xywhr[n], (x1, y1))
            np.maximum(part, laid, out=part)
    return heat


def inside_rotated(heat: Uint8Array, box_xywhr: Float32Array, corner_xy: tuple[int, int]) -> Uint8Array:
    """Return heat inside a rotated box, cold outside: uint8 ``(h, w)`` of the picture from ``corner_xy`` on, a new array."""
    (corners,) = corners_of_rotated(box_xywhr)
    inside = np.zeros(heat.shape, np.uint8)
    cv2.fillPoly(
        inside, [np.rint(16 * (corners - corner_xy - 0.5)).astype(np.int32)], 255, cv2.LINE_AA, shift=4
    )
    return np.asarray(cv2.multiply(heat, inside, scale=1 / 255), np.uint8)


def _heat_in_regions(saliency: SaliencyMap, regions: Sequence[Region]) -> Uint8Array:
    """Return heat in the regions of a map alone, each scaled by its own peak: uint8 ``(H, W)``."""
    letterbox = saliency.letterbox
    heat, smooth = np.zeros(letterbox.image_wh[::-1], np.uint8), smoothed(saliency.values)
    shown = smooth if saliency.deviation is None else smoothed(decided(saliency))
    boxes = np.array([region.box_xyxy for region in regions], np.float32).reshape(-1, 4)
    scales = box_scales([saliency.values] * len(regions), letterbox, boxes)
    floor = _WEAKEST_REGION * max(scales, default=0.0)
    scales = [max(scale, floor) for scale in scales]
    cell = letterbox.model_wh[0] / saliency.values.shape[1] / letterbox.scale_xy[0]  # in image pixels
    grown = pixel_boxes(boxes + np.array([-cell, -cell, cell, cell], np.float32), heat.shape)
    for region, scale, (x1, y1, x2, y2) in zip(regions, scales, grown, strict=True):
        if scale > 0 and x2 > x1 and y2 > y1:
            left = left_of_peak(saliency.values, smooth, letterbox, region.box_xyxy)
            own = laid_over(shown, letterbox, (x1, y1, x2, y2), scale * left)
            inside = _soft_inside(region, (x1, y1, x2, y2), cell)
            part = heat[y1:y2, x1:x2]
            np.maximum(part, np.asarray(cv2.multiply(own, inside, scale=1 / 255), np.uint8), out=part)
    return heat


def _soft_inside(region: Region, box: Pixels, cell: float) -> Uint8Array:
    """Return 255 inside a region's outline, falling to 0 over about a cell: uint8, the box's size.

    At a weak region's edge the evidence is half of its peak or more, which would be a step without the fall. The mask is made on
    every ``step``-th pixel and enlarged.

    Args:
        region: in image pixels.
        box: the part of the picture, with a cell around the region.
        cell: side of a cell in image pixels.
    """
    x1, y1, x2, y2 = box
    step = max(1, int(cell / 4))
    wide, tall = -(-(x2 - x1) // step), -(-(y2 - y1) // step)
    small = np.zeros((tall, wide), np.uint8)
    outline = (region.polygon_xy - (x1, y1)) / step - 0.5
    cv2.fillPoly(small, [np.rint(16 * outline).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    sigma = _FADE * cell / step
    soft = small if sigma < 0.3 else cv2.GaussianBlur(small, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    large = cv2.resize(soft, (wide * step, tall * step), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large[: y2 - y1, : x2 - x1], np.uint8)


def heat_in_boxes(
    maps: Sequence[SaliencyMap], boxes_xyxy: Float32Array, scale: float, size_wh: tuple[int, int]
) -> Uint8Array:
    """Convert each box's own map to heat with one scale for all, so that heat of two models can be subtracted.

    Unlike ``heat_of``, which lets a single hot cell be full heat in its box, nothing depends on the box.

    Args:
        maps: one a box.
        boxes_xyxy: float32 ``(N, 4)`` in image pixels.
        scale: the evidence per cell that is full heat, in the maps' unit.
        size_wh: width and height of the picture in pixels.

    Returns:
        uint8 ``(H, W)``, a new array; overlaps take the larger heat, and everything outside the boxes is 0.
    """
    heat = np.zeros(size_wh[::-1], np.uint8)
    for own, box in zip(maps, pixel_boxes(boxes_xyxy, heat.shape), strict=True):
        x1, y1, x2, y2 = box
        if x2 > x1 and y2 > y1:
            part = heat[y1:y2, x1:x2]
            np.maximum(part, laid_over(smoothed(own.values), own.letterbox, box, scale), out=part)
    return heat


def smoothed(values: Float32Array) -> Float32Array:
    """Blur the positive evidence and double its resolution, so that single cells are not square: for display only.

    The interpolation is cubic, because linear ramps from cell to cell, eight model pixels each, show as a grid.
    """
    rounded = cv2.GaussianBlur(np.maximum(values, 0), (5, 5), ROUNDING)
    return np.maximum(cv2.resize(rounded, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), 0)


def left_of_peak(
    values: Float32Array, fine: Float32Array, letterbox: Letterbox, box_xyxy: Float32Array
) -> float:
    """Return the share of a box's peak left by smoothing, in ``(0, 1]``: a quarter for one hot cell, which would never be red."""
    raw = peak_of(cells_in_box(values, letterbox, box_xyxy))
    smooth = peak_of(cells_in_box(fine[::2, ::2], letterbox, box_xyxy))
    return min(1.0, smooth / raw) if smooth > 0 else 1.0


def laid_over(fine: Float32Array, letterbox: Letterbox, box: Pixels, scale: float) -> Uint8Array:
    """Resample heat to one box in image pixels: uint8, the box's size; ``fine`` is the map over the whole letterbox.

    This takes two steps: sample on a grid of every ``step``-th pixel of the box, then enlarge by that whole number as uint8. A
    float32 map of the whole picture is as exact, but allocating 4 MB in each frame took longer than all arithmetic.
    """
    x1, y1, x2, y2 = box
    step = max(1, round(SAMPLING / max(letterbox.scale_xy)))
    first, second = letterbox.points_to_model(
        [[x1 - step / 2, y1 - step / 2], [x1 + step / 2, y1 + step / 2]]
    ).astype(float)
    per_cell = np.array(letterbox.model_wh) / fine.shape[::-1]
    (left, top), (along_x, along_y) = first / per_cell - 0.5, (second - first) / per_cell
    place = np.array([[along_x, 0, left], [0, along_y, top]])
    size = -(-(x2 - x1) // step) + 2, -(-(y2 - y1) // step) + 2  # one more on each side, for the edges
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    sampled = cv2.warpAffine(fine, place, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
    heat = scaled(np.asarray(sampled, np.float32), scale)
    large = cv2.resize(heat, None, fx=step, fy=step, interpolation=cv2.INTER_LINEAR)
    return np.asarray(large[step : step + y2 - y1, step : step + x2 - x1], np.uint8)


def pixel_boxes(boxes_xyxy: Float32Array, shape_hw: tuple[int, ...]) -> list[Pixels]:
    """Round boxes to whole pixels ``(x1, y1, x2, y2)``, half-open, clipped to a picture of ``shape_hw``."""
    limits = np.array([shape_hw[1], shape_hw[0]] * 2)
    whole = np.rint(np.asarray(boxes_xyxy, np.float64).reshape(-1, 4)).clip(0, limits).astype(int)
    return [(int(x1), int(y1), int(x2), int(y2)) for x1, y1, x2, y2 in whole]


def scaled(values: Float32Array, scale: float) -> Uint8Array:
    """Return ``255 * values / scale`` clipped to ``[0, 255]``, as uint8; zeros if there is no scale."""
    if scale <= NOTHING:
        return np.zeros(values.shape, np.uint8)
    return np.asarray(cv2.convertScaleAbs(values, alpha=255 / scale), np.uint8)
