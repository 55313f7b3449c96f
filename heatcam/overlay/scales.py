"""How much evidence is full heat: the scale of a map, in logits.

A high percentile of the positive evidence, not the maximum: one hot cell would turn all else blue. Statistics are taken on the
map's own cells, before anything is resized or smoothed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from heatcam.choices import Renorm
from heatcam.frames import SaliencyMap
from heatcam.geometry import Float32Array, Letterbox

PERCENTILE = 99.0
#: A box whose scale is below this share of the strongest box's is scaled by this share instead: little evidence stays pale.
WEAKEST_SCALE = 0.05
NOTHING = 1e-9  # logits; below that a map holds no evidence at all


def scales_of(
    saliency: SaliencyMap,
    boxes_xyxy: Float32Array,
    renorm: Renorm,
    object_maps: Sequence[SaliencyMap] = (),
) -> list[float]:
    """The evidence, in logits, that is full heat: one number a box, or a single one for the frame; 0 where there is none.

    Args:
        saliency: the evidence for all boxes together.
        boxes_xyxy: float32 ``(N, 4)`` in image pixels.
        renorm: scope of the scale.
        object_maps: each box's own evidence, or nothing.
    """
    if renorm is Renorm.FRAME:
        return [_scale(_inside_picture(saliency.values, saliency.letterbox))]
    shown = [own.values for own in object_maps] or [saliency.values] * len(boxes_xyxy)
    return box_scales(shown, saliency.letterbox, boxes_xyxy)


def box_scales(shown: Sequence[Float32Array], letterbox: Letterbox, boxes_xyxy: Float32Array) -> list[float]:
    """The evidence, in logits, that is full heat in each box; 0 where there is none.

    Args:
        shown: the evidence that each box shows, of either sign, ``(h, w)`` over the whole letterbox, all of one size.
        letterbox: the geometry of the maps.
        boxes_xyxy: float32 ``(N, 4)`` in image pixels.
    """
    if not len(shown):
        return []
    height, width = shown[0].shape
    per_cell = np.array([letterbox.model_wh[0] / width, letterbox.model_wh[1] / height] * 2)
    cells = letterbox.boxes_to_model(boxes_xyxy) / per_cell
    own = []
    for values, (x1, y1, x2, y2) in zip(shown, cells, strict=True):
        rows = slice(min(int(y1), height - 1), max(int(np.ceil(y2)), int(y1) + 1))
        columns = slice(min(int(x1), width - 1), max(int(np.ceil(x2)), int(x1) + 1))
        own.append(_scale(values[rows, columns]))
    floor = WEAKEST_SCALE * max(own, default=0.0)
    return [max(scale, floor) if scale > NOTHING else 0.0 for scale in own]


def _inside_picture(values: Float32Array, letterbox: Letterbox) -> Float32Array:
    """The cells whose centre lies on the picture: a letterbox border never counts."""
    height, width = values.shape
    xs = (np.arange(width) + 0.5) * letterbox.model_wh[0] / width
    ys = (np.arange(height) + 0.5) * letterbox.model_wh[1] / height
    columns = (xs >= letterbox.pad_left) & (xs < letterbox.pad_left + letterbox.resized_wh[0])
    rows = (ys >= letterbox.pad_top) & (ys < letterbox.pad_top + letterbox.resized_wh[1])
    return values[np.ix_(rows, columns)] if rows.any() and columns.any() else values


def _scale(cells: npt.NDArray[np.float32]) -> float:
    """The high percentile of the positive evidence among ``cells``, in logits."""
    hot = cells[cells > NOTHING]
    if not hot.size:
        return 0.0
    rank = min(hot.size - 1, int(np.ceil(hot.size * PERCENTILE / 100)) - 1)
    return float(np.partition(hot, rank)[rank])
