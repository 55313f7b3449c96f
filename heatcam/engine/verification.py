"""Comparison of an engine's fast paths with dense autograd, at load, on a real picture."""

from __future__ import annotations

import logging
import math

import torch
from torch import Tensor

from heatcam.engine.boxes import boxes_at
from heatcam.engine.gradients import GradientEngine
from heatcam.engine.interface import TapGradients
from heatcam.engine.network import HeadInputs
from heatcam.engine.passes import TorchPasses
from heatcam.engine.patches import LevelTargets, by_level
from heatcam.engine.targets import Scores
from heatcam.errors import BackendError

logger = logging.getLogger(__name__)


def verify(engine: GradientEngine, picture: Tensor) -> float:
    """Compare the gradients with dense autograd in float32 on ``picture``; on a difference, take the next slower path.

    One anchor in the middle and one in a corner of every level are compared: a compiled backend falls back to torch, patches fall
    back to dense autograd, boxes that are read at single cells to those of the whole head. One warning says so.

    Args:
        engine: the engine to check; changed where it falls back.
        picture: float ``(1, 3, H, W)``, best a real one.

    Returns:
        The largest difference at any tap, relative to the largest dense gradient there, of the first path that was tried.
    """
    if not engine.uses_patches:
        engine.passes = TorchPasses(engine.cut)
    if engine.passes.name == "torch":
        return _prove_patches(engine, picture)
    try:
        worst = _worst_difference(engine, picture)
    except BackendError as error:
        logger.warning("%s cannot run this network (%s); using torch", engine.name, error.problem)
        worst = math.inf
    else:
        if worst <= engine.passes.tolerance:
            return worst
        logger.warning(
            "%s gradients differ from dense autograd by %.1e; using torch, which is slower",
            engine.name,
            worst,
        )
    engine.passes = TorchPasses(engine.cut)
    _prove_patches(engine, picture)
    return worst


def _prove_patches(engine: GradientEngine, picture: Tensor) -> float:
    worst = _worst_difference(engine, picture)
    if engine.uses_patches and not worst <= engine.passes.tolerance:
        engine.uses_patches = False
        logger.warning(
            "patch gradients differ from dense autograd by %.1e; using dense autograd, which is slower", worst
        )
    return worst


def _worst_difference(engine: GradientEngine, picture: Tensor) -> float:
    """Return the largest difference of the patch gradients, 0 without patches; boxes read at single cells are checked too."""
    cut = engine.cut
    passed = engine.passes.forward(picture, with_graph=True)
    features = passed.inputs.features
    anchors = _probe_anchors(features).to(engine.device)
    engine.reader.verify(passed, anchors, engine.passes.tolerance)
    if not engine.uses_patches:
        return 0.0
    exact = cut.head_inputs(picture, with_graph=True)
    boxes = boxes_at(cut.head, engine.reader.at(passed, anchors))
    scores = engine.target.of_picture(exact.features, boxes)
    worst = 0.0
    for group in by_level(features, anchors, boxes.class_ids):
        for probe in (group.only(n) for n in range(len(group.members))):
            if cut.reaches[probe.level]:
                dense = engine.by_autograd(exact, [probe], scores)
                worst = max(
                    [worst, *map(_difference, _by_patches(engine, passed.inputs, probe, scores), dense)]
                )
    return worst


def _by_patches(
    engine: GradientEngine, inputs: HeadInputs, probe: LevelTargets, scores: Scores
) -> TapGradients:
    """Return one object's gradient by patches; NaN, which agrees with nothing, where the branch cannot be run so."""
    try:
        return engine.by_patches(inputs, [probe], scores)
    except RuntimeError:
        logger.debug("a branch of the head cannot be run for single cells", exc_info=True)
        return tuple(torch.full_like(tap[0], math.nan) for tap in inputs.taps)


def _difference(ours: Tensor, exact: Tensor) -> float:
    """Return the largest difference relative to the largest exact value: infinite for NaN, 0 where both are zero."""
    difference, largest = (ours - exact).abs().max(), exact.abs().max()
    relative = float(difference / largest) if largest > 0 else float(difference)
    return float("inf") if math.isnan(relative) else relative


def _probe_anchors(features: tuple[Tensor, ...]) -> Tensor:
    """Return one corner anchor and one middle anchor of every level, int64."""
    anchors, start = [], 0
    for feature in features:
        height, width = feature.shape[2:]
        anchors += [start, start + (height // 2) * width + width // 2]
        start += height * width
    return torch.tensor(anchors)
