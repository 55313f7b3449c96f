"""Parts of a picture that stand for an object: its box grown by a quarter a side, as JPEG and as small maps."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from heatcam.audit.objects import CROP_MARGIN, CROP_PX, MAP_CELLS, THUMB_PX
from heatcam.audit.store import ObjectParts
from heatcam.frames import SaliencyMap
from heatcam.geometry import Float32Array, Uint8Array, fitted_into, fitted_wh
from heatcam.measures import NOTHING, boxes_in_cells, cells_in_box

_FINER = 4  # samples a cell along each side, whose mean is the cell
_GREY = 24  # of a thumbnail's borders
_QUALITY = {THUMB_PX: 80, CROP_PX: 85}  # of the JPEG files
_LEAST_PX = 2.0


def grown_box(box_xyxy: npt.ArrayLike, size_wh: tuple[int, int]) -> Float32Array:
    """Return an object's box grown by ``CROP_MARGIN`` of its sides on each side: float32 ``(4,)``, in the picture.

    It is grown to whole pixels, where pictures are cut: a map of less would end before its crop does, which small objects show.
    """
    x1, y1, x2, y2 = (float(side) for side in np.asarray(box_xyxy))
    wide, tall = max(x2 - x1, _LEAST_PX) * CROP_MARGIN, max(y2 - y1, _LEAST_PX) * CROP_MARGIN
    low = np.clip([x1 - wide, y1 - tall], 0, np.subtract(size_wh, 1))
    high = np.clip([x2 + wide, y2 + tall], low + 1, size_wh)
    return np.concatenate((np.floor(low), np.ceil(high))).astype(np.float32)


def parts_of(
    image_bgr: Uint8Array,
    box_xyxy: npt.ArrayLike,
    own: SaliencyMap | None,
    signed: SaliencyMap | None,
    embedding: Float32Array,
) -> ObjectParts:
    """Return what is kept of an object beside its numbers.

    Args:
        image_bgr: the picture, uint8 ``(H, W, 3)``.
        box_xyxy: float ``(4,)`` in image pixels.
        own: its map; None for none.
        signed: its map with both signs; None for none.
        embedding: float32 ``(C,)``; empty for none.
    """
    box = grown_box(box_xyxy, (image_bgr.shape[1], image_bgr.shape[0]))
    x1, y1, x2, y2 = box.astype(int).tolist()
    crop = _shrunk(image_bgr[y1:y2, x1:x2], CROP_PX)
    thumb = fitted_into(_shrunk(crop, THUMB_PX), (THUMB_PX, THUMB_PX), _GREY)
    positive = np.rint(255 * np.maximum(small_map(own, box), 0)).astype(np.uint8)
    both = np.rint(127 * small_map(signed, box, signed=True)).astype(np.int8)
    return ObjectParts(_jpeg(thumb, THUMB_PX), _jpeg(crop, CROP_PX), positive, both, embedding)


def small_map(saliency: SaliencyMap | None, box_xyxy: Float32Array, *, signed: bool = False) -> Float32Array:
    """Return the part of a map in a box in 24 x 24 cells: float32 ``(24, 24)`` in ``[-1, 1]``.

    Args:
        saliency: the map; zeros for None, or where it holds no evidence.
        box_xyxy: float32 ``(4,)`` in image pixels, inside the picture.
        signed: let 1 be the peak of its size in the picture, not of its positive part.
    """
    if saliency is None:
        return np.zeros((MAP_CELLS, MAP_CELLS), np.float32)
    seen = cells_in_box(saliency.values, saliency.letterbox, saliency.letterbox.seen_xyxy)
    peak = float(np.abs(seen).max() if signed else seen.max())
    cells = _resampled(saliency, box_xyxy)
    return np.clip(cells / peak, -1, 1) if peak > NOTHING else np.zeros_like(cells)


def _resampled(saliency: SaliencyMap, box_xyxy: Float32Array) -> Float32Array:
    """Return the mean of a map over each of 24 x 24 parts of a box, float32, from its own cells, linearly interpolated."""
    x1, y1, x2, y2 = boxes_in_cells(saliency.values.shape, saliency.letterbox, box_xyxy[None])[0]
    count = MAP_CELLS * _FINER
    across, down = (x2 - x1) / count, (y2 - y1) / count
    to_map = np.array([[across, 0, x1 + across / 2 - 0.5], [0, down, y1 + down / 2 - 0.5]])
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    fine: Any = cv2.warpAffine(
        saliency.values, to_map, (count, count), flags=how, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(fine.reshape(MAP_CELLS, _FINER, MAP_CELLS, _FINER).mean((1, 3)), np.float32)


def _shrunk(picture: Uint8Array, side: int) -> Uint8Array:
    """Return a picture whose longer side is ``side`` pixels at most."""
    size = picture.shape[1], picture.shape[0]
    if max(size) <= side:
        return picture
    return np.asarray(
        cv2.resize(picture, fitted_wh(size, (side, side)), interpolation=cv2.INTER_AREA), np.uint8
    )


def _jpeg(picture: Uint8Array, side: int) -> bytes:
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY[side]])
    return bytes(data)
