"""Scale of a map: the evidence per cell, in the map's unit, that is drawn as full heat.

It is a high percentile of the positive evidence, not the maximum: one hot cell would turn all else blue. Statistics are taken on
the map's own cells, before anything is resized or smoothed.
"""

from __future__ import annotations

from collections.abc import Sequence

from heatcam.enums import Renorm
from heatcam.frames import SaliencyMap
from heatcam.geometry import Float32Array, Letterbox
from heatcam.measures.evidence import NOTHING, cells_in_box, inside_picture, peak_of

#: A box whose scale is below this share of the strongest box's is scaled by this share instead: little evidence stays pale.
WEAKEST_SCALE = 0.05


def scope_of(saliency: SaliencyMap, renorm: Renorm) -> Renorm:
    """Return the scope of the scale in effect: the frame if a fixed scale was requested but is unknown for this model."""
    return Renorm.FRAME if renorm is Renorm.FIXED and saliency.full_heat is None else renorm


def scales_of(
    saliency: SaliencyMap,
    boxes_xyxy: Float32Array,
    renorm: Renorm,
    object_maps: Sequence[SaliencyMap] = (),
) -> list[float]:
    """Return the evidence per cell, in the map's unit, that is full heat: one number per box, or one for the frame.

    It is 0 if there is no evidence.

    Args:
        saliency: the evidence for all boxes together.
        boxes_xyxy: float32 ``(N, 4)`` in image pixels.
        renorm: scope of the scale.
        object_maps: each box's own evidence, or nothing.
    """
    if renorm is Renorm.FIXED and saliency.full_heat is not None:
        return [saliency.full_heat]
    if renorm is not Renorm.BOX:
        return [peak_of(inside_picture(saliency.values, saliency.letterbox))]
    shown = [own.values for own in object_maps] or [saliency.values] * len(boxes_xyxy)
    return box_scales(shown, saliency.letterbox, boxes_xyxy)


def box_scales(shown: Sequence[Float32Array], letterbox: Letterbox, boxes_xyxy: Float32Array) -> list[float]:
    """Return for each box the evidence per cell that is full heat; 0 if the box has no evidence.

    Args:
        shown: the evidence that each box shows, of either sign, ``(h, w)`` over the whole letterbox, all of one size.
        letterbox: the geometry of the maps.
        boxes_xyxy: float32 ``(N, 4)`` in image pixels.
    """
    if not len(shown):
        return []
    own = [
        peak_of(cells_in_box(values, letterbox, box)) for values, box in zip(shown, boxes_xyxy, strict=True)
    ]
    return above_floor(own)


def above_floor(peaks: Sequence[float]) -> list[float]:
    """Return the scales of boxes by their own peaks; those far below the strongest are raised: little evidence stays pale."""
    floor = WEAKEST_SCALE * max(peaks, default=0.0)
    return [max(scale, floor) if scale > NOTHING else 0.0 for scale in peaks]
