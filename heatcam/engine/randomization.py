"""Networks with randomized weights, from the head down.

Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018, initialise the layers anew, one after the other from the output
(cascading). Here the weights of each tensor are shuffled instead: with batch normalisation folded into the convolutions, a fresh
initialisation would let the signal fade before it reaches the head, and any map would change for that reason alone.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

#: Stages by name, with the share of the layers below the head that are shuffled with it.
STAGES = {"head": 0.0, "upper half": 0.5, "whole network": 1.0}


def randomize_weights(network: nn.Module, share: float, seed: int) -> nn.Module:
    """Return a copy of an ultralytics network with the weights shuffled in its head and in the layers before it.

    Args:
        network: an ultralytics model; not changed.
        share: of the layers below the head, counted from the head, in ``[0, 1]``.
        seed: for the order of the weights.
    """
    copied: Any = copy.deepcopy(network)
    layers = list(copied.model)
    below = math.ceil(share * (len(layers) - 1))
    shuffle((w for layer in layers[len(layers) - 1 - below :] for w in layer.parameters()), seed)
    shuffled: nn.Module = copied
    return shuffled


def with_shuffled_parts(network: nn.Module, parts: Iterable[str], seed: int) -> nn.Module:
    """Return a copy of a network whose weights are shuffled in some modules; all other parameters and buffers are shared.

    Args:
        network: any; not changed.
        parts: qualified names of the modules. Their biases stay as they are.
        seed: for the order of the weights.
    """
    names = list(parts)
    apart = {id(p) for name in names for p in network.get_submodule(name).parameters() if p.ndim > 1}
    shared = {
        id(tensor): tensor
        for tensor in (*network.parameters(), *network.buffers())
        if id(tensor) not in apart
    }
    copied = copy.deepcopy(network, shared)
    own = dict.fromkeys(p for name in names for p in copied.get_submodule(name).parameters() if p.ndim > 1)
    shuffle(own, seed)
    return copied


def shuffle(tensors: Iterable[Tensor], seed: int) -> None:
    """Put the numbers of each tensor in another order, in place: the same order for the same seed."""
    source = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weights in tensors:
            order = torch.randperm(weights.numel(), generator=source).to(weights.device)
            weights.copy_(weights.flatten()[order].view(weights.shape))
