"""Small YOLO-World and YOLOE networks with class vectors made up, as ``set_classes`` leaves them."""

from __future__ import annotations

import functools

import torch
import torch.nn.functional as nnf
from torch import nn
from ultralytics.nn.modules.head import LRPCHead
from ultralytics.nn.tasks import WorldModel, YOLOEModel, YOLOESegModel

from tests.nets import SEED, settle_statistics

CLASSES = ["ant", "bee", "cow", "dog", "elk"]
#: ``fused``: vectors folded into the head by ultralytics. ``free``: a vocabulary of its own instead of prompts.
OPEN_FAMILIES = (
    "yolov8n-world", "yolov8n-worldv2",
    "yoloe-v8n", "yoloe-11n-seg", "yoloe-26n", "yoloe-26n-end2end", "yoloe-v8n-fused", "yoloe-11n-free",
)  # fmt: skip


@functools.cache
def open_network(family: str) -> nn.Module:
    """The network as ultralytics runs it: random weights, eval mode, parameters without gradient. Not to be changed."""
    torch.manual_seed(SEED)
    more = next((m for m in ("end2end", "fused", "free") if family.endswith(f"-{m}")), "")
    yaml = family.removesuffix(f"-{more}")
    kind = WorldModel if "world" in yaml else YOLOESegModel if yaml.endswith("seg") else YOLOEModel
    network = kind(f"{yaml}.yaml", nc=5, verbose=False)
    settle_statistics(network)
    vectors = nnf.normalize(torch.randn(1, 5, 512), dim=-1)
    if kind is WorldModel:
        network.txt_feats, network.names = 3 * vectors, list(CLASSES)  # heads make them of unit length
    else:
        network.set_classes(CLASSES, vectors)
    enliven(network.model[-1])
    network.eval().requires_grad_(False)
    network.end2end = more == "end2end"
    if more in ("fused", "free"):
        network.model[-1].fuse(network.pe)
    if more == "free":
        set_free(network)
    return network.requires_grad_(False)


def enliven(head: nn.Module) -> None:
    """Logits around zero: untrained contrastive heads are sure that there is nothing."""
    for name in ("cv4", "one2one_cv4"):
        for contrast in getattr(head, name, None) or []:
            contrast.bias.data.normal_(-1, 1)


def set_free(network: nn.Module) -> None:
    """What ``YOLOE.set_vocab`` does, with proposals that pass at some cells only."""
    head = network.model[-1]
    heads = []
    for level, (boxes, classes) in enumerate(zip(head.cv2, head.cv3, strict=True)):
        proposals = nn.Conv2d(classes[-1].in_channels, 1, 1)
        proposals.weight.data.normal_(0, 0.3)
        proposals.bias.data.fill_(-6.9)  # sigmoid: 0.001, where the head stops proposing
        heads.append(LRPCHead(classes[-1], proposals, boxes[-1], enabled=level != 2))
        del boxes[-1], classes[-1]
    head.lrpc = nn.ModuleList(heads)
    head.fuse()
