"""Small networks for tests: built from ultralytics' own yaml files, seeded, never downloaded."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from ultralytics.nn.tasks import DetectionModel

#: YOLO26 predicts with either of its branches, as its head is set; ultralytics 8.4.190 takes one-to-many unless told otherwise.
FAMILIES = ("yolov8n", "yolo11n", "yolo12n", "yolo26n", "yolo26n-end2end")
COCO_CHECKPOINT = Path(__file__).parents[2] / "shared" / "models" / "yolov8n-coco.pt"

needs_coco = pytest.mark.skipif(
    not COCO_CHECKPOINT.is_file(),
    reason="needs the shared COCO checkpoint: ../shared/models/yolov8n-coco.pt beside the project",
)


@functools.cache
def fresh_network(family: str, *, fused: bool = True, seed: int = 0) -> nn.Module:
    """A detection network of one family with random weights, eval mode, lively activations."""
    from heatcam.models.loading import ready

    torch.manual_seed(seed)
    name, _, end2end = family.partition("-end2")
    network = DetectionModel(f"{name}.yaml", nc=5, verbose=False)
    if end2end:
        network.end2end = True
    settle_statistics(network)
    for branch in class_heads(network):
        branch[-1].bias.data.normal_(0, 1)
    return ready(network) if fused else network.eval().requires_grad_(False)


def settle_statistics(network: nn.Module) -> None:
    """Give batch normalisation the statistics of noise: an untrained net's signal dies out or explodes otherwise."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
            module.bias.data.normal_(0, 0.2)
    with torch.no_grad():
        network.train()(torch.rand(2, 3, 192, 256))


def class_heads(network: nn.Module) -> list[nn.Module]:
    """Every class branch that the head has."""
    head = network.model[-1]
    return [b for name in ("cv3", "one2one_cv3") for b in (getattr(head, name, None) or [])]


def picture(height: int = 192, width: int = 256, seed: int = 1) -> Tensor:
    """A random letterboxed picture, float (1, 3, H, W) in [0, 1]."""
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def oracle_gradient(
    network: nn.Module, x: Tensor, anchors: Tensor, class_ids: Tensor
) -> tuple[Tensor, Tensor]:
    """Activation and exact gradient of the summed class logits at the finest head input, by one plain backward pass.

    The whole network runs as ultralytics runs it, with every operation on the graph; nothing of heatcam is used.
    """
    head = network.model[-1]
    kept: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        leaf = output.detach().requires_grad_(True)
        kept.append(leaf)
        return leaf

    hook = network.model[head.f[0]].register_forward_hook(keep)
    try:
        with torch.enable_grad():
            raw = network(x)[1]
            logits = (
                raw["one2one" if head.end2end else "one2many"]["scores"]
                if "scores" not in raw
                else raw["scores"]
            )
            total = logits[0, class_ids, anchors].sum()
            (gradient,) = torch.autograd.grad(total, kept[0])
    finally:
        hook.remove()
    return kept[0].detach()[0], gradient[0]
