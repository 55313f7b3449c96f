"""``--quality true``: maps of a picture's objects by trial, on top of its fine maps.

Each object is tried in a crop around it, since what is far away hardly changes its score; whether that holds is measured first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from heatcam.engine import Scorer, start_scorer
from heatcam.enums import TRUE_MAP
from heatcam.frames import ExplainerFacts, Explanation, Frame, SaliencyMap
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.perturbation import (
    INFILLS,
    RANDOM_TRIALS,
    TRIALS_INFILL,
    Crop,
    ObjectTrials,
    Progress,
    Subject,
    edge_strength,
    ranks,
    refine,
)
from heatcam.saliency.explainer import Explainer

UNIT = "score"
LAYER = "output"
CROP_SIDE = 320  # model pixels, a multiple of every stride in use
_CELL = 4  # model pixels a cell of the map: priors and cells are smooth
_BATCH = 16  # pictures
#: Share of the confidence that has to be left of an object's score in its crop; else it is tried in the whole picture.
_LEAST_LEFT = 0.75

Size = tuple[int, int]
OnTrials = Callable[[int, int], None]  # number of trials done, and of all


class TrialScorers:
    """Scorers of one explainer's network, each started when the first pictures of its size come.

    Args:
        explainer: of the network.
        backend, precision: as ``ExplainOptions`` has them.
    """

    def __init__(self, explainer: Explainer, backend: str, precision: str) -> None:
        self._engine: Any = explainer.engine
        self._backend, self._precision = backend, precision
        self._started: dict[Size, Scorer] = {}

    @property
    def takes_crops(self) -> bool:
        """See ``TappedNetwork``."""
        return bool(self._engine.cut.takes_crops)

    @property
    def has_boxes(self) -> bool:
        """See ``TappedNetwork``."""
        return bool(self._engine.cut.has_boxes)

    def class_asked(self, own: int) -> int:
        """Return the class that is asked about at a box: its own, unless another one is explained everywhere."""
        asked = self._engine.explained_class
        return own if asked is None else int(asked)

    def of(self, size_wh: Size) -> Scorer:
        """Return the scorer of pictures of a size; the one of crops is kept, and one other."""
        if size_wh not in self._started:
            crops = (CROP_SIDE, CROP_SIDE)
            self._started = {size: one for size, one in self._started.items() if size == crops}
            self._started[size_wh] = start_scorer(
                self._engine.cut, self._engine.device, size_wh, self._backend, self._precision
            )
        return self._started[size_wh]


@dataclass(frozen=True, eq=False)
class _Tried:
    """One object's trials, and where they are made.

    Attributes:
        crop: the part of the letterboxed picture.
        window: rows and columns of its box in the crop.
        refinement: what the trials have told.
    """

    crop: Crop
    window: tuple[slice, slice]
    refinement: ObjectTrials


class PictureTrials:
    """Trials of all objects of one explanation. They can be stopped at any time, looked at, and gone on with.

    Args:
        explanation: boxes and fine maps of one picture.
        scorers: of its network.
        random_trials: of each object, before rankings are drawn.
    """

    def __init__(self, explanation: Explanation, scorers: TrialScorers, random_trials: int) -> None:
        self._explanation, self._scorers, self._random_trials = explanation, scorers, random_trials
        self._seconds = 0.0
        self._objects: list[_Tried] = []
        if not explanation.object_maps:
            return
        clear = explanation.object_maps[0].letterbox.image_to_model(explanation.frame.image_bgr)
        self._pictures = clear, INFILLS[TRIALS_INFILL](clear), edge_strength(clear)
        self._objects = [self._object(n) for n in range(len(explanation.object_maps))]
        for number in self._badly_cropped():
            self._objects[number] = self._object(number, whole=True)

    def run(self, trials: int) -> Iterator[Progress]:
        """Make trials until each object has had so many, those before included; yield after each batch."""
        total, before = trials * len(self._objects), 0
        for size_wh in dict.fromkeys(one.crop.size_wh for one in self._objects):
            own = [one.refinement for one in self._objects if one.crop.size_wh == size_wh]
            started = time.perf_counter()
            for progress in refine(own, self._scorers.of(size_wh), trials, _BATCH):
                self._seconds += time.perf_counter() - started
                yield Progress(before + progress.done, total)
                started = time.perf_counter()
            before += trials * len(own)

    def explanation(self) -> Explanation:
        """Return the explanation with the maps that the trials have made so far; before enough for one it has the fine maps.

        An object of which too little is known, where others are, has a map that is all undecided.
        """
        fine = self._explanation
        if not any(one.refinement.is_known for one in self._objects):
            return fine
        maps = tuple(_map_of(one, fine.object_maps[n]) for n, one in enumerate(self._objects))
        timings = replace(fine.timings, map_ms=fine.timings.map_ms + 1e3 * self._seconds)
        return replace(fine, saliency=_sum_of(maps), object_maps=maps, timings=timings)

    def _object(self, number: int, *, whole: bool = False) -> _Tried:
        """Prepare the trials of one object, in a crop or in the whole picture."""
        fine, found = self._explanation.object_maps[number], self._explanation.detections
        letterbox, scorers = fine.letterbox, self._scorers
        seen = letterbox.boxes_to_model(letterbox.seen_xyxy)[0]
        box = letterbox.boxes_to_model(found.boxes_xyxy[number])[0] if scorers.has_boxes else seen
        crop = Crop.whole(letterbox.model_wh)
        if not whole and scorers.takes_crops and np.prod(letterbox.model_wh) > CROP_SIDE**2:
            crop = Crop.around(box, letterbox.model_wh, (CROP_SIDE, CROP_SIDE))
        window = crop.window(box, seen)
        clear, backdrop, edges = self._pictures
        priors = [crop.resampled(values, letterbox.model_wh, window) for values in (fine.values, edges)]
        subject = Subject(
            crop.of(clear),
            crop.of(backdrop),
            window,
            np.stack([ranks(one) for one in priors]),
            crop.box(box),
            scorers.class_asked(int(found.class_ids[number])),
        )
        return _Tried(crop, window, ObjectTrials(subject, seed=number, random_trials=self._random_trials))

    def _badly_cropped(self) -> list[int]:
        """Return the objects whose score in their clear crop is much below their confidence: they depend on what is far away."""
        size_wh, found = (CROP_SIDE, CROP_SIDE), self._explanation.detections
        cropped = [n for n, one in enumerate(self._objects) if one.crop.size_wh == size_wh]
        bad: list[int] = []
        for own in (cropped[start : start + _BATCH] for start in range(0, len(cropped), _BATCH)):
            some = [self._objects[n].refinement.subject for n in own]
            classes = [int(found.class_ids[n]) for n in own]
            pictures, boxes = np.stack([one.clear for one in some]), np.stack([one.box_xyxy for one in some])
            scores = self._scorers.of(size_wh)(pictures, boxes, classes)
            low = scores < _LEAST_LEFT * found.confidences[own]
            bad += [n for n, is_low in zip(own, low, strict=True) if is_low]
        return bad


def _map_of(tried: _Tried, fine: SaliencyMap) -> SaliencyMap:
    """Return one object's map over the letterbox of its fine map, in score per cell."""
    state, crop, letterbox = tried.refinement.state(), tried.crop, fine.letterbox
    shape = letterbox.model_wh[1] // _CELL, letterbox.model_wh[0] // _CELL
    share = (_CELL * crop.scale) ** 2 / state.values.size  # of the box, that one cell of the map is
    deviation = np.minimum(
        state.deviation, np.abs(state.values).max()
    )  # (finite also before the first trials)
    placed = [
        crop.placed(np.asarray(share * each, np.float32), tried.window, letterbox.model_wh, shape)
        for each in (state.values, deviation)
    ]
    trials = state.trials if tried.refinement.is_known else 0
    return SaliencyMap(placed[0], letterbox, TRUE_MAP, LAYER, UNIT, None, trials, placed[1])


def _sum_of(maps: Sequence[SaliencyMap]) -> SaliencyMap:
    """Return the sum of maps of different objects, by as many trials as the least tried of those that are known has had."""
    squares = np.sum([one.deviation**2 for one in maps if one.deviation is not None], 0, dtype=np.float32)
    values: Float32Array = np.sum([one.values for one in maps], 0, dtype=np.float32)
    trials = min(one.trials for one in maps if one.trials)
    return replace(maps[0], values=values, trials=trials, deviation=np.sqrt(squares))


class TrialExplainer:
    """Explains pictures by trial: an ``Explainer`` whose maps are made with the network's forward pass alone, many times.

    Args:
        explainer: finds the objects and makes their fine maps.
        trials: of each object.
        backend, precision: what makes them, as ``ExplainOptions`` has it.
    """

    def __init__(
        self, explainer: Explainer, trials: int, backend: str = "auto", precision: str = "auto"
    ) -> None:
        self.fine, self.trials = explainer, trials
        self._scorers = TrialScorers(explainer, backend, precision)

    def facts(self) -> ExplainerFacts:
        """Return what a report says of this explainer."""
        return replace(self.fine.facts(), method=TRUE_MAP, layers=(LAYER,), unit=UNIT)

    def trials_of(self, explanation: Explanation) -> PictureTrials:
        """Prepare the trials of an explanation that ``fine`` has made with object maps."""
        return PictureTrials(explanation, self._scorers, min(RANDOM_TRIALS, max(1, self.trials // 2)))

    def explain(
        self,
        image: Uint8Array | Frame,
        *,
        conf: float | None = None,
        on_trials: OnTrials | None = None,
        is_stopped: Callable[[], bool] | None = None,
    ) -> Explanation:
        """Detect the objects of one picture and map by trial what their scores depend on.

        Args:
            image: as for ``Explainer.explain``.
            conf: as there.
            on_trials: called after each batch with the number of trials done and that of all, in this thread.
            is_stopped: asked after each batch; True ends the trials, with the maps as they are then.
        """
        seen = self.fine.explain(image, with_object_maps=True, conf=conf)
        with self.fine.engine.exclusive_threads():
            tried = self.trials_of(seen)
            for progress in tried.run(self.trials):
                if on_trials is not None:
                    on_trials(progress.done, progress.total)
                if is_stopped is not None and is_stopped():
                    break
            return tried.explanation()
