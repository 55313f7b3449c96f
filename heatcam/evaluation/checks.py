"""``--checks``: change of a row's maps under noise, and under randomized weights, with anchor and class held fixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from heatcam.engine import STAGES, randomize_weights
from heatcam.evaluation.curves import over_letterbox
from heatcam.evaluation.objects import Candidate
from heatcam.evaluation.rows import Row, maps_asked_for, maps_of, tried_maps_of
from heatcam.evaluation.stability import max_sensitivity, rank_similarity
from heatcam.evaluation.tried import Refine
from heatcam.frames import SaliencyMap
from heatcam.geometry import Float32Array, Letterbox, Uint8Array
from heatcam.models import LoadedModel
from heatcam.saliency import Explainer


@dataclass(frozen=True)
class Checks:
    """Results of ``--checks`` for one object's map.

    Attributes:
        sensitivity: to invisible noise; None for an empty map.
        similarity: to the map with other weights, by stage (``engine.randomization.STAGES``); None for a flat map.
    """

    sensitivity: float | None
    similarity: dict[str, float | None]


@dataclass(frozen=True)
class CheckedRow:
    """A row with its explainers.

    Attributes:
        row: the row.
        explainer: makes its maps.
        randomize_weights: the same explainer with randomized weights, by stage; empty without ``--checks``, and
            for maps by trial.
        refine: makes its maps by trial, from those of the explainer; None for maps from gradients.
    """

    row: Row
    explainer: Explainer
    randomize_weights: dict[str, Explainer]
    refine: Refine | None = None

    def maps(self, image: Uint8Array, wanted: Sequence[Candidate]) -> list[SaliencyMap]:
        """Return the map of each candidate in a picture, uint8 ``(H, W, 3)`` BGR.

        Raises:
            MapError: the method gave no map.
        """
        if self.refine is None:
            return maps_of(self.explainer, image, wanted)
        return tried_maps_of(self.explainer, self.refine, image, wanted)


def checked_rows(
    rows: Sequence[Row], loaded: LoadedModel, device: Any, size_wh: tuple[int, int], seed: int | None
) -> list[CheckedRow]:
    """Build every row's explainer; with a seed, also explainers of networks with randomized weights.

    Raises:
        HeatcamError: the network does not have the layers that a row asks for.
    """
    others = {}
    if seed is not None:
        others = {
            stage: replace(loaded, network=randomize_weights(loaded.network, share, seed))
            for stage, share in STAGES.items()
        }
    return [_checked(row, loaded, others, device, size_wh) for row in rows]


def _checked(
    row: Row, loaded: LoadedModel, others: dict[str, LoadedModel], device: Any, size_wh: tuple[int, int]
) -> CheckedRow:
    explainer = row.build(loaded, device, size_wh)
    if row.tried is not None:
        return CheckedRow(row, explainer, {}, row.tried.start(explainer))
    return CheckedRow(
        row, explainer, {stage: row.build(other, device, size_wh) for stage, other in others.items()}
    )


def checks_of(
    rival: CheckedRow,
    clear: Uint8Array,
    letterbox: Letterbox,
    wanted: Sequence[Candidate],
    rng: np.random.Generator,
) -> list[Checks | None]:
    """Measure sensitivity and similarity of each object's map; None for each when they were not asked for."""
    if not rival.randomize_weights:
        return [None] * len(wanted)
    sensitivities = max_sensitivity(partial(_values_at, rival.explainer, wanted), clear, rng)
    plain = _values_at(rival.explainer, wanted, clear)
    similarities: list[dict[str, float | None]] = [{} for _ in wanted]
    for stage, explainer in rival.randomize_weights.items():
        for n, other in enumerate(_values_at(explainer, wanted, clear)):
            box = letterbox.boxes_to_model(wanted[n].box_xyxy)[0]
            pair = (_inside(values, letterbox, box) for values in (plain[n], other))
            similarities[n][stage] = rank_similarity(*pair)
    return [Checks(*pair) for pair in zip(sensitivities, similarities, strict=True)]


def _values_at(explainer: Explainer, wanted: Sequence[Candidate], clear: Uint8Array) -> list[Float32Array]:
    """Return each object's signed map at its own anchor and class, for a picture that is letterboxed already."""
    return [saliency.values for saliency in maps_asked_for(explainer, clear, wanted)]


def _inside(values: Float32Array, letterbox: Letterbox, box_xyxy: Float32Array) -> Float32Array:
    """Return the absolute values of a map inside a box, both in model pixels."""
    left, top, right, bottom = (max(0, round(float(side))) for side in box_xyxy)
    return over_letterbox(np.abs(values), letterbox.model_wh)[top:bottom, left:right]
