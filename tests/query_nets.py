"""Small RT-DETR networks, and plain autograd through them as ultralytics runs them."""

from __future__ import annotations

import copy
import functools
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from ultralytics.nn.tasks import RTDETRDetectionModel, yaml_model_load

from heatcam.models.loading import ready

#: RT-DETR with the encoder and decoder of ``rtdetr-l.yaml`` in few channels, behind five convolutions.
_TINY = {
    "nc": 5,
    "backbone": [
        [-1, 1, "Conv", [8, 3, 4]],
        [-1, 1, "Conv", [16, 3, 2]],
        [-1, 1, "Conv", [32, 3, 2]],
        [-1, 1, "Conv", [32, 3, 2]],
    ],
    "head": [
        [-1, 1, "Conv", [32, 1, 1, None, 1, 1, False]],  # 4
        [-1, 1, "AIFI", [64, 4]],
        [-1, 1, "Conv", [32, 1, 1]],  # 6
        [-1, 1, "nn.Upsample", [None, 2, "nearest"]],
        [2, 1, "Conv", [32, 1, 1, None, 1, 1, False]],
        [[-2, -1], 1, "Concat", [1]],
        [-1, 1, "RepC3", [32]],
        [-1, 1, "Conv", [32, 1, 1]],  # 11
        [-1, 1, "nn.Upsample", [None, 2, "nearest"]],
        [1, 1, "Conv", [32, 1, 1, None, 1, 1, False]],
        [[-2, -1], 1, "Concat", [1]],
        [-1, 1, "RepC3", [32]],  # 15, stride 8
        [-1, 1, "Conv", [32, 3, 2]],
        [[-1, 11], 1, "Concat", [1]],
        [-1, 1, "RepC3", [32]],  # 18, stride 16
        [-1, 1, "Conv", [32, 3, 2]],
        [[-1, 6], 1, "Concat", [1]],
        [-1, 1, "RepC3", [32]],  # 21, stride 32
        [[15, 18, 21], 1, "RTDETRDecoder", ["nc", 32, 40, 4, 4, 2, 64]],
    ],
}


@functools.cache
def query_network(family: str = "tiny", *, fused: bool = True) -> nn.Module:
    """``tiny``, or a yaml's name: random weights, eval mode, logits around zero. Not to be changed."""
    torch.manual_seed(0)
    yaml = copy.deepcopy(_TINY) if family == "tiny" else yaml_model_load(f"{family}.yaml")
    network = RTDETRDetectionModel(yaml, nc=5, verbose=False)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
            module.bias.data.normal_(0, 0.2)
    with torch.no_grad():
        network.train()(torch.rand(2, 3, 64, 64))
    head = network.model[-1]
    for scores, boxes in zip(head.dec_score_head, head.dec_bbox_head, strict=True):
        scores.weight.data.normal_(0, 0.2)
        scores.bias.data.normal_(0, 0.5)
        boxes.layers[-1].weight.data.normal_(0, 0.1)
    return ready(network) if fused else network.eval().requires_grad_(False)


class _ContiguousGradient(torch.autograd.Function):
    """The same numbers. Without it torch 2.14.1 differentiates batch normalisation wrongly for the decoder's strides."""

    @staticmethod
    def forward(_context: Any, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(_context: Any, gradient: Tensor) -> Tensor:
        return gradient.contiguous()


def query_oracle(
    network: nn.Module, x: Tensor, queries: Tensor, class_ids: Tensor, layers: Sequence[int]
) -> list[Tensor]:
    """Exact gradients of the summed class logits at ``layers``, whose first lies below all others.

    One backward pass through the network as ultralytics runs it; nothing of heatcam is used.
    """
    kept: dict[int, Tensor] = {}

    def keep(index: int, output: Tensor) -> Tensor:
        kept[index] = output.detach().requires_grad_(True) if index == layers[0] else output
        return kept[index]

    hooks = [
        network.model[index].register_forward_hook(lambda _m, _i, output, index=index: keep(index, output))
        for index in layers
    ]
    hooks += [
        projection.register_forward_hook(lambda _m, _i, output: _ContiguousGradient.apply(output))
        for projection in network.model[-1].input_proj
    ]
    try:
        with torch.enable_grad():
            logits = network(x)[1][1][0, 0]
            gradients = torch.autograd.grad(logits[queries, class_ids].sum(), [kept[i] for i in layers])
    finally:
        for hook in hooks:
            hook.remove()
    return [gradient[0] for gradient in gradients]
