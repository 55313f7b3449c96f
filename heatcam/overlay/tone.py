"""From a saliency map in logit units to heat: 0 is cold, 255 is the strongest evidence of its scope.

The scale is a high percentile of the positive evidence, not the maximum: one hot cell would turn all else blue. Statistics
are taken on the map's own cells, before anything is resized or smoothed.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from heatcam.choices import Renorm
from heatcam.frames import SaliencyMap
from heatcam.geometry import Float32Array, Letterbox, Uint8Array

PERCENTILE = 99.0
#: A box whose scale is below this share of the strongest box's is scaled by this share instead: little evidence stays pale.
WEAKEST_SCALE = 0.05
ROUNDING = 0.6  # cells; the blur that takes the corners off single cells, for display only
_SAMPLING = 2.5  # model pixels between samples of the smoothed map, whose cells are four
_NOTHING = 1e-9  # logits; below that a map holds no evidence at all

Pixels = tuple[int, int, int, int]


def heat_of(
    saliency: SaliencyMap,
    boxes_xyxy: Float32Array,
    renorm: Renorm,
    object_maps: Sequence[SaliencyMap] = (),
) -> Uint8Array:
    """The map as heat in image pixels.

    Args:
        saliency: the evidence for all boxes together, signed, in logit units; negative evidence is cold.
        boxes_xyxy: float32 ``(N, 4)`` in image pixels.
        renorm: scope of the scale. In boxes, overlaps take the larger heat and everything outside is 0.
        object_maps: each box's own evidence, or nothing. With them a box shows its own alone, so that a strong small
            object does not pale a larger one around it.

    Returns:
        uint8 ``(H, W)``, a new array.
    """
    letterbox = saliency.letterbox
    heat = np.zeros(letterbox.image_wh[::-1], np.uint8)
    if renorm is Renorm.FRAME:
        positive, fine = _shown(saliency)
        (seen,) = pixel_boxes(letterbox.seen_xyxy, heat.shape)
        scale = _scale(_inside_picture(positive, letterbox))
        heat[seen[1] : seen[3], seen[0] : seen[2]] = _laid_over(fine, letterbox, seen, scale)
        return heat
    shown = [_shown(own) for own in object_maps] or [_shown(saliency)] * len(boxes_xyxy)
    scales = box_scales([positive for positive, _ in shown], letterbox, boxes_xyxy)
    for box, (_, fine), scale in zip(pixel_boxes(boxes_xyxy, heat.shape), shown, scales, strict=True):
        x1, y1, x2, y2 = box
        if scale > 0 and x2 > x1 and y2 > y1:
            part = heat[y1:y2, x1:x2]
            np.maximum(part, _laid_over(fine, letterbox, box, scale), out=part)
    return heat


def _shown(saliency: SaliencyMap) -> tuple[Float32Array, Float32Array]:
    """A map's positive evidence on its own cells, for statistics, and smoothed, for the eye."""
    positive = np.maximum(saliency.values, 0)
    return positive, _smoothed(positive)


def _smoothed(positive: Float32Array) -> Float32Array:
    """``positive`` at twice its resolution, corners of single cells rounded off: for the eye only.

    Cubic, because straight ramps from cell to cell, eight model pixels each, show as a grid.
    """
    rounded = cv2.GaussianBlur(positive, (5, 5), ROUNDING)
    return np.maximum(cv2.resize(rounded, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), 0)


def _laid_over(fine: Float32Array, letterbox: Letterbox, box: Pixels, scale: float) -> Uint8Array:
    """Heat of one box in image pixels: uint8, the box's size; ``fine`` is the map over the whole letterbox.

    In two steps: sampled on a grid of every ``step``-th pixel of the box, then enlarged by that whole number as uint8. A
    float32 map of the whole picture is as exact, but fresh memory of 4 MB in each frame took longer than all arithmetic.
    """
    x1, y1, x2, y2 = box
    step = max(1, round(_SAMPLING / max(letterbox.scale_xy)))
    first, second = letterbox.points_to_model(
        [[x1 - step / 2, y1 - step / 2], [x1 + step / 2, y1 + step / 2]]
    ).astype(float)
    per_cell = np.array(letterbox.model_wh) / fine.shape[::-1]
    (left, top), (along_x, along_y) = first / per_cell - 0.5, (second - first) / per_cell
    place = np.array([[along_x, 0, left], [0, along_y, top]])
    size = -(-(x2 - x1) // step) + 2, -(-(y2 - y1) // step) + 2  # one more on each side, for the edges
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    sampled = cv2.warpAffine(fine, place, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
    heat = _scaled(np.asarray(sampled, np.float32), scale)
    large = cv2.resize(heat, None, fx=step, fy=step, interpolation=cv2.INTER_LINEAR)
    return np.asarray(large[step : step + y2 - y1, step : step + x2 - x1], np.uint8)


def box_scales(shown: Sequence[Float32Array], letterbox: Letterbox, boxes_xyxy: Float32Array) -> list[float]:
    """The evidence, in logits, that is full heat in each box; 0 where there is none.

    Args:
        shown: the positive evidence that each box shows, ``(h, w)`` over the whole letterbox, all of one size.
        letterbox: the geometry of the maps.
        boxes_xyxy: float32 ``(N, 4)`` in image pixels.
    """
    if not len(shown):
        return []
    height, width = shown[0].shape
    per_cell = np.array([letterbox.model_wh[0] / width, letterbox.model_wh[1] / height] * 2)
    cells = letterbox.boxes_to_model(boxes_xyxy) / per_cell
    own = []
    for positive, (x1, y1, x2, y2) in zip(shown, cells, strict=True):
        rows = slice(min(int(y1), height - 1), max(int(np.ceil(y2)), int(y1) + 1))
        columns = slice(min(int(x1), width - 1), max(int(np.ceil(x2)), int(x1) + 1))
        own.append(_scale(positive[rows, columns]))
    floor = WEAKEST_SCALE * max(own, default=0.0)
    return [max(scale, floor) if scale > _NOTHING else 0.0 for scale in own]


def pixel_boxes(boxes_xyxy: Float32Array, shape_hw: tuple[int, ...]) -> list[Pixels]:
    """Boxes as whole pixels ``(x1, y1, x2, y2)``, half-open, inside a picture of ``shape_hw``."""
    limits = np.array([shape_hw[1], shape_hw[0]] * 2)
    whole = np.rint(np.asarray(boxes_xyxy, np.float64).reshape(-1, 4)).clip(0, limits).astype(int)
    return [(int(x1), int(y1), int(x2), int(y2)) for x1, y1, x2, y2 in whole]


def _inside_picture(positive: Float32Array, letterbox: Letterbox) -> Float32Array:
    """The cells whose centre lies on the picture: a letterbox border never counts."""
    height, width = positive.shape
    xs = (np.arange(width) + 0.5) * letterbox.model_wh[0] / width
    ys = (np.arange(height) + 0.5) * letterbox.model_wh[1] / height
    columns = (xs >= letterbox.pad_left) & (xs < letterbox.pad_left + letterbox.resized_wh[0])
    rows = (ys >= letterbox.pad_top) & (ys < letterbox.pad_top + letterbox.resized_wh[1])
    return positive[np.ix_(rows, columns)] if rows.any() and columns.any() else positive


def _scale(cells: npt.NDArray[np.float32]) -> float:
    """The high percentile of the positive evidence among ``cells``, in logits."""
    hot = cells[cells > _NOTHING]
    if not hot.size:
        return 0.0
    rank = min(hot.size - 1, int(np.ceil(hot.size * PERCENTILE / 100)) - 1)
    return float(np.partition(hot, rank)[rank])


def _scaled(values: Float32Array, scale: float) -> Uint8Array:
    """``values / scale`` clipped to ``[0, 1]``, as uint8."""
    if scale <= _NOTHING:
        return np.zeros(values.shape, np.uint8)
    return np.asarray(cv2.convertScaleAbs(values, alpha=255 / scale), np.uint8)
