"""Short streams of explanations with maps written by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heatcam.frames import Detections, Explanation, Frame, SaliencyMap
from heatcam.geometry import Float32Array, Letterbox

SIZE_WH = (640, 640)
CELLS = (80, 80)  # eight pixels each
BOX = (160.0, 160.0, 320.0, 400.0)  # cells 20 to 40 and 20 to 50


def seen(
    values: Float32Array | None,
    boxes: Sequence[Sequence[float]] = (BOX,),
    n: int = 0,
    *,
    class_ids: Sequence[int] | None = None,
    levels: Sequence[int] | None = None,
    own: Sequence[Float32Array] = (),
    pts_s: float | None = None,
) -> Explanation:
    """Frame ``n`` of 30 a second, a grey square of 640 pixels."""
    count = len(boxes)
    ids = np.array(class_ids if class_ids is not None else [0] * count, np.int64)
    detections = Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(count, 0.9, np.float32),
        ids,
        np.zeros(count, np.int64),
        tuple(f"class {i}" for i in ids),
        np.array(levels if levels is not None else [0] * count, np.int64),
    )
    picture = np.full((*SIZE_WH[::-1], 3), 128, np.uint8)
    frame = Frame(picture, n, n / 30, n / 30 if pts_s is None else pts_s)
    maps = [map_of(each) for each in own]
    return Explanation(frame, detections, None if values is None else map_of(values), tuple(maps))


def map_of(values: Float32Array) -> SaliencyMap:
    return SaliencyMap(np.asarray(values, np.float32), Letterbox.fit(SIZE_WH, 640), "live", "15:C2f")


def spot(x: float, y: float, height: float = 1.0, reach: float = 3.0) -> Float32Array:
    """A soft spot of evidence around a point, all in cells from the map's corner."""
    rows, columns = np.mgrid[: CELLS[0], : CELLS[1]] + 0.5
    far = (columns - x) ** 2 + (rows - y) ** 2
    return np.asarray(height * np.exp(-far / (2 * reach**2)), np.float32)
