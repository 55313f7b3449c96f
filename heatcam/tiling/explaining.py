"""A large picture explained tile by tile: its objects, and its maps in a temporary file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from heatcam.frames import Detections, Explains, Explanation, Frame, Question, SaliencyMap, Timings
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.overlay import moved
from heatcam.tiling.cells import CellGrid, core_of
from heatcam.tiling.coarse import CoarseMap
from heatcam.tiling.map_store import MapStore
from heatcam.tiling.merging import WHOLE_PICTURE, MergedObjects, merge
from heatcam.tiling.objects import TileObject, objects_of, together
from heatcam.tiling.percentile import peak_of_all
from heatcam.tiling.plan import TilePlan
from heatcam.tiling.reading import RowCache
from heatcam.tiling.shrinking import ShrunkPicture
from heatcam.tiling.weights import StitchWeights

#: Share of a tile's side from which objects of the whole picture count. On 37 photographs laid out over 6000x4500 pixels they
#: found 3 of 131 larger objects more; taking smaller ones too added wrong boxes alone.
LARGE = 0.4

#: Called after each tile, with the number of tiles that are done.
OnTile = Callable[[int], None]


@dataclass(frozen=True)
class ExplainedTiles:
    """Objects and maps of a large picture.

    Attributes:
        plan: the tiles.
        merged: the objects of the whole picture, the strongest first.
        maps: each tile's map of all its objects, by its number.
        sample: one of these maps, for what is the same of all: geometry, method, unit; None if there is none.
        saliency: the map of the whole picture in few cells; of a single tile, that tile's.
        question: see ``Explanation``, of all objects.
        timings: of all tiles together.
        without_map: number of tiles whose map failed, and the first reason.
        model: the model's name for people.
        whole: True if objects were also sought in the whole picture, shrunk.
        name: of the picture, for people.
    """

    plan: TilePlan
    merged: MergedObjects
    maps: MapStore
    sample: SaliencyMap | None
    saliency: SaliencyMap | None
    question: Question | None
    timings: Timings
    without_map: tuple[int, str]
    model: str
    whole: bool
    name: str = ""

    @cached_property
    def detections(self) -> Detections:
        """The objects as the detections of the whole picture."""
        return together(self.merged.objects)

    @property
    def low_evidence(self) -> tuple[bool, ...]:
        """See ``Explanation``; empty where it is not known of all."""
        known = [own.low_evidence for own in self.merged.objects]
        return () if None in known else tuple(bool(low) for low in known)

    def explanation(self) -> Explanation:
        """Return the objects and the coarse map as one explanation; its frame has the picture's size, and is black."""
        return Explanation(
            black_frame(self.plan.size_wh, self.name),
            self.detections,
            self.saliency,
            map_error=self.without_map[1] if self.saliency is None else "",
            timings=self.timings,
            low_evidence=self.low_evidence,
            question=self.question,
            model=self.model,
        )

    def peak(self) -> float:
        """Return the evidence per cell that is full heat in the whole picture: a percentile over all cells, each place once."""
        return peak_of_all(self._cells)

    def _cells(self) -> Iterator[Float32Array]:
        sample = self.sample
        if sample is not None:
            grid = CellGrid.of(sample.letterbox, sample.values.shape)
            for number in self.maps.numbers:
                values = self.maps.get(number)
                if values is not None:
                    yield core_of(values, grid, self.plan, self.plan[number])


def explain_each(
    rows: RowCache,
    plan: TilePlan,
    explains: Explains,
    maps: MapStore,
    *,
    whole_px: int = 0,
    conf: float | None = None,
    name: str = "",
    on_tile: OnTile = lambda _: None,
) -> ExplainedTiles:
    """Explain every tile of a picture, and merge what they show.

    Args:
        rows: of the picture.
        plan: the tiles.
        explains: the model.
        maps: where the tiles' maps are kept.
        whole_px: also look for objects that take much of a tile in the whole picture, shrunk to this longer side; 0 does not.
        conf: keep boxes above this confidence; None takes the explainer's own.
        name: of the picture, for people.
        on_tile: told of the progress.
    """
    seen = _Seen(plan, maps, name)
    shrunk = ShrunkPicture(plan.size_wh, whole_px) if whole_px and len(plan) > 1 else None
    for number, frame, band, top in _frames(rows, plan, name):
        if shrunk is not None and plan[number].column == 0:
            shrunk.add(band, top)
        seen.add(number, explains.explain(frame, with_object_maps=True, conf=conf))
        on_tile(number + 1)
    if shrunk is not None:
        frame = Frame(shrunk.picture(), 0, time.monotonic(), 0.0, name)
        seen.add_whole(explains.explain(frame, with_object_maps=True, conf=conf))
    return seen.explained(shrunk is not None)


def _frames(rows: RowCache, plan: TilePlan, name: str) -> Iterator[tuple[int, Frame, Uint8Array, int]]:
    """Yield each tile's number and frame, with the row of tiles that it is cut from and its first row."""
    for number, tile in enumerate(plan):
        if tile.column == 0:
            band = rows.rows(tile.top, tile.bottom)
        pixels = np.ascontiguousarray(band[:, tile.left : tile.right])
        yield number, Frame(pixels, number, time.monotonic(), 0.0, name), band, tile.top


def black_frame(size_wh: tuple[int, int], name: str = "") -> Frame:
    """Return a frame of a picture that is not in memory: black, and of no weight itself."""
    pixels = np.broadcast_to(np.zeros(3, np.uint8), (size_wh[1], size_wh[0], 3))
    return Frame(pixels, 0, 0.0, 0.0, name)


class _Seen:
    """Objects and maps of the tiles so far.

    Args:
        plan: the tiles.
        maps: where their maps are kept.
        name: of the picture.
    """

    def __init__(self, plan: TilePlan, maps: MapStore, name: str) -> None:
        self._plan, self._maps, self._name = plan, maps, name
        self._objects: list[TileObject] = []
        self._coarse = CoarseMap(plan, StitchWeights(plan))
        self._sample: SaliencyMap | None = None
        self._question: Question | None = None
        self._timings, self._failed, self._model = Timings(), (0, ""), ""

    def add(self, number: int, explanation: Explanation) -> None:
        """Add one tile."""
        tile = self._plan[number]
        self._objects += objects_of(
            explanation, number, tile.box_xyxy, self._plan.cut_sides(tile), self._plan.size_wh
        )
        saliency = explanation.saliency
        if saliency is None:
            self._failed = self._failed[0] + 1, self._failed[1] or explanation.map_error
        else:
            self._sample = self._sample or saliency
            self._maps.put(number, saliency.values)
            if len(self._plan) > 1:
                self._coarse.add(tile, saliency)
        self._count(explanation)

    def add_whole(self, explanation: Explanation) -> None:
        """Add the objects of the whole picture that tiles may well cut: those that take much of a tile."""
        wide, tall = self._plan.size_wh
        factor = wide / explanation.frame.size_wh[0], tall / explanation.frame.size_wh[1]
        large = replace(
            explanation,
            frame=black_frame((wide, tall)),
            detections=moved(explanation.detections, factor),
            object_maps=tuple(
                replace(own, letterbox=replace(own.letterbox, image_wh=(wide, tall)))
                for own in explanation.object_maps
            ),
        )
        large_wh = LARGE * np.array(self._plan.tile_wh)
        self._objects += [
            own
            for own in objects_of(large, WHOLE_PICTURE, (0, 0, wide, tall), (False,) * 4, (wide, tall))
            if (own.box_xyxy[2:] - own.box_xyxy[:2] > large_wh).any()
        ]
        self._count(explanation)

    def explained(self, whole: bool) -> ExplainedTiles:
        """Return what was seen, merged."""
        merged = merge(self._objects, self._plan)
        is_one = len(self._plan) == 1
        return ExplainedTiles(
            self._plan,
            merged,
            self._maps,
            self._sample,
            self._sample if is_one else self._coarse.saliency(),
            self._asked(merged),
            self._timings,
            self._failed,
            self._model,
            whole,
            self._name,
        )

    def _count(self, explanation: Explanation) -> None:
        own, so_far = explanation.timings, self._timings
        self._timings = Timings(
            so_far.prepare_ms + own.prepare_ms,
            so_far.forward_ms + own.forward_ms,
            so_far.map_ms + own.map_ms,
        )
        self._question, self._model = self._question or explanation.question, explanation.model

    def _asked(self, merged: MergedObjects) -> Question | None:
        """Return the question, with the scores of the objects that were kept."""
        scores = [own.row.asked_confidence for own in merged.objects]
        if self._question is None or self._question.scores is None or None in scores:
            return self._question
        return replace(self._question, scores=np.array(scores, np.float32))
