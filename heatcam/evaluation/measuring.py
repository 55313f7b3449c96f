"""The measurement: every row's map of every object, scored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from heatcam.engine import GradientEngine, picture_tensor
from heatcam.evaluation.checks import CheckedRow, Checks, checks_of
from heatcam.evaluation.controls import CONTROLS, Scene
from heatcam.evaluation.curves import Curves, Trial, cut_to_box, over_letterbox
from heatcam.evaluation.localisation import Place, place_of
from heatcam.evaluation.objects import Candidate, Photograph
from heatcam.evaluation.protocols import Protocol
from heatcam.evaluation.rows import maps_of
from heatcam.frames import SaliencyMap
from heatcam.geometry import Float32Array, Uint8Array


@dataclass(frozen=True)
class Score:
    """Scores of one row's map of one object.

    Attributes:
        row: the row's name.
        photograph: the photograph of the object.
        candidate: the object.
        curves: deletion and insertion.
        place: localisation metrics of the map.
        checks: None where they were not asked for, and for controls, which depend on neither.
    """

    row: str
    photograph: Photograph
    candidate: Candidate
    curves: Curves
    place: Place
    checks: Checks | None = None


@dataclass(frozen=True)
class ScoringSettings:
    """Settings that all rows are scored with.

    Attributes:
        protocol: the protocol of deletion and insertion.
        whole: score maps as they are, not cut to their box.
        seed: for all random numbers.
        scoring: the network that scores the pictures.
    """

    protocol: Protocol
    whole: bool
    seed: int
    scoring: GradientEngine


def scores_of(
    photograph: Photograph,
    number: int,
    image: Uint8Array,
    rivals: Sequence[CheckedRow],
    means: ScoringSettings,
    on_map: Callable[[], None],
) -> Iterator[Score]:
    """Yield one photograph's scores: for each row and control, each object.

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
    trials = _trials(wanted, clear, means)
    for rival in rivals:
        maps = maps_of(rival.explainer, image, wanted)
        checks = checks_of(rival, clear, letterbox, wanted, np.random.default_rng([means.seed, number]))
        for candidate, trial, saliency, check in zip(wanted, trials, maps, checks, strict=True):
            score = _scored(saliency, candidate, trial, means)
            yield Score(rival.row.name, photograph, candidate, *score, check)
            on_map()
    for name, draw in CONTROLS.items():
        for candidate, trial in zip(wanted, trials, strict=True):
            rng = np.random.default_rng([means.seed, number, candidate.anchor, candidate.class_id])
            cell = np.asarray(means.scoring.cell_of(letterbox.model_wh, candidate.anchor), np.float32)
            scene = Scene(clear, letterbox.boxes_to_model(candidate.box_xyxy)[0], cell, rng)
            saliency = SaliencyMap(draw(scene), letterbox, name, "")
            yield Score(name, photograph, candidate, *_scored(saliency, candidate, trial, means))
            on_map()


def _trials(wanted: Sequence[Candidate], clear: Uint8Array, means: ScoringSettings) -> list[Trial]:
    """Return one trial per object, with the box as the head predicts it: not clipped to the picture, nor made upright."""
    engine, backdrop = means.scoring, means.protocol.backdrop(clear)
    with engine.exclusive_threads():
        found = engine.boxes_at(
            picture_tensor(clear, engine.device, engine.channels), [c.anchor for c in wanted]
        )
    predict = partial(_predictions, engine)
    boxes = found.cpu().numpy()
    return [
        Trial(predict, clear, backdrop, means.protocol, box, c.class_id)
        for box, c in zip(boxes, wanted, strict=True)
    ]


def _scored(
    saliency: SaliencyMap, candidate: Candidate, trial: Trial, means: ScoringSettings
) -> tuple[Curves, Place]:
    """Measure a map's curves, cut to the box unless ``means.whole``, and its localisation, uncut."""
    letterbox = saliency.letterbox
    place = place_of(saliency.in_image().clip(0), candidate.box_xyxy, candidate.others_xyxy)
    whole = np.asarray([0, 0, *letterbox.image_wh], np.float32)  # the letterbox's border is never shown
    limits = letterbox.boxes_to_model(whole if means.whole else candidate.box_xyxy)[0]
    values = cut_to_box(over_letterbox(saliency.values, letterbox.model_wh), limits)
    with means.scoring.exclusive_threads():
        return trial.curves(values), place


def _predictions(
    engine: GradientEngine, boxed_bgr: Uint8Array, class_id: int
) -> Iterator[tuple[Float32Array, Float32Array]]:
    """Yield all boxes of a letterboxed picture, the likeliest of a class first, and their scores, as NumPy."""
    for boxes, scores in engine.likeliest(
        picture_tensor(boxed_bgr, engine.device, engine.channels), class_id
    ):
        yield boxes.cpu().numpy(), scores.cpu().numpy()
