"""Search for a layer that lets no gradient through: below such a layer, a network cannot be explained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from heatcam.engine.network import TappedNetwork
from heatcam.engine.preprocessing import picture_tensor, real_picture
from heatcam.engine.vjp import vjp
from heatcam.errors import ModelError

_SIDE = 128  # model pixels; every stride in use divides it


def require_gradient(cut: TappedNetwork) -> None:
    """Refuse a network whose class logits have no gradient at the cut; the error names the layer that loses it.

    Raises:
        ModelError: a layer between the cut and the logits detaches, rounds, or otherwise gives no gradient back.
    """
    device = next(cut.network.parameters()).device
    culprit = layer_without_gradient(cut, picture_tensor(real_picture((_SIDE, _SIDE)), device, cut.channels))
    if culprit:
        raise ModelError(
            f"layer {culprit} lets no gradient through, so nothing before it can be explained",
            "map layers after it: heatcam layers MODEL lists them, --layers takes them",
        )


def layer_without_gradient(cut: TappedNetwork, picture: Tensor) -> str:
    """Find the first layer above the cut that carries no gradient from its output to any input that reads the cut.

    Args:
        cut: the network and where it is cut.
        picture: float ``(1, 3, H, W)``, best a real one: on a black picture some layers are flat.

    Returns:
        ``index:type``, or "" when there is none.
    """
    reached = {cut.tapped[0]}
    for layer, sources, tensors in cut.steps(picture):
        on_path = [source in reached for source in sources]
        if not any(on_path):
            continue
        passes = (
            _head_passes(cut, tensors, on_path) if layer is cut.head else _passes(layer, tensors, on_path)
        )
        if not passes:
            return f"{layer.i}:{type(layer).__name__}"
        reached.add(layer.i)
    return ""


def _passes(layer: Any, tensors: Sequence[Tensor], on_path: Sequence[bool]) -> bool:
    """Return True if the gradient of noise at the layer's output is not all zero at one of the inputs on the path."""
    leaves = _leaves(tensors, on_path)
    with torch.enable_grad():
        given = [leaf * 1 for leaf in leaves]  # (some layers work in place: never on the leaf itself)
        try:
            output = layer(given if isinstance(layer.f, list) else given[0])
            gradients = _gradients(list(_tensors(output)), leaves)
        except RuntimeError:  # what torch raises where a tensor with a graph is taken out of it
            return False
    return any(gradient is not None and bool(gradient.any()) for gradient in gradients)


def _head_passes(cut: TappedNetwork, tensors: Sequence[Tensor], on_path: Sequence[bool]) -> bool:
    """Return True if the class logits' graph reaches every level on the path; the gradient may be 0, if nothing is proposed."""
    leaves = _leaves(tensors, on_path)
    with torch.enable_grad():
        gradients = _gradients(cut.class_logits(tuple(leaves)), leaves)
    return len(gradients) > 0 and all(gradient is not None for gradient in gradients)


def _leaves(tensors: Sequence[Tensor], on_path: Sequence[bool]) -> list[Tensor]:
    """Return detached copies; those on the path require gradients."""
    return [x.detach().clone().requires_grad_(asked) for x, asked in zip(tensors, on_path, strict=True)]


def _gradients(outputs: Sequence[Tensor], leaves: Sequence[Tensor]) -> tuple[Tensor | None, ...]:
    """Return the gradients, for noise at the outputs, at the leaves that require one; empty where no output has a graph."""
    connected = [output for output in outputs if output.requires_grad]
    if not connected:
        return ()
    source = torch.Generator().manual_seed(0)
    noise = [torch.randn(output.shape, generator=source).to(output) for output in connected]
    asked = [leaf for leaf in leaves if leaf.requires_grad]
    return vjp(connected, asked, noise)


def _tensors(output: Any) -> Iterator[Tensor]:
    """Yield every tensor in a layer's output, nested or not."""
    if isinstance(output, Tensor):
        yield output
    elif isinstance(output, list | tuple):
        for part in output:
            yield from _tensors(part)
