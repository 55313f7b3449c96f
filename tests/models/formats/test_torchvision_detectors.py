"""torchvision's detectors: the boxes, classes and scores of torchvision itself, and plain autograd's gradients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torchvision import models
from torchvision.transforms.functional import to_tensor
from ultralytics.utils import ASSETS

import heatcam

BUS = ASSETS / "bus.jpg"
SEVERAL = [
    "ssdlite320_mobilenet_v3_large",
    "fasterrcnn_mobilenet_v3_large_320_fpn",
    *(
        pytest.param(name, marks=pytest.mark.soak)
        for name in (
            "retinanet_resnet50_fpn",
            "fcos_resnet50_fpn",
            "ssd300_vgg16",
            "maskrcnn_resnet50_fpn_v2",
        )
    ),
]


def lively(network: Any, seed: int = 0) -> Any:
    """A random network whose scores differ: its batch normalisations know a photograph, its class logits are spread."""
    torch.manual_seed(seed)
    from heatcam.models.formats.torchvision_models.detectors import wrapper_of

    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # (a plain mean over what it sees)
            module.reset_running_stats()
    with torch.no_grad():
        picture = network.eval().transform([to_tensor(Image.open(BUS))])[0].tensors
        picture = torch.cat((picture, picture.flip(3)))  # (a mean of one cell has no deviation)
        network.backbone.train()
        network.backbone(picture)
        network.eval()
        for name in wrapper_of(network).logits_from(network):
            layer = network.get_submodule(name)
            nn.init.normal_(layer.weight, std=(2 / layer.weight[0].numel()) ** 0.5)
    return network.requires_grad_(False)


def saved(tmp_path: Path, name: str, **options: Any) -> tuple[Any, str]:
    network = lively(models.get_model(name, weights=None, weights_backbone=None, num_classes=5, **options))
    path = tmp_path / "weights.safetensors"
    save_file(network.state_dict(), path)
    return network, f"torchvision:{name}@{path}"


def body_thresholds(network: Any) -> tuple[Any, float, float, int]:
    """The part of a torchvision detector that keeps boxes, with its thresholds."""
    part = getattr(network, "roi_heads", network)
    return part, part.score_thresh, part.nms_thresh, part.detections_per_img


@pytest.mark.parametrize("name", SEVERAL)
def test_boxes_classes_and_scores_are_torchvisions(name: str, tmp_path: Path) -> None:
    network, spec = saved(tmp_path, name)
    _, conf, iou, most = body_thresholds(network)
    with torch.no_grad():
        (theirs,) = network([to_tensor(Image.open(BUS).convert("RGB"))])
    model = heatcam.load(spec, device="cpu", conf=conf, iou=iou, max_det=most)
    ours = model.explain(BUS).detections
    assert len(theirs["boxes"]) > 10
    assert len(ours) == len(theirs["boxes"])
    assert np.abs(ours.confidences - theirs["scores"].numpy()).max() < 1e-4
    assert ours.class_ids.tolist() == theirs["labels"].tolist()
    assert np.abs(ours.boxes_xyxy - theirs["boxes"].numpy()).max() < 1e-4 * max(Image.open(BUS).size)
