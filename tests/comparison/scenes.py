"""Two small explanations of one frame with maps written by hand, and explainers that give them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heatcam.errors import MapError
from heatcam.frames import AnchorGrid, Detections, Explanation, Frame, SaliencyMap
from heatcam.geometry import Float32Array, Letterbox, Uint8Array

SIZE_WH = 64, 64
LETTERBOX = Letterbox.fit(SIZE_WH, 64)
GRID = AnchorGrid(LETTERBOX, (8, 16, 32))
FRAME = Frame(np.full((64, 64, 3), 120, np.uint8), 0, 0.0, 0.0, "grey.png")


def map_of(
    values: Float32Array, letterbox: Letterbox = LETTERBOX, full_heat: float | None = 2.0
) -> SaliencyMap:
    return SaliencyMap(np.asarray(values, np.float32), letterbox, "live", "15:C2f", full_heat=full_heat)


def hot_at(row: int, column: int, value: float = 2.0) -> SaliencyMap:
    """A map of 8x8 cells with evidence in one of them, and less around it."""
    values = np.zeros((8, 8), np.float32)
    values[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2] = value / 4
    values[row, column] = value
    return map_of(values)


def explanation(
    boxes_xyxy: Sequence[Sequence[float]],
    names: Sequence[str],
    maps: Sequence[SaliencyMap] = (),
    ids: Sequence[int] = (),
    confidences: Sequence[float] = (),
    model: str = "a",
) -> Explanation:
    count = len(names)
    maps = tuple(maps) or tuple(hot_at(1 + n, 1 + n) for n in range(count))
    found = Detections(
        np.array(boxes_xyxy, np.float32).reshape(-1, 4),
        np.array(confidences or np.linspace(0.9, 0.5, count), np.float32),
        np.array(ids or range(count), np.int64),
        np.array([9 * n for n in range(count)], np.int64),
        tuple(names),
    )
    total = map_of(np.sum([m.values for m in maps], 0) if maps else np.zeros((8, 8), np.float32))
    return Explanation(FRAME, found, total, tuple(maps), model=model)


class FakeAsker:
    """Gives one explanation, and a map at every anchor it is asked at; remembers the questions.

    Args:
        gives: the explanation.
        classes: the names of its classes.
        grid: its anchors; None for none.
        fails_at: anchors at which it has no map.
        beside: True if it may run beside others.
    """

    def __init__(
        self,
        gives: Explanation,
        classes: Sequence[str] = ("cat", "dog"),
        grid: AnchorGrid | None = GRID,
        fails_at: Sequence[int] = (),
        *,
        beside: bool = False,
    ) -> None:
        self.title = gives.model
        self.class_names = dict(enumerate(classes))
        self.asked: list[tuple[list[int], list[int]]] = []
        self._beside = beside
        self._gives, self._grid, self._fails_at = gives, grid, fails_at

    def may_run_beside(self, other: object) -> bool:
        return self._beside and other is not self

    def explain(self, image: Frame, **_: object) -> Explanation:
        assert image is self._gives.frame
        return self._gives

    def maps_at(
        self, image: Uint8Array, anchors: Sequence[int], class_ids: Sequence[int]
    ) -> tuple[SaliencyMap, ...]:
        self.asked.append((list(anchors), list(class_ids)))
        if set(anchors) & set(self._fails_at):
            raise MapError("no evidence there", "ask elsewhere")
        return tuple(hot_at(*divmod(anchor % 64, 8)) for anchor in anchors)

    def anchor_grid(self, _image_wh: tuple[int, int]) -> AnchorGrid | None:
        return self._grid
