"""Explanations of the demo scene and of any picture, made without a model: boxes are known or made up, heat lies in them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from heatcam.frames import Detections, Explanation, Frame, SaliencyMap, Timings
from heatcam.geometry import Letterbox, Uint8Array
from heatcam.sources import DemoScene

LONG_NAME = "Rhinoceros beetle (Dynastinae), male, lateral view, northern subspecies"
NAMES = ("person", "bicycle", "traffic light", "dog", LONG_NAME, "<b>not bold</b>")
_IMGSZ, _STRIDE = 320, 8


@lru_cache(maxsize=2)
def _scene(size_wh: tuple[int, int]) -> DemoScene:
    return DemoScene(size_wh)


def explain_scene(
    frame_index: int, at_s: float, size_wh: tuple[int, int] = (640, 360), crowd: int = 0
) -> Explanation:
    """One frame of the demo scene with its true boxes; ``crowd`` boxes instead, if it is above 0."""
    scene = _scene(size_wh).render(frame_index)
    frame = Frame(scene.image_bgr, frame_index, at_s, frame_index / 30, "demo")
    if crowd:
        return explain(frame, *_grid(crowd, size_wh, frame_index))
    return explain(frame, [box.box_xyxy for box in scene.boxes], [box.class_name for box in scene.boxes])


def explain_picture(image: Uint8Array, name: str, count: int = 3) -> Explanation:
    """``count`` made-up objects in a picture."""
    frame = Frame(image, 0, 0.0, 0.0, name)
    return explain(frame, *_grid(count, frame.size_wh, 0))


def explain(frame: Frame, boxes: Sequence[Sequence[float]], names: Sequence[str]) -> Explanation:
    """Objects at given boxes; the evidence of each is a spot in its box, of the second one partly outside it."""
    letterbox = Letterbox.fit(frame.size_wh, _IMGSZ)
    maps = tuple(_spot(letterbox, box, n) for n, box in enumerate(boxes))
    known = sorted(set(names))
    found = Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array([0.95 - 0.6 * n / max(1, len(boxes)) for n in range(len(boxes))], np.float32),
        np.array([known.index(name) for name in names], np.int64),
        np.zeros(len(boxes), np.int64),
        tuple(names),
    )
    both = np.zeros((letterbox.model_wh[1] // _STRIDE, letterbox.model_wh[0] // _STRIDE), np.float32)
    for own in maps:
        both += own.values
    whole = SaliencyMap(both, letterbox, "live", "15:C2f")
    low = tuple(n == 1 for n in range(len(boxes)))
    return Explanation(frame, found, whole, maps, timings=Timings(2, 31, 4), low_evidence=low, model="fake")


def _spot(letterbox: Letterbox, box: Sequence[float], n: int) -> SaliencyMap:
    x1, y1, x2, y2 = letterbox.boxes_to_model(np.array(box, np.float32).reshape(1, 4))[0] / _STRIDE
    shape = letterbox.model_wh[1] // _STRIDE, letterbox.model_wh[0] // _STRIDE
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]] + 0.5
    across = (columns - (x1 + x2) / 2 - (n == 1) * (x2 - x1) / 3) / max(0.6, (x2 - x1) / 4)
    down = (rows - (y1 + y2) / 2) / max(0.6, (y2 - y1) / 4)
    values = np.exp(-(across**2 + down**2)) * (2 + n % 3)
    values[values < 0.05] = 0
    return SaliencyMap(values.astype(np.float32), letterbox, "live", "15:C2f")


def _grid(count: int, size_wh: tuple[int, int], moved: int) -> tuple[list[tuple[float, ...]], list[str]]:
    """Boxes in rows and columns that sway with ``moved``, and their names."""
    if not count:
        return [], []
    columns = max(1, round((count * size_wh[0] / size_wh[1]) ** 0.5))
    wide, tall = size_wh[0] / columns, size_wh[1] / -(-count // columns)
    sway = 0.08 * wide * float(np.sin(moved / 9))
    boxes: list[tuple[float, ...]] = []
    for n in range(count):
        left, top = n % columns * wide + 0.15 * wide + sway, n // columns * tall + 0.15 * tall
        boxes.append((left, top, left + 0.7 * wide, top + 0.7 * tall))
    return boxes, [NAMES[n % len(NAMES)] for n in range(count)]
