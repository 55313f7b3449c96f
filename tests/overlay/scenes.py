"""Small explanations with maps written by hand."""

from __future__ import annotations

import numpy as np

from heatcam.frames import Detections, Explanation, Frame, SaliencyMap
from heatcam.geometry import Float32Array, Letterbox

Rectangle = tuple[int, int, int, int]


def explanation(
    size_wh: tuple[int, int],
    boxes_xyxy: list[tuple[float, float, float, float]],
    values: Float32Array | None,
    names: tuple[str, ...] = (),
) -> Explanation:
    """A mid-grey noisy picture with these boxes and this map."""
    width, height = size_wh
    boxes = np.array(boxes_xyxy, np.float32).reshape(-1, 4)
    count = len(boxes)
    names = names or ("thing",) * count
    scores = np.linspace(0.9, 0.3, count, dtype=np.float32)
    picture = np.random.default_rng(1).integers(60, 200, (height, width, 3), np.uint8)
    saliency = None if values is None else SaliencyMap(values, Letterbox.fit(size_wh, 640), "live", "15:C2f")
    detections = Detections(boxes, scores, np.arange(count), np.arange(count), names)
    return Explanation(Frame(picture, 0, 0.0, 0.0), detections, saliency)


def cells_for(size_wh: tuple[int, int]) -> tuple[int, int]:
    """Shape of a stride-8 map for a picture of this size."""
    wide, tall = Letterbox.fit(size_wh, 640).model_wh
    return tall // 8, wide // 8


def lies_in(rectangle: Rectangle, size_wh: tuple[int, int]) -> bool:
    """Whether a rectangle that is not empty lies in the picture."""
    left, top, right, bottom = rectangle
    return 0 <= left < right <= size_wh[0] and 0 <= top < bottom <= size_wh[1]


def overlap(a: Rectangle, b: Rectangle) -> bool:
    """Whether two half-open rectangles share a pixel."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
