"""Explanations with an own map for each object, written by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heatcam.frames import Explanation, Question
from heatcam.measures import boxes_in_cells, cells_touched
from tests.overlay.scenes import cells_for, explanation

SIZE_WH = (320, 240)
BOXES = [(20.0, 20.0, 120.0, 140.0), (180.0, 60.0, 300.0, 220.0)]


def seen(count: int = 2, size_wh: tuple[int, int] = SIZE_WH, names: tuple[str, ...] = ()) -> Explanation:
    """Objects whose evidence fills their boxes and is nowhere else; of more than two, boxes repeat."""
    scale = size_wh[0] / SIZE_WH[0]
    boxes = [tuple(scale * side for side in BOXES[n % 2]) for n in range(count)]
    found = explanation(size_wh, boxes, np.zeros(cells_for(size_wh), np.float32), names)
    maps = []
    for n in range(count):
        values = np.zeros(cells_for(size_wh), np.float32)
        box = boxes_in_cells(values.shape, found.saliency.letterbox, found.detections.boxes_xyxy[n])[0]
        values[cells_touched(values.shape, box)] = n + 1.0
        maps.append(replace(found.saliency, values=values))
    both = replace(found.saliency, values=sum(own.values for own in maps)) if maps else found.saliency
    return replace(
        found,
        frame=replace(found.frame, name="folder/street.jpg"),
        saliency=both,
        object_maps=tuple(maps),
        low_evidence=tuple(n == 1 for n in range(count)),
        model="tiny",
    )


def without_a_map(reason: str = "no gradient comes to layer 15") -> Explanation:
    return replace(seen(), saliency=None, object_maps=(), map_error=reason)


def asked_for_a_truck(count: int = 2) -> Explanation:
    scores = np.linspace(0.03, 0.6, count, dtype=np.float32)
    return replace(seen(count, names=("bus",) * count), question=Question("truck", "truck", scores))
