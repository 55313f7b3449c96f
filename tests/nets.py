"""Small networks for tests: built from ultralytics' own yaml files, seeded, never downloaded."""

from __future__ import annotations

import copy
import functools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from ultralytics.nn.tasks import (
    ClassificationModel,
    DetectionModel,
    OBBModel,
    PoseModel,
    SegmentationModel,
    yaml_model_load,
)

from heatcam.engine.gradients import GradientEngine
from heatcam.engine.interface import Forward
from heatcam.engine.network import TappedNetwork

#: YOLO26 predicts with either of its branches, as its head is set; ultralytics 8.4.190 takes one-to-many unless told otherwise.
FAMILIES = ("yolov8n", "yolo11n", "yolo12n", "yolo26n", "yolo26n-end2end")
#: Older detectors, and heads that find more than boxes.
OTHER_FAMILIES = (
    "yolov3-tiny", "yolov3", "yolov5n", "yolov9t", "yolov10n", "yolov10n-end2end",
    "yolov8n-seg", "yolo11n-seg", "yolo26n-seg-end2end",
    "yolov8n-pose", "yolo11n-pose", "yolo26n-pose-end2end",
    "yolov8n-obb", "yolo11n-obb", "yolo26n-obb-end2end",
)  # fmt: skip
CLASSIFIERS = ("yolov8n-cls", "yolo11n-cls", "yolo12n-cls", "yolo26n-cls")
#: Whose yaml files have one size only, a large one: the same layers with fewer channels.
SHRUNK = {"yolov3": {"width_multiple": 0.125}, "yolov3-tiny": {"width_multiple": 0.25}}
#: A detector of two levels: everything that a YOLO has, in so few layers that compiling it takes no time.
TINY = {
    "nc": 5,
    "backbone": [
        [-1, 1, "Conv", [16, 3, 2]], [-1, 1, "Conv", [16, 3, 2]],
        [-1, 1, "Conv", [32, 3, 2]], [-1, 1, "Conv", [32, 3, 2]],
    ],
    "head": [
        [-1, 1, "nn.Upsample", [None, 2, "nearest"]], [[-1, 2], 1, "Concat", [1]], [-1, 1, "C2f", [32]],
        [-1, 1, "Conv", [32, 3, 2]], [[-1, 3], 1, "Concat", [1]], [-1, 1, "C2f", [32]],
        [[6, 9], 1, "Detect", ["nc"]],
    ],
}  # fmt: skip
#: The same with other heads; ``tiny26-seg`` makes its masks from both levels.
TINY_HEADS = {"tiny-seg": ["Segment", ["nc", 8, 16]], "tiny26-seg": ["Segment26", ["nc", 8, 16]]}
KINDS = {"seg": SegmentationModel, "pose": PoseModel, "obb": OBBModel, "cls": ClassificationModel}
#: Added to every seed here: `make processors` tries other networks and pictures with it.
SEED = 1000 * int(os.environ.get("HEATCAM_TEST_SEED", "0"))
COCO_CHECKPOINT = Path(__file__).parents[2] / "shared" / "models" / "yolov8n-coco.pt"

needs_coco = pytest.mark.skipif(
    not COCO_CHECKPOINT.is_file(),
    reason="needs the shared COCO checkpoint: ../shared/models/yolov8n-coco.pt beside the project",
)


@functools.cache
def fresh_network(family: str, *, fused: bool = True, seed: int = 0) -> nn.Module:
    """A network of one family (or ``tiny``, or one of ``TINY_HEADS``) with random weights, eval mode, lively activations."""
    from heatcam.models.loading import ready

    torch.manual_seed(SEED + seed)
    name, _, end2end = family.partition("-end2")
    kind = KINDS.get(name.rpartition("-")[2], DetectionModel)
    layers = tiny(family) if family.startswith("tiny") else yaml_model_load(f"{name}.yaml")
    network = kind(layers | SHRUNK.get(name, {}), nc=5, verbose=False)
    if end2end:
        network.end2end = True
    settle_statistics(network)
    for branch in class_heads(network):
        branch[-1].bias.data.normal_(0, 1)
    if kind is ClassificationModel:
        network.model[-1].linear.weight.data.normal_(0, 0.03)
    return ready(network) if fused else network.eval().requires_grad_(False)


def tiny(family: str) -> dict[str, Any]:
    """The layers of ``tiny``, with the head of one of its family."""
    layers: dict[str, Any] = copy.deepcopy(TINY)
    layers["head"][-1][2:] = TINY_HEADS.get(family, layers["head"][-1][2:])
    return layers


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
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(SEED + seed))


def engine_of(network: nn.Module, *, fine: bool = False) -> GradientEngine:
    """An engine for ``network`` in plain torch on the CPU."""
    return GradientEngine(TappedNetwork(network, fine=fine), torch.device("cpu"))


def strongest(forward: Forward, count: int = 6) -> Forward:
    """The same pass with only the ``count`` strongest boxes."""
    return Forward(forward.inputs, forward.boxes.only(slice(count)))


def oracle_gradient(
    network: nn.Module, x: Tensor, anchors: Tensor, class_ids: Tensor
) -> tuple[Tensor, Tensor]:
    """Activation and exact gradient of the summed class logits at the finest head input, by one plain backward pass.

    For networks whose head inputs all read the finest.
    """
    (one,) = oracle_gradients(network, x, anchors, class_ids, (network.model[-1].f[0],))
    return one


def oracle_gradients(
    network: nn.Module,
    x: Tensor,
    anchors: Tensor,
    class_ids: Tensor,
    layers: Sequence[int],
    *,
    unused: bool = False,
) -> list[tuple[Tensor, Tensor]]:
    """The same at each of ``layers``, whose first lies below all others; with ``unused``, zeros where nothing reads a layer.

    The whole network runs as ultralytics runs it, with every operation on the graph; nothing of heatcam is used.
    """
    head = network.model[-1]
    kept: dict[int, Tensor] = {}

    def keep(index: int, output: Tensor) -> Tensor:
        kept[index] = output.detach().requires_grad_(True) if index == layers[0] else output
        return kept[index]

    hooks = [
        network.model[index].register_forward_hook(lambda _m, _i, output, index=index: keep(index, output))
        for index in layers
    ]
    try:
        with torch.enable_grad():
            raw = network(x)[1]
            logits = (
                raw["one2one" if head.end2end else "one2many"]["scores"]
                if "scores" not in raw
                else raw["scores"]
            )
            if raw.get("index") is not None:  # of a prompt-free head: the anchors that it proposes
                anchors = raw["index"].cumsum(0)[anchors] - 1
            total = logits[0, class_ids, anchors].sum()
            taps = [kept[index] for index in layers]
            if unused and not total.requires_grad:
                return [(tap.detach()[0], torch.zeros_like(tap[0])) for tap in taps]
            gradients = torch.autograd.grad(total, taps, allow_unused=unused, materialize_grads=unused)
    finally:
        for hook in hooks:
            hook.remove()
    return [(kept[i].detach()[0], g[0]) for i, g in zip(layers, gradients, strict=True)]


def class_checkpoint(folder: Path, family: str = "yolov8n-cls", **attributes: object) -> Path:
    """A classifier of five classes for 64 px with random weights, in a checkpoint such as users have.

    ``attributes`` are set on the network: ``transforms`` is what trained classifiers carry.
    """
    network = copy.deepcopy(fresh_network(family, fused=False))
    network.names, network.task = dict(enumerate("abcde")), "classify"
    for name, value in attributes.items():
        setattr(network, name, value)
    path = folder / f"tiny-{family}.pt"
    torch.save({"model": network, "train_args": {"imgsz": 64, "task": "classify"}}, path)
    return path
