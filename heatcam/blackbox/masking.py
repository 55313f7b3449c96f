"""Explainer whose maps are made by masks, with nothing but a model's predictions: of a black box, or as the arbiter of any."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from heatcam.enums import DRISE_MAP, HIERARCHICAL_MAP
from heatcam.frames import ExplainerFacts, Explanation, Frame, SaliencyMap, Timings
from heatcam.geometry import Letterbox, Uint8Array
from heatcam.perturbation import (
    INFILLS,
    TRIALS_INFILL,
    CoveredPicture,
    MaskedMap,
    MaskPlan,
    MaskTargets,
    Predict,
    QuadTree,
    RandomMasks,
    cells_of,
    one_hot_targets,
    run_masks,
    similarities,
    targets_of,
    with_sum,
)

UNIT, LAYER = "score", "output"
CELL = 4  # model pixels a cell of the maps
_AT_ONCE = 8  # pictures: between two of these somebody can stop
OnMasks = Callable[[int, int], None]


class FindsBoxes(Protocol):
    """An explainer that finds the boxes: a black box's, or a network's."""

    title: str

    def explain(self, image: Frame, *, with_map: bool = True, conf: float | None = None) -> Explanation:
        """Detect the objects of one picture."""

    def letterbox_of(self, image_wh: tuple[int, int]) -> Letterbox:
        """Return the geometry from a picture of this width and height in pixels to the model's input."""

    def facts(self) -> ExplainerFacts:
        """Return what a report says of it."""


@dataclass(frozen=True)
class Asking:
    """Pictures that a plan of masks starts from.

    Attributes:
        shape_hw: rows and columns of the maps.
        seen: top, left, bottom, right of the picture in them.
        scores: float64 ``(T + 1,)``, of the objects and their sum, where nothing is covered.
        seed: of all random numbers.
    """

    shape_hw: tuple[int, int]
    seen: tuple[int, int, int, int]
    scores: Any
    seed: int


#: Plans by the name of the method.
PLANS: dict[str, Callable[[Asking], MaskPlan]] = {
    DRISE_MAP: lambda asked: RandomMasks(asked.shape_hw, asked.seed),
    HIERARCHICAL_MAP: lambda asked: QuadTree(asked.shape_hw, asked.seen, asked.scores, asked.seed),
}


class MaskExplainer:
    """Explains pictures by masks, with the model's predictions in many covered pictures. Called from one thread.

    Args:
        finder: finds the objects.
        predict: predicts in letterboxed pictures, before or after suppression.
        method: name of the plan of masks (``PLANS``).
        masks: of each picture at most.
        has_boxes: False for a classifier.
        seed: of all random numbers.
    """

    def __init__(
        self,
        finder: Any,
        predict: Predict,
        method: str,
        masks: int,
        *,
        has_boxes: bool = True,
        seed: int = 0,
    ) -> None:
        self._finder: FindsBoxes = finder
        self._predict, self._method, self._masks = predict, method, masks
        self._targets = targets_of if has_boxes else one_hot_targets
        self._seed = seed

    def facts(self) -> ExplainerFacts:
        """Return what a report says of this explainer."""
        return replace(self._finder.facts(), method=self._method, layers=(LAYER,), unit=UNIT)

    def explain(
        self,
        image: Frame,
        *,
        conf: float | None = None,
        on_trials: OnMasks | None = None,
        is_stopped: Callable[[], bool] | None = None,
    ) -> Explanation:
        """Detect the objects of one picture and map by masks what their similarities depend on.

        Args:
            image: the picture.
            conf: keep boxes above this confidence; None takes the finder's own.
            on_trials: called after each batch with the number of masks and the most that there are.
            is_stopped: asked after each batch; True ends the masks, with the maps as they are then.
        """
        seen = self._finder.explain(image, with_map=False, conf=conf)
        return self.mapped(seen, on_trials, is_stopped)

    def mapped(
        self,
        seen: Explanation,
        on_trials: OnMasks | None = None,
        is_stopped: Callable[[], bool] | None = None,
    ) -> Explanation:
        """Map the objects of an explanation without maps: see ``explain``."""
        letterbox = self._finder.letterbox_of(seen.frame.size_wh)
        if not len(seen.detections):
            return replace(seen, saliency=self._empty(letterbox), map_error="")
        started = time.perf_counter()
        clear = letterbox.image_to_model(seen.frame.image_bgr)
        targets, plan = self._begun(clear, letterbox, seen)
        covering = CoveredPicture(clear, INFILLS[TRIALS_INFILL](clear))
        for progress in run_masks(plan, covering, targets, self._predict, self._masks, _AT_ONCE):
            if on_trials is not None:
                on_trials(progress.done, progress.total)
            if is_stopped is not None and is_stopped():
                break
        return self._with_maps(seen, plan, letterbox, time.perf_counter() - started)

    def _begun(
        self, clear: Uint8Array, letterbox: Letterbox, seen: Explanation
    ) -> tuple[MaskTargets, MaskPlan]:
        """Return the objects as targets, and the plan of masks."""
        (predicted,) = self._predict(clear[None])
        found = seen.detections
        boxes = letterbox.boxes_to_model(found.boxes_xyxy)
        targets = self._targets(predicted, boxes, [int(n) for n in found.class_ids])
        scores = with_sum(similarities(predicted, targets)[None].astype(np.float64))[0]
        shape = cells_of(letterbox.model_wh, CELL)
        return targets, PLANS[self._method](Asking(shape, _seen(letterbox, shape), scores, self._seed))

    def _with_maps(
        self, seen: Explanation, plan: MaskPlan, letterbox: Letterbox, seconds: float
    ) -> Explanation:
        """Return the explanation with the maps so far; without them, and why, where the masks are too few."""
        old = seen.timings
        timings = Timings(old.prepare_ms, old.forward_ms, 1e3 * seconds)
        if not plan.is_known:
            return replace(seen, timings=timings, map_error=f"{plan.masks} masks are too few for a map")
        maps = tuple(self._map(one, letterbox, plan.masks, seconds) for one in plan.maps())
        return replace(seen, saliency=maps[-1], object_maps=maps[:-1], timings=timings, map_error="")

    def _map(self, own: MaskedMap, letterbox: Letterbox, masks: int, seconds: float) -> SaliencyMap:
        return SaliencyMap(
            own.values,
            letterbox,
            self._method,
            LAYER,
            UNIT,
            trials=masks,
            deviation=own.error,
            seconds=round(seconds, 2),
        )

    def _empty(self, letterbox: Letterbox) -> SaliencyMap:
        """Return the map of a picture in which nothing was found."""
        nothing = np.zeros(cells_of(letterbox.model_wh, CELL), np.float32)
        return SaliencyMap(nothing, letterbox, self._method, LAYER, UNIT)


def _seen(letterbox: Letterbox, shape_hw: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return top, left, bottom and right of the picture in the cells of a map, at least a cell of each."""
    left, top, right, bottom = letterbox.boxes_to_model(letterbox.seen_xyxy)[0] / CELL
    tall, wide = shape_hw
    first = int(np.clip(top, 0, tall - 1)), int(np.clip(left, 0, wide - 1))
    last = min(tall, int(np.ceil(bottom))), min(wide, int(np.ceil(right)))
    return first[0], first[1], max(first[0] + 1, last[0]), max(first[1] + 1, last[1])
