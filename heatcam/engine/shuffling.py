"""A head with shuffled weights: the control that every map has to beat.

Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018, ask whether a map changes when weights are random. Here they are
shuffled within each tensor instead of drawn anew: with batch normalisation folded into the convolutions, fresh ones would let
the signal fade, and any map would change for that reason alone.
"""

from __future__ import annotations

import copy

import torch

from heatcam.engine.boxes import KeptBoxes
from heatcam.engine.gradients import GradientEngine
from heatcam.engine.interface import Forward
from heatcam.engine.randomization import shuffle

_LEADERS_A_PLACE = 25  # of this many of the best anchors one is taken: neighbours give nearly the same scores


def with_shuffled_head(engine: GradientEngine, seed: int) -> GradientEngine:
    """Return a copy of ``engine`` whose explained branches have the weights of each layer in another order.

    Biases and the statistics of batch normalisation stay. The branches are copies: neither the engine nor its network is changed.

    Args:
        engine: runs the passes of both.
        seed: of the order.
    """
    branches = [copy.deepcopy(branch) for branch in engine.branches]
    shuffle((w for branch in branches for w in branch.parameters() if w.ndim > 1), seed)
    return engine.explaining(branches)


def strongest_of(engine: GradientEngine, forward: Forward, count: int) -> Forward:
    """Return the same pass with boxes at the anchors where the engine's own branches score highest, whatever was detected.

    Args:
        engine: one whose target is the class.
        forward: a pass of a network with the same features.
        count: number of boxes at most; their sides are not known and all 0.
    """
    with torch.no_grad():
        said = [
            branch(feature)[0].flatten(1)
            for branch, feature in zip(engine.branches, forward.inputs.features, strict=True)
        ]
    best = torch.cat(said, 1).max(0)
    wanted = min(count * _LEADERS_A_PLACE, best.values.numel())
    anchors = best.values.topk(wanted).indices[::_LEADERS_A_PLACE]
    boxes = KeptBoxes(
        best.values.new_zeros((len(anchors), 4)),
        best.values[anchors].sigmoid(),
        best.indices[anchors],
        anchors,
    )
    return Forward(forward.inputs, boxes)
