"""The measurement: every row's map of every object, scored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from heatcam.engine import CandidateEngine, GradientEngine, picture_tensor
from heatcam.evaluation.checks import CheckedRow, Checks, checks_of
from heatcam.evaluation.choices import FractionsOf
from heatcam.evaluation.controls import CONTROLS, Scene
from heatcam.evaluation.curves import Curves, Trial, over_letterbox
from heatcam.evaluation.infills import Infill
from heatcam.evaluation.localisation import Place, place_of
from heatcam.evaluation.objects import Candidate, Photograph
from heatcam.evaluation.protocols import Protocol
from heatcam.evaluation.ranking import Ranking, ranking_of, windows_of
from heatcam.frames import SaliencyMap
from heatcam.geometry import Float32Array, Letterbox, Uint8Array

_TIES = 1  # in a seed: the order of equal pixels is drawn apart from the noise of controls


@dataclass(frozen=True)
class Score:
    """Scores of one row's map of one object under one infill.

    Attributes:
        row: the row's name.
        photograph: the photograph of the object.
        candidate: the object.
        curves: deletion and insertion, and the infill.
        place: localisation metrics of the map.
        checks: None where they were not asked for, and for controls, which depend on neither.
        made_with: name of the infill that the map was made with by trial; None for others.
    """

    row: str
    photograph: Photograph
    candidate: Candidate
    curves: Curves
    place: Place
    checks: Checks | None = None
    made_with: str | None = None


@dataclass(frozen=True)
class ScoringSettings:
    """Settings that all rows are scored with.

    Attributes:
        protocol: the protocol of deletion and insertion.
        infills: each map is scored under each of them.
        fractions_of: what the protocol's steps are fractions of.
        whole: score maps as they are, not cut to their box.
        seed: for all random numbers.
        scoring: the network that scores the pictures.
        controls: names of the controls.
    """

    protocol: Protocol
    infills: tuple[Infill, ...]
    fractions_of: FractionsOf
    whole: bool
    seed: int
    scoring: GradientEngine | CandidateEngine[Any]
    controls: tuple[str, ...] = tuple(CONTROLS)


#: The trials of one object: one under each infill.
Trials = Sequence[Trial]


def scores_of(
    photograph: Photograph,
    number: int,
    image: Uint8Array,
    rivals: Sequence[CheckedRow],
    means: ScoringSettings,
    on_map: Callable[[], None],
) -> Iterator[Score]:
    """Yield one photograph's scores: for each row and control, each object under each infill.

    A map that is made by trial is not scored under the infill that it was made with.

    Args:
        photograph: the objects to score.
        number: its index among the photographs; seeds its noise.
        image: its pixels, uint8 ``(H, W, 3)`` BGR.
        rivals: the rows.
        means: the settings that they are scored with.
        on_map: called after each map.

    Raises:
        MapError: a method gave no map.
    """
    wanted = photograph.candidates
    letterbox, _ = rivals[0].explainer.prepare(image)
    clear = letterbox.image_to_model(image)
    trials = _trials(wanted, clear, letterbox, number, means)
    for rival in rivals:
        maps = rival.maps(image, wanted)
        checks = checks_of(rival, clear, letterbox, wanted, np.random.default_rng([means.seed, number]))
        judged_by = {infill.name for infill in rival.row.judged_by(means.infills)}
        for candidate, own, saliency, check in zip(wanted, trials, maps, checks, strict=True):
            place, found = _scored(saliency, candidate, [t for t in own if t.infill in judged_by], means)
            for curves in found:
                yield Score(rival.row.name, photograph, candidate, curves, place, check, rival.row.made_with)
            on_map()
    for name in means.controls:
        for candidate, own in zip(wanted, trials, strict=True):
            saliency = _control(name, candidate, clear, letterbox, number, means)
            place, found = _scored(saliency, candidate, own, means)
            yield from (Score(name, photograph, candidate, curves, place) for curves in found)
            on_map()


def _control(
    name: str,
    candidate: Candidate,
    clear: Uint8Array,
    letterbox: Letterbox,
    number: int,
    means: ScoringSettings,
) -> SaliencyMap:
    """Draw a control's map of one object."""
    rng = np.random.default_rng([means.seed, number, candidate.anchor, candidate.class_id])
    box = letterbox.boxes_to_model(candidate.box_xyxy)[0]
    scene = Scene(clear, box, _cell(means.scoring, candidate, letterbox, box), rng)
    return SaliencyMap(CONTROLS[name](scene), letterbox, name, "")


def _cell(engine: Any, candidate: Candidate, letterbox: Letterbox, box_xyxy: Float32Array) -> Float32Array:
    """Return the cell that an object was found in, ``(4,)`` in model pixels; of a query, that in the middle of its box."""
    anchored: GradientEngine | None = engine.anchored()
    if anchored is not None:
        return np.asarray(anchored.cell_of(letterbox.model_wh, candidate.anchor), np.float32)
    corner = (box_xyxy[:2] + box_xyxy[2:]) / 2 // engine.stride * engine.stride
    return np.asarray([*corner, *(corner + engine.stride)], np.float32)


def _trials(
    wanted: Sequence[Candidate],
    clear: Uint8Array,
    letterbox: Letterbox,
    number: int,
    means: ScoringSettings,
) -> list[Trials]:
    """Return the trials of each object, with the box as the head predicts it: not clipped to the picture, nor made upright."""
    engine = means.scoring
    with engine.exclusive_threads():
        found = engine.boxes_at(
            picture_tensor(clear, engine.device, engine.channels), [c.anchor for c in wanted]
        )
    boxes = found.cpu().numpy()
    backdrops = {infill.name: infill.backdrop(clear) for infill in means.infills}
    predict = partial(_predictions, engine)
    rankings = [_ranking(c, letterbox, number, means) for c in wanted]
    return [
        [
            Trial(predict, clear, name, backdrop, means.protocol, ranking, box, c.class_id)
            for name, backdrop in backdrops.items()
        ]
        for box, ranking, c in zip(boxes, rankings, wanted, strict=True)
    ]


def _ranking(candidate: Candidate, letterbox: Letterbox, number: int, means: ScoringSettings) -> Ranking:
    """Return an object's ranking: of the pixels of its box, or of the picture if ``means.whole``."""
    shape_hw = letterbox.model_wh[1], letterbox.model_wh[0]
    seen = np.asarray([0, 0, *letterbox.image_wh], np.float32)  # the letterbox's border is never ranked
    box, whole = letterbox.boxes_to_model(np.stack((candidate.box_xyxy, seen)))
    ranked, counted = windows_of(box, whole, shape_hw, means.fractions_of, whole=means.whole)
    rng = np.random.default_rng([means.seed, number, candidate.anchor, candidate.class_id, _TIES])
    return ranking_of(shape_hw, ranked, counted, means.protocol.fractions, rng)


def _scored(
    saliency: SaliencyMap, candidate: Candidate, trials: Trials, means: ScoringSettings
) -> tuple[Place, list[Curves]]:
    """Measure a map's localisation and, under each infill, its curves."""
    place = place_of(saliency.in_image().clip(0), candidate.box_xyxy, candidate.others_xyxy)
    values = over_letterbox(saliency.values, saliency.letterbox.model_wh)
    with means.scoring.exclusive_threads():
        return place, [trial.curves(values) for trial in trials]


def _predictions(
    engine: GradientEngine | CandidateEngine[Any], boxed_bgr: Uint8Array, class_id: int
) -> Iterator[tuple[Float32Array, Float32Array]]:
    """Yield all boxes of a letterboxed picture, the likeliest of a class first, and their scores, as NumPy."""
    for boxes, scores in engine.likeliest(
        picture_tensor(boxed_bgr, engine.device, engine.channels), class_id
    ):
        yield boxes.cpu().numpy(), scores.cpu().numpy()
