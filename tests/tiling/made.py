"""Objects of tiles made by hand, and an explainer of bright squares on black, whose evidence is their brightness."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from heatcam.face import Model
from heatcam.frames import Detections, Explanation, Frame, SaliencyMap
from heatcam.geometry import Letterbox
from heatcam.measures import ObjectFindings, boxes_in_cells, cells_touched
from heatcam.tiling.objects import TileObject
from heatcam.tiling.plan import TilePlan
from tests.face.tiny import FACTS

CELL = 8


class SquareExplainer:
    """Finds connected bright places as objects, wherever they are cut; a map's cell is 8 pixels."""

    def __init__(self) -> None:
        self.class_names = {0: "square"}
        self.seen: list[tuple[int, int]] = []

    def facts(self) -> Any:
        return FACTS

    def explain(self, frame: Frame, **_: object) -> Explanation:
        self.seen.append(frame.size_wh)
        wide, tall = frame.size_wh
        grey = np.ascontiguousarray(frame.image_bgr[..., 2])
        _, _, stats, _ = cv2.connectedComponentsWithStats((grey > 99).astype(np.uint8))
        boxes = np.float32([[x, y, x + w, y + h] for x, y, w, h, _ in stats[1:]]).reshape(-1, 4)
        sure = np.float32(
            [0.5 + 0.4 * grey[int(y1) : int(y2), int(x1) : int(x2)].max() / 255 for x1, y1, x2, y2 in boxes]
        )
        order = np.argsort(-sure, kind="stable")
        letterbox = Letterbox.fit((wide, tall), max(wide, tall))
        cells = letterbox.map_to_model(grey.astype(np.float32))
        shape = letterbox.model_wh[0] // CELL, letterbox.model_wh[1] // CELL
        values = cv2.resize(cells, shape, interpolation=cv2.INTER_AREA)
        saliency = SaliencyMap(values, letterbox, "live", "3:red")
        count, ids = len(boxes), np.zeros(len(boxes), np.int64)
        own = tuple(_inside(saliency, box) for box in boxes[order])
        found = Detections(boxes[order], sure[order], ids, ids, ("square",) * count)
        return Explanation(frame, found, saliency, own, low_evidence=(False,) * count, model="squares")


def _inside(saliency: SaliencyMap, box_xyxy: np.ndarray) -> SaliencyMap:
    """The map with the evidence of one box alone."""
    values = np.zeros_like(saliency.values)
    cells = cells_touched(values.shape, boxes_in_cells(values.shape, saliency.letterbox, box_xyxy)[0])
    values[cells] = saliency.values[cells]
    return replace(saliency, values=values)


def square_model() -> tuple[Model, SquareExplainer]:
    explainer = SquareExplainer()
    model: Any = explainer
    return Model(model), explainer


def seen_by(
    plan: TilePlan,
    tile: int,
    box_xyxy: tuple[float, float, float, float],
    confidence: float = 0.9,
    class_id: int = 0,
) -> TileObject:
    """What a tile shows of a box of the whole picture, without a map."""
    rectangle = plan[tile].box_xyxy if tile >= 0 else (0, 0, *plan.size_wh)
    low, high = np.array(rectangle[:2] * 2, float), np.array(rectangle[2:] * 2, float)
    box = np.clip(np.array(box_xyxy, float), low, high).astype(np.float32)
    sides = plan.cut_sides(plan[tile]) if tile >= 0 else (False,) * 4
    touches = box[0] <= low[0], box[1] <= low[1], box[2] >= high[0], box[3] >= high[1]
    cut: Any = tuple(bool(a and b) for a, b in zip(sides, touches, strict=True))
    found = Detections(
        box[None], np.float32([confidence]), np.int64([class_id]), np.int64([0]), (f"class {class_id}",)
    )
    nothing = dict.fromkeys(
        (
            "energy_in_box",
            "enrichment",
            "evidence",
            "evidence_logits",
            "peak_xy",
            "centroid_xy",
            "spread",
            "low_evidence",
        )
    )
    row = ObjectFindings(
        class_name="a",
        class_id=class_id,
        confidence=confidence,
        box_xyxy=tuple(box.tolist()),
        box_normalised=(0, 0, 0, 0),
        **nothing,
    )
    return TileObject(tile, rectangle, cut, found, None, row)
