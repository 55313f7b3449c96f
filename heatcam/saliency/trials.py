"""``--quality true``: maps of a picture's objects by trial, on top of its fine maps.

Each object is tried in a crop around it, since what is far away hardly changes its score; whether that holds is measured first.
The regression starts from the fine map, from the evidence at its first layer alone, and from the picture's edges.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from heatcam.engine import Scorer, start_scorer
from heatcam.enums import TRUE_MAP
from heatcam.frames import ExplainerFacts, Explanation, Frame, SaliencyMap
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.measures import undecided_share
from heatcam.perturbation import (
    INFILLS,
    RANDOM_TRIALS,
    TRIALS_INFILL,
    Crop,
    ObjectTrials,
    Progress,
    Settling,
    Subject,
    edge_strength,
    ranks,
    refine,
    resized,
)
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.prepared import in_8_bit

UNIT = "score"
LAYER = "output"
CROP_SIDE = 320  # model pixels, a multiple of every stride in use
_CELL = 4  # model pixels a cell of the map: priors and cells are smooth
_BATCH = 16  # pictures
_SMALL_BATCH = 8  # where somebody may want to stop soon: two of the scorer's requests, for two cores
#: Share of the confidence that has to be left of an object's score in its crop; else it is tried in the whole picture.
_LEAST_LEFT = 0.75

#: Share of a map's evidence that its trials may leave undecided for it to take the fine map's place while they go on.
_MOST_UNDECIDED = 0.5

Size = tuple[int, int]
OnTrials = Callable[[int, int], None]  # number of trials done, and of all


class TrialScorers:
    """Scorers of one explainer's network, each started when the first pictures of its size come.

    Args:
        explainer: of the network.
        backend, precision: as ``ExplainOptions`` has them.
        own_network: score with a copy of the network, so that the explainer can be used in another thread meanwhile: heads keep
            the grid of the last picture's size.
    """

    def __init__(
        self, explainer: Explainer, backend: str, precision: str, *, own_network: bool = False
    ) -> None:
        self._engine: Any = explainer.engine
        cut = _cut_of(explainer.engine)
        self._cut = copy.deepcopy(cut) if own_network else cut
        self._backend, self._precision = backend, precision
        self._started: dict[Size, Scorer] = {}

    @property
    def takes_crops(self) -> bool:
        """See ``TappedNetwork``."""
        return bool(self._cut.takes_crops)

    @property
    def has_boxes(self) -> bool:
        """See ``TappedNetwork``."""
        return bool(self._cut.has_boxes)

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
                self._cut, self._engine.device, size_wh, self._backend, self._precision
            )
        return self._started[size_wh]


@dataclass(frozen=True, eq=False)
class _Tried:
    """One object's trials, and where they are made.

    Attributes:
        crop: the part of the letterboxed picture.
        window: rows and columns of its box in the crop.
        refinement: what the trials have told.
        settling: tells when more of them are not needed.
    """

    crop: Crop
    window: tuple[slice, slice]
    refinement: ObjectTrials
    settling: Settling = field(default_factory=Settling)


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
        self._count = len(explanation.object_maps)
        self._objects: dict[int, _Tried] = {}  # those that were begun, by their place
        self._ended: set[int] = set()  # those that ``run_object`` has made all trials of
        if self._count:
            clear = explanation.object_maps[0].letterbox.image_to_model(in_8_bit(explanation.frame))
            self._pictures = clear, INFILLS[TRIALS_INFILL](clear), edge_strength(clear)

    @property
    def trials(self) -> int:
        """Number of trials of all objects so far."""
        return sum(one.refinement.trials for one in self._objects.values())

    def run(self, trials: int) -> Iterator[Progress]:
        """Make trials until each object has had so many, those before included; yield after each batch."""
        self._begin(range(self._count))
        total, before = trials * self._count, 0
        tried = [self._objects[n] for n in range(self._count)]
        for size_wh in dict.fromkeys(one.crop.size_wh for one in tried):
            own = [one.refinement for one in tried if one.crop.size_wh == size_wh]
            for progress in self._refined(own, size_wh, trials, _BATCH):
                yield Progress(before + progress.done, total)
            before += trials * len(own)

    def run_object(self, number: int, trials: int) -> Iterator[Progress]:
        """Make trials of one object until it has had so many or its map is settled; yield after each small batch."""
        self._begin([number])
        one = self._objects[number]
        batches = self._refined([one.refinement], one.crop.size_wh, trials, _SMALL_BATCH)
        while not one.settling.is_settled and (progress := next(batches, None)) is not None:
            one.settling.look(one.refinement)
            yield progress
        self._ended.add(number)

    def explanation(self, *, fine_for_others: bool = False) -> Explanation:
        """Return the explanation with the maps that the trials have made so far; before enough for one it has the fine maps.

        Args:
            fine_for_others: an object whose trials go on and have decided less than half of its evidence, where others are known,
                has its fine map, in score: its positive evidence sums up to the object's confidence. False is for after ``run``:
                such a map is pale, or all undecided.
        """
        fine = self._explanation
        known = {n: _map_of(self._objects[n], fine.object_maps[n]) for n in self._known()}
        if fine_for_others:
            known = {n: own for n, own in known.items() if n in self._ended or _is_decided(own)}
        if not known:
            return fine
        other = self._in_score if fine_for_others else self._undecided
        maps = tuple(known[n] if n in known else other(n) for n in range(self._count))
        timings = replace(fine.timings, map_ms=fine.timings.map_ms + 1e3 * self._seconds)
        total = _sum_of(maps)
        if fine_for_others and len(known) < self._count:
            total = replace(total, trials=0)  # of some objects alone
        return replace(fine, saliency=total, object_maps=maps, timings=timings)

    def _undecided(self, number: int) -> SaliencyMap:
        """Return the map of an object that was tried too little."""
        return _map_of(self._objects[number], self._explanation.object_maps[number])

    def _in_score(self, number: int) -> SaliencyMap:
        """Return an object's fine map as it is shown beside maps by trial, in their unit and shape."""
        fine, found = self._explanation.object_maps[number], self._explanation.detections
        values = resized(fine.values, _shape_of(fine))
        total = float(np.maximum(values, 0).sum())
        share = float(found.confidences[number]) / total if total > 0 else 0.0
        none = np.zeros(_shape_of(fine), np.float32)
        return SaliencyMap(
            np.asarray(share * values, np.float32), fine.letterbox, TRUE_MAP, LAYER, UNIT, deviation=none
        )

    def _known(self) -> set[int]:
        """Return the places of the objects that have had enough trials for a map."""
        return {n for n, one in self._objects.items() if one.refinement.is_known}

    def _refined(
        self, own: Sequence[ObjectTrials], size_wh: Size, trials: int, batch: int
    ) -> Iterator[Progress]:
        """Make trials of objects in crops of one size, and count the time that they take."""
        started = time.perf_counter()
        for progress in refine(own, self._scorers.of(size_wh), trials, batch):
            self._seconds += time.perf_counter() - started
            yield progress
            started = time.perf_counter()

    def _begin(self, numbers: Iterable[int]) -> None:
        """Prepare the trials of those of these objects that were not begun before."""
        new = [n for n in numbers if n not in self._objects]
        self._objects |= {n: self._object(n) for n in new}
        self._objects |= {n: self._object(n, whole=True) for n in self._badly_cropped(new)}

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
        known = (values for values in (fine.values, fine.relevance, edges) if values is not None)
        priors = [crop.resampled(values, letterbox.model_wh, window) for values in known]
        subject = Subject(
            crop.of(clear),
            crop.of(backdrop),
            window,
            np.stack([ranks(one) for one in priors]),
            crop.box(box),
            scorers.class_asked(int(found.class_ids[number])),
        )
        return _Tried(crop, window, ObjectTrials(subject, seed=number, random_trials=self._random_trials))

    def _badly_cropped(self, new: Sequence[int]) -> list[int]:
        """Return those whose score in their clear crop is much below their confidence: they depend on what is far away."""
        size_wh, found = (CROP_SIDE, CROP_SIDE), self._explanation.detections
        cropped = [n for n in new if self._objects[n].crop.size_wh == size_wh]
        bad: list[int] = []
        for own in (cropped[start : start + _BATCH] for start in range(0, len(cropped), _BATCH)):
            some = [self._objects[n].refinement.subject for n in own]
            classes = [int(found.class_ids[n]) for n in own]
            pictures, boxes = np.stack([one.clear for one in some]), np.stack([one.box_xyxy for one in some])
            scores = self._scorers.of(size_wh)(pictures, boxes, classes)
            low = scores < _LEAST_LEFT * found.confidences[own]
            bad += [n for n, is_low in zip(own, low, strict=True) if is_low]
        return bad


def _cut_of(engine: Any) -> Any:
    """Return an engine's network, which not every kind of engine has."""
    return engine.cut


def _is_decided(own: SaliencyMap) -> bool:
    """Return True if trials have decided enough of a map for it to be drawn in place of the fine one."""
    undecided = undecided_share(own)
    return undecided is not None and undecided <= _MOST_UNDECIDED


def _shape_of(fine: SaliencyMap) -> tuple[int, int]:
    """Return rows and columns of the maps by trial beside a fine one."""
    return fine.letterbox.model_wh[1] // _CELL, fine.letterbox.model_wh[0] // _CELL


def _map_of(tried: _Tried, fine: SaliencyMap) -> SaliencyMap:
    """Return one object's map over the letterbox of its fine map, in score per cell."""
    state, crop, letterbox = tried.refinement.state(), tried.crop, fine.letterbox
    shape = _shape_of(fine)
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
        own_network: see ``TrialScorers``.
    """

    def __init__(
        self,
        explainer: Explainer,
        trials: int,
        backend: str = "auto",
        precision: str = "auto",
        *,
        own_network: bool = False,
    ) -> None:
        self.fine, self.trials = explainer, trials
        self._scorers = TrialScorers(explainer, backend, precision, own_network=own_network)

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
