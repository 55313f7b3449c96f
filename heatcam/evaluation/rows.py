"""The rows of an evaluation: the explainer of each, and the maps that it makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from heatcam.engine import GradientEngine
from heatcam.errors import MapError, UsageError
from heatcam.evaluation.infills import Infill
from heatcam.evaluation.objects import Candidate
from heatcam.evaluation.plan import EvalPlan
from heatcam.evaluation.tried import TRIED, Refine, TriedMap
from heatcam.frames import Detections, Explanation, SaliencyMap
from heatcam.geometry import Uint8Array
from heatcam.models import LoadedModel
from heatcam.options import ExplainOptions
from heatcam.saliency import NAME as ULTRALYTICS
from heatcam.saliency import Explainer, explainer_of, ultralytics_explainer


@dataclass(frozen=True)
class Row:
    """A row whose maps come from the network.

    Attributes:
        name: of the method, with its layers after an ``@``.
        options: of its explainer.
        tried: the kind of its maps if they are made by trial, from those of the explainer; else None.
    """

    name: str
    options: ExplainOptions
    tried: TriedMap | None = None

    @property
    def made_with(self) -> str | None:
        """Name of the infill that its maps were made with; None for maps from gradients."""
        return self.tried.infill if self.tried else None

    def judged_by(self, infills: Sequence[Infill]) -> list[Infill]:
        """Return those of the infills that its maps were not made with."""
        return [infill for infill in infills if infill.name != self.made_with]

    def build(self, loaded: LoadedModel, device: Any, size_wh: tuple[int, int]) -> Explainer:
        """Build its explainer, on ``device``, for pictures of about this size.

        Raises:
            HeatcamError: the network does not have the layers that the row asks for.
        """
        build = ultralytics_explainer if self.name == ULTRALYTICS else explainer_of
        return build(loaded, device, self.options, size_wh)


def chosen_rows(plan: EvalPlan, options: ExplainOptions) -> list[Row]:
    """Return the rows of the methods and layers that are asked for, then ultralytics'; maps are made with torch in float32.

    Raises:
        UsageError: a method does not exist, or none is asked for.
    """
    options = replace(options, backend="torch", precision="fp32")
    rows = [_row(name, options) for name in plan.method_names()]
    rows += [
        Row(f"live @{','.join(layers)}", replace(options, layers=layers)) for layers in plan.layer_sets()
    ]
    return [*rows, Row(ULTRALYTICS, options)]


def _row(name: str, options: ExplainOptions) -> Row:
    tried = TRIED.get(name)
    return Row(name, replace(options, method=tried.method if tried else name), tried)


def maps_of(explainer: Explainer, image: Uint8Array, wanted: Sequence[Candidate]) -> list[SaliencyMap]:
    """Return the map of each candidate, as heatcam shows it.

    Args:
        explainer: the row's.
        image: uint8 ``(H, W, 3)`` BGR.
        wanted: detections of the same network in this picture.

    Raises:
        MapError: the method gave no map.
    """
    seen = explainer.explain(image, with_object_maps=True)
    places = _places_of(seen, wanted)
    return (
        maps_asked_for(explainer, image, wanted) if places is None else [seen.object_maps[n] for n in places]
    )


def tried_maps_of(
    explainer: Explainer, refine: Refine, image: Uint8Array, wanted: Sequence[Candidate]
) -> list[SaliencyMap]:
    """Return the map by trial of each candidate: trials are made of these objects alone.

    Args:
        explainer: of the maps that the trials start from.
        refine: makes the trials.
        image: uint8 ``(H, W, 3)`` BGR.
        wanted: detections of the same network in this picture.

    Raises:
        MapError: the explainer gave no map of one of them to start from.
    """
    seen = explainer.explain(image, with_object_maps=True)
    places = _places_of(seen, wanted)
    if places is None:
        raise MapError(
            f"no maps for the trials to start from: {seen.map_error or 'an object was not found again'}"
        )
    found = seen.detections
    some = Detections(
        found.boxes_xyxy[places],
        found.confidences[places],
        found.class_ids[places],
        found.anchors[places],
        tuple(found.class_names[n] for n in places),
    )
    own = tuple(seen.object_maps[n] for n in places)
    return list(refine(replace(seen, detections=some, object_maps=own, low_evidence=())))


def _places_of(seen: Explanation, wanted: Sequence[Candidate]) -> list[int] | None:
    """Return each candidate's index among the detections; None when there are no maps, or not of all of them."""
    keys = zip(seen.detections.anchors.tolist(), seen.detections.class_ids.tolist(), strict=True)
    by_place = {key: n for n, key in enumerate(keys)}
    if seen.map_error or any((c.anchor, c.class_id) not in by_place for c in wanted):
        return None
    return [by_place[c.anchor, c.class_id] for c in wanted]


def maps_asked_for(explainer: Explainer, image: Uint8Array, wanted: Sequence[Candidate]) -> list[SaliencyMap]:
    """Return the map at each candidate's anchor, for its class, whatever is detected: for another picture or other weights.

    An object that has no evidence at the tapped layers, because its part of the head does not read them, gets a map of zeros.

    Args:
        explainer: any.
        image: uint8 ``(H, W, 3)`` BGR of the same size as the one in which the candidates were found, or its letterbox.
        wanted: anchors and classes.

    Raises:
        MapError: the method gave no map.
    """
    letterbox, _ = explainer.prepare(image)
    engine: GradientEngine | None = explainer.engine.anchored()
    if engine is None:
        raise MapError(f"an object was not found again by {explainer.title}, which has no anchors")
    reached = [c for c in wanted if engine.cut.reaches[engine.place_of(letterbox.model_wh, c.anchor)[0]]]
    maps = iter(explainer.maps_at(image, [c.anchor for c in reached], [c.class_id for c in reached]))
    nothing = SaliencyMap(np.zeros((1, 1), np.float32), letterbox, explainer.method, engine.target_layer)
    return [next(maps) if c in reached else nothing for c in wanted]


def detector(explainer: Explainer) -> Any:
    """Return the engine of an explainer whose network finds boxes: a ``GradientEngine`` or a ``CandidateEngine``.

    Raises:
        UsageError: the network finds no boxes.
    """
    engine = explainer.engine.anchored() or explainer.engine.by_candidate()
    if engine is None:
        raise UsageError(
            f"{explainer.title} is no detector, and only those are evaluated",
            "give a YOLO detect, segment, pose or obb model, or another detector",
        )
    return engine


def fitting_rows(rows: Sequence[Row], finder: Explainer, *, with_checks: bool) -> list[Row]:
    """Return the rows that can be made of a network: without anchors there is no ultralytics' row.

    Raises:
        UsageError: ``--checks`` was asked for, which holds anchors fixed, of a network that has none.
    """
    if finder.engine.anchored() is not None:
        return list(rows)
    if with_checks:
        raise UsageError(f"{finder.title} has no anchors, which --checks holds fixed", "leave out --checks")
    return [row for row in rows if row.name != ULTRALYTICS]
