"""Tracing of the layers above a cut and of their gradient, in operations of inference."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.fx.experimental.proxy_tensor import make_fx

from heatcam.engine.decompositions import inference_only
from heatcam.engine.network import TappedNetwork
from heatcam.engine.partition import Halves, in_halves


def halves_of(
    cut: TappedNetwork, leaf: Tensor, laterals: tuple[Tensor, ...], features: tuple[Tensor, ...]
) -> Halves:
    """Trace the layers above the cut and their gradient as one function and cut it in two.

    Args:
        cut: the network.
        leaf: the cut's activation, ``(1, C, h, w)``.
        laterals: the activations below the cut that layers above it read.
        features: the head's inputs.

    Returns:
        The forward half, from ``(leaf, *laterals)`` to ``(*features, *taps, *saved)``, and the backward half, from
        ``(*saved, *cotangents)``, with cotangents for the head's inputs that read the cut, to the gradients at the taps; for
        tensors of these shapes.
    """

    def joint(leaf: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        laterals_given, cotangents = rest[: len(laterals)], rest[len(laterals) :]
        with torch.enable_grad():
            leaf = leaf.detach().requires_grad_(True)
            taps, inputs = cut.above(leaf, laterals_given)
            reached = [f for f, there in zip(inputs, cut.reaches, strict=True) if there]
            gradients = torch.autograd.grad(
                reached, taps, cotangents, allow_unused=True, materialize_grads=True
            )
        return (*inputs, *taps, *gradients)

    cotangents = [torch.zeros_like(f) for f, there in zip(features, cut.reaches, strict=True) if there]
    with torch.no_grad():
        trace = make_fx(joint, decomposition_table=inference_only())(leaf, *laterals, *cotangents)
    return in_halves(trace, 1 + len(laterals), len(features) + len(cut.tapped))
