"""Heat of all objects or of one alone: from its own map if there is one, else the part of the common map in its box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heatcam.enums import Renorm
from heatcam.frames import Explanation, SaliencyMap
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.measures import RegionFinder, scales_of
from heatcam.overlay.heat import heat_of, pixel_boxes


@dataclass(frozen=True)
class Heat:
    """Heat to blend over the picture.

    Attributes:
        values: uint8 ``(H, W)`` in image pixels, 0 is cold.
        saliency: the map it was made from.
        scales: the evidence that is full heat, as ``scales_of`` gives it.
    """

    values: Uint8Array
    saliency: SaliencyMap
    scales: Sequence[float]


def valid_focus(focus: int | None, objects: int) -> int | None:
    """Return ``focus`` if it is a valid index of one of ``objects`` objects, else None."""
    return focus if focus is not None and 0 <= focus < objects else None


def heat_shown(
    shown: Explanation,
    saliency: SaliencyMap,
    renorm: Renorm,
    scales: Sequence[float] | None,
    focus: int | None,
    finder: RegionFinder | None = None,
) -> Heat:
    """Return the heat of all objects, or of one.

    Args:
        shown: the explanation, its maps smoothed if smoothing is on.
        saliency: its map of all objects.
        renorm: scope of the scale.
        scales: the evidence that is full heat for all objects, as ``scales_of`` gives it; None takes this picture's own.
        focus: index of the only object to show; None shows all.
        finder: of the regions, where they are the scope: see ``heat_of``.
    """
    found, own = shown.detections, shown.object_maps
    boxes, rotated = found.boxes_xyxy, found.rotated_xywhr
    if focus is not None:
        return _of_one(shown, saliency, renorm, scales, focus, finder)
    scales = scales_of(saliency, boxes, renorm, own) if scales is None else scales
    return Heat(heat_of(saliency, boxes, renorm, own, scales, finder, rotated), saliency, scales)


def _of_one(
    shown: Explanation,
    saliency: SaliencyMap,
    renorm: Renorm,
    scales: Sequence[float] | None,
    focus: int,
    finder: RegionFinder | None,
) -> Heat:
    """Return one object's heat. Per box it keeps the scale it has among all, so its colours stay when the others are hidden.

    Other scopes are scaled by the object's own map, if it has one: by the common map's scale a weak object would be invisible.
    """
    found, maps = shown.detections, shown.object_maps
    boxes, rotated = found.boxes_xyxy, found.rotated_xywhr
    box, source = boxes[focus : focus + 1], maps[focus] if maps else saliency
    if renorm is Renorm.BOX:
        scales = scales_of(saliency, boxes, renorm, maps) if scales is None else scales
        scale = [scales[focus]]
        turned = None if rotated is None else rotated[focus : focus + 1]
        return Heat(heat_of(source, box, renorm, (), scale, None, turned), source, scale)
    scales = scales_of(source, box, renorm) if maps or scales is None else scales
    heat = heat_of(source, box, renorm, (), scales, finder)
    return Heat(heat if maps else _only_inside(heat, box), source, scales)


def _only_inside(heat: Uint8Array, box_xyxy: Float32Array) -> Uint8Array:
    """Return ``heat`` inside the box and cold outside; a new array."""
    ((x1, y1, x2, y2),) = pixel_boxes(box_xyxy, heat.shape)
    alone = np.zeros_like(heat)
    alone[y1:y2, x1:x2] = heat[y1:y2, x1:x2]
    return alone
