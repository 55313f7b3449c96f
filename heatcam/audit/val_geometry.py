"""Geometry of ultralytics' ``val``: the borders that it puts around the pictures of a batch.

Mean average precision depends on the border that the network sees: with that of ``predict``, which is as narrow as can
be, some weak boxes come out otherwise. ``val`` sorts pictures by their aspect, takes 16 at a time, and gives all of a batch one
shape with half a stride more than they need (``BaseDataset.set_rectangle`` in 8.4.190). Its numbers are met with the same shapes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from heatcam.geometry import Letterbox

BATCH = 16
_PAD = 0.5  # strides


def val_letterboxes(
    sizes_wh: Sequence[tuple[int, int]], imgsz: int, stride: int, *, smooth: bool = False
) -> list[Letterbox]:
    """Return each picture's geometry in ultralytics' ``val`` with its default batch, in the order of the sizes.

    Args:
        sizes_wh: width and height of all pictures, in pixels.
        imgsz: longer side of the network's input.
        stride: the network's coarsest stride.
        smooth: see ``Letterbox``.
    """
    aspects = np.array([tall / wide for wide, tall in sizes_wh], np.float64)
    order = aspects.argsort(kind="stable")
    boxes: dict[int, Letterbox] = {}
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        model_wh = _batch_shape(float(aspects[batch[0]]), float(aspects[batch[-1]]), imgsz, stride)
        for n in batch.tolist():
            boxes[n] = _letterbox(sizes_wh[n], imgsz, model_wh, smooth)
    return [boxes[n] for n in range(len(sizes_wh))]


def _batch_shape(lowest: float, highest: float, imgsz: int, stride: int) -> tuple[int, int]:
    """Return width and height of a batch whose pictures' heights are from ``lowest`` to ``highest`` of their widths."""
    tall, wide = (highest, 1.0) if highest < 1 else (1.0, 1 / lowest) if lowest > 1 else (1.0, 1.0)
    sides = [math.ceil(share * imgsz / stride + _PAD) * stride for share in (wide, tall)]
    return sides[0], sides[1]


def _letterbox(size_wh: tuple[int, int], imgsz: int, model_wh: tuple[int, int], smooth: bool) -> Letterbox:
    """Fit a picture as ``load_image`` and ``LetterBox(scaleup=False)`` do: its longer side is ``imgsz``, in the middle."""
    scale = imgsz / max(size_wh)
    wide, tall = (side if scale == 1 else min(math.ceil(side * scale), imgsz) for side in size_wh)
    left, top = (round((room - side) / 2 - 0.1) for room, side in zip(model_wh, (wide, tall), strict=True))
    return Letterbox(size_wh, (wide, tall), model_wh, left, top, smooth)
