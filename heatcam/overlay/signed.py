"""Picture of a signed map: what speaks for a class in one colour, what speaks against it in the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from heatcam.frames import SaliencyMap
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.measures import cells_in_box, peak_of
from heatcam.overlay.difference import Int16Array, draw_difference
from heatcam.overlay.heat import Pixels, heat_in_boxes, pixel_boxes
from heatcam.overlay.resized import over_size

LEAST_SIDE = 0.25  # of the picture: a closer look would show single cells
_AROUND = 0.6  # of the box's sides, on each side of it
_LARGEST = 8192  # pixels of a side of the enlarged picture that a part is cut from


def signed_scale(maps: Sequence[SaliencyMap]) -> float:
    """Return the evidence per cell, of either sign, that has the full colour in all of these maps; 0 without evidence."""
    return max((_peak(each) for each in maps), default=0.0)


def signed_levels(saliency: SaliencyMap, scale: float, part: Pixels, size_wh: tuple[int, int]) -> Int16Array:
    """Return a signed map over a part of the picture, as ``draw_difference`` takes it.

    Args:
        saliency: signed.
        scale: the evidence per cell that has the full colour, in the map's unit.
        part: of the picture, half-open whole pixels.
        size_wh: width and height of the result, of the part's aspect ratio but for rounding.

    Returns:
        int16 ``(H, W)`` in ``[-255, 255]``: positive where it speaks for the class.
    """
    x1, y1, x2, y2 = part
    along, down = size_wh[0] / (x2 - x1), size_wh[1] / (y2 - y1)
    image_wh = saliency.letterbox.image_wh
    whole_wh = max(1, round(image_wh[0] * along)), max(1, round(image_wh[1] * down))
    own = over_size(saliency, whole_wh)
    left, top = round(x1 * along), round(y1 * down)
    box = np.array([[left, top, left + size_wh[0], top + size_wh[1]]], np.float32)
    levels = [
        heat_in_boxes([replace(own, values=sign * own.values)], box, scale, whole_wh).astype(np.int16)
        for sign in (1, -1)
    ]
    cut = (levels[0] - levels[1])[top : top + size_wh[1], left : left + size_wh[0]]
    missing = ((0, size_wh[1] - cut.shape[0]), (0, size_wh[0] - cut.shape[1]))  # (a pixel of rounding)
    return np.asarray(np.pad(cut, missing, mode="edge"), np.int16)


def draw_signed(
    image_bgr: Uint8Array, saliency: SaliencyMap, scale: float, part: Pixels, size_wh: tuple[int, int]
) -> Uint8Array:
    """Draw a signed map over a part of the picture without its colours: uint8 ``(H, W, 3)`` BGR of ``size_wh``, a new picture.

    Args:
        image_bgr: the whole picture, uint8 ``(H, W, 3)``, not changed.
        saliency: signed.
        scale: the evidence per cell that has the full colour, in the map's unit.
        part: of the picture, half-open whole pixels.
        size_wh: width and height of the result.
    """
    return draw_difference(
        cut_out(image_bgr, part, size_wh), signed_levels(saliency, scale, part, size_wh), 0.85
    )


def cut_out(image_bgr: Uint8Array, part: Pixels, size_wh: tuple[int, int]) -> Uint8Array:
    """Return a part of the picture at another size: uint8 ``(H, W, 3)``, a new picture."""
    cut = image_bgr[part[1] : part[3], part[0] : part[2]]
    how = cv2.INTER_AREA if size_wh[0] < cut.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(cut, size_wh, interpolation=how), np.uint8)


def part_around(boxes_xyxy: Float32Array, image_wh: tuple[int, int], wide: int) -> Pixels:
    """Return the part of a picture to look at: around boxes, of the picture's aspect ratio, at least a quarter of its sides.

    Args:
        boxes_xyxy: float ``(N, 4)`` in image pixels, all of which are to be seen.
        image_wh: width and height of the picture.
        wide: pixels that the part will be shown on.
    """
    image = np.array(image_wh, np.float64)
    low, high = boxes_xyxy[:, :2].min(0).clip(0, image), boxes_xyxy[:, 2:].max(0).clip(0, image)
    needed = float(((high - low) * (1 + 2 * _AROUND) / image).max())
    least = max(LEAST_SIDE, wide / _LARGEST)
    size = np.minimum(image, image * max(needed, least))
    start = ((low + high) / 2 - size / 2).clip(0, image - size)
    (part,) = pixel_boxes(np.concatenate((start, start + size)).astype(np.float32), image_wh[::-1])
    return part[0], part[1], max(part[2], part[0] + 1), max(part[3], part[1] + 1)


def _peak(saliency: SaliencyMap) -> float:
    cells = cells_in_box(np.abs(saliency.values), saliency.letterbox, saliency.letterbox.seen_xyxy)
    return peak_of(cells)
