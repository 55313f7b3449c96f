"""Calibration of a model's evidence, measured once against the same network with a shuffled head.

Maps themselves do not tell a trained head from a shuffled one. With YOLOv8n on COCO, on 15 photographs, the positive evidence in
a box, its density, its peak, its share inside and the enrichment each ranked a true map above the same anchor's map of a
shuffled head in 35 to 60 % of all pairs, and of ``markers`` in 2 to 62 %: a shuffled head has gradients as large as a trained
one. A shuffled head lacks agreement: evidence for and against an object cancels out. So evidence is judged by
``GradientEngine.coherence``, at the head's inputs, where every map here takes its gradient from; each object has its own
verdict also when one map is drawn for all. It is of plain gradients, whatever the maps are made with: through held gates, and
against a floor of the same, 3 of 81 true markers in 16 pictures of the demo scene had low evidence, and plainly none.

Of YOLOv8n's 103 objects on 28 photographs none was flagged (live and fine); of the same anchors with other shuffled heads about
95 % are. A network that is loaded with a shuffled head is judged against further shuffles: 45 of 74, 3 of 3 and 22 of 22 objects
of three such ``markers`` were flagged (with a live map of one level).

The same measurement gives the fixed scale: the evidence in a hot cell of the model's usual detections.
"""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from heatcam.engine import Engine, Forward, GradientEngine, Thresholds, strongest_of, with_shuffled_head
from heatcam.errors import HeatcamError
from heatcam.frames import SaliencyMap
from heatcam.geometry import Letterbox, Uint8Array
from heatcam.measures import cells_in_box, peak_of
from heatcam.saliency.explainer import Calibration, Explainer
from heatcam.saliency.methods import METHODS

logger = logging.getLogger(__name__)

SEEDS = range(4)
MOST_OBJECTS = 8  # of each picture
MOST_COMPARED = 3  # maps of each picture that are made with a shuffled head too
#: The same of networks whose candidates each take backward passes of their own.
CANDIDATE_SEEDS = range(2)
MOST_CANDIDATES = 4
#: Share of such a network's own detections that must lie above the floor for a verdict. Of an RT-DETR of 96 channels, trained for
#: minutes on coloured shapes, 8 of 15 do, and as many of some shuffled heads: there the verdict would say nothing.
TOLD_APART = 0.9
FLOOR_PERCENTILE = 95
#: Half of the detections reach full heat at the fixed scale. At 75, large objects, whose evidence is spread, stayed cold.
FULL_HEAT_PERCENTILE = 50
LEAST_DETECTIONS = 3  # for a fixed scale
#: Maps as similar as this (cosine) to those of a shuffled head do not depend on what the head has learned.
SAME_MAP = 0.99
_WEAKEST = Thresholds(conf=0.001)
_USUAL = 0.25  # confidence from which a box counts as a detection


@dataclass
class _Seen:
    """Measurements on the pictures so far.

    Attributes:
        shuffled: coherence with a shuffled head: at the same anchors and classes, and of the objects that such a head would show.
        peaks: the evidence in a hot cell of each detection's own map.
        own: coherence of the detections with the network's own head; of networks without anchors alone.
        alike: cosines between an object's map and its map of a shuffled head.
    """

    shuffled: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)
    alike: list[float] = field(default_factory=list)


def measure(explainer: Explainer, pictures: Sequence[Uint8Array]) -> Calibration:
    """Explain ``pictures`` with the network's head and with shuffled copies of it. The explainer is not changed.

    Args:
        explainer: of a detector; classifiers, and networks whose head is not known, give an empty calibration.
        pictures: uint8 ``(H, W, 3)`` BGR; all are used, however long it takes: a remembered result must not depend on the clock.
    """
    engine: GradientEngine | None = explainer.engine.anchored()
    if engine is None:
        return _measured_by_candidate(explainer, pictures)
    plain = engine.explaining(engine.branches)
    plain.explained_class = None
    twins = [with_shuffled_head(plain, seed) for seed in SEEDS]
    seen = _Seen()
    try:
        with plain.exclusive_threads():
            for picture in pictures:
                _look_at(picture, _with_engine(explainer, plain), plain, twins, seen)
    except (HeatcamError, RuntimeError, ValueError, ArithmeticError):
        logger.debug("the maps of %s cannot be calibrated", explainer.title, exc_info=True)
        return Calibration()
    return _verdict(seen)


def _measured_by_candidate(explainer: Explainer, pictures: Sequence[Uint8Array]) -> Calibration:
    """Measure a network whose candidates have logits of their own: each object needs backward passes, so there are fewer."""
    engine = explainer.engine.by_candidate()
    if engine is None or not METHODS[explainer.method].is_evidence:
        return Calibration()
    plain = copy.copy(engine)
    plain.explained_class = None
    twins = [plain.with_shuffled_head(seed) for seed in CANDIDATE_SEEDS]
    if None in twins:
        return Calibration()
    seen = _Seen()
    try:
        for picture in pictures:
            _look_at_candidates(picture, _with_engine(explainer, plain), twins, seen)
    except (HeatcamError, RuntimeError, ValueError, ArithmeticError):
        logger.debug("the maps of %s cannot be calibrated", explainer.title, exc_info=True)
        return Calibration()
    return _if_told_apart(_verdict(seen), seen.own)


def _if_told_apart(found: Calibration, own: Sequence[float]) -> Calibration:
    """Return the calibration without its floor where the network's own detections do not lie above it.

    Args:
        found: the calibration.
        own: coherence of the network's detections on the same pictures.
    """
    above = sum(value > (found.floor or 0.0) for value in own)
    if found.floor in (None, math.inf) or (len(own) >= LEAST_DETECTIONS and above >= TOLD_APART * len(own)):
        return found
    logger.info(
        "no verdict of low evidence: %d of %d detections are above a shuffled head's", above, len(own)
    )
    return Calibration(None, found.full_heat)


def _look_at_candidates(picture: Uint8Array, explainer: Explainer, twins: Sequence[Any], seen: _Seen) -> None:
    """Measure one picture with an engine of candidates and its twins, whose candidates are the same ones."""
    letterbox, boxed = explainer.prepare(picture)
    found = explainer.engine.forward(boxed, _WEAKEST, with_graph=True)
    forward = Forward(found.inputs, found.boxes.only(slice(MOST_CANDIDATES)))
    maps = explainer.own_maps(forward, letterbox)
    for twin in twins:
        loud = twin.forward(boxed, explainer.thresholds, with_graph=True)
        shown = Forward(loud.inputs, loud.boxes.only(slice(MOST_CANDIDATES)))
        same = twin.at(loud, forward.boxes.anchors.tolist(), forward.boxes.class_ids.tolist())
        others = _with_engine(explainer, twin).own_maps(same, letterbox)
        if len(shown.boxes):
            _with_engine(explainer, twin).own_maps(shown, letterbox)
        seen.shuffled += _coherence(twin, same).tolist() + _coherence(twin, shown).tolist()
        seen.alike += map(_cosine, maps[:MOST_COMPARED], others)
    boxes = letterbox.boxes_to_image(forward.boxes.xyxy.float().cpu().numpy())
    confidences = forward.boxes.confidences.cpu().numpy()
    seen.own += _coherence(explainer.engine, forward)[confidences > _USUAL].tolist()
    for own, box in zip(maps, boxes[confidences > _USUAL], strict=False):
        seen.peaks.append(peak_of(cells_in_box(own.values, letterbox, box)))


def _with_engine(explainer: Explainer, engine: Engine) -> Explainer:
    other = copy.copy(explainer)
    other.engine = engine
    return other


def _look_at(
    picture: Uint8Array,
    explainer: Explainer,
    engine: GradientEngine,
    twins: Sequence[GradientEngine],
    seen: _Seen,
) -> None:
    """Measure one picture with the explainer's engine and its twins with shuffled heads."""
    letterbox, boxed = explainer.prepare(picture)
    found = engine.forward(boxed, _WEAKEST, with_graph=True)
    forward = Forward(found.inputs, found.boxes.only(slice(MOST_OBJECTS)))
    confidences = forward.boxes.confidences.cpu().numpy()
    for twin in twins:
        seen.shuffled += _coherence(twin, forward).tolist()
        loud = strongest_of(twin, forward, MOST_OBJECTS)
        shown = loud.boxes.confidences > explainer.thresholds.conf
        if shown.any():
            seen.shuffled += _coherence(twin, Forward(loud.inputs, loud.boxes.only(shown))).tolist()
    maps = explainer.own_maps(forward, letterbox)
    boxes = letterbox.boxes_to_image(forward.boxes.xyxy.float().cpu().numpy())
    for own, box in zip(maps, boxes[confidences > _USUAL], strict=False):
        seen.peaks.append(peak_of(cells_in_box(own.values, letterbox, box)))
    seen.alike += _alike(maps, forward, letterbox, _with_engine(explainer, twins[0]))


def _coherence(engine: Engine, forward: Forward) -> np.ndarray:
    """Return the coherence of each box, float ``(N,)``; empty where it is not known."""
    found = engine.coherence(forward)
    return np.zeros(0) if found is None else found.cpu().numpy()


def _alike(
    maps: Sequence[SaliencyMap], forward: Forward, letterbox: Letterbox, shuffled: Explainer
) -> list[float]:
    """Return the cosines between the first objects' maps and those of a shuffled head."""
    few = Forward(forward.inputs, forward.boxes.only(slice(MOST_COMPARED)))
    return list(map(_cosine, maps, shuffled.own_maps(few, letterbox)))


def _cosine(one: SaliencyMap, other: SaliencyMap) -> float:
    length = float(np.linalg.norm(one.values) * np.linalg.norm(other.values))
    return float((one.values * other.values).sum()) / length if length > 0 else 0.0


def _verdict(seen: _Seen) -> Calibration:
    """Return the calibration from the measurements on all pictures."""
    floor = None
    if seen.shuffled:
        floor = float(np.percentile(seen.shuffled, FLOOR_PERCENTILE))
        if seen.alike and float(np.median(seen.alike)) > SAME_MAP:
            floor = math.inf
    peaks = [peak for peak in seen.peaks if peak > 0]
    full_heat = float(np.percentile(peaks, FULL_HEAT_PERCENTILE)) if len(peaks) >= LEAST_DETECTIONS else None
    return Calibration(floor, full_heat)
