"""torchvision's detectors: the boxes, classes and scores of torchvision itself, and plain autograd's gradients."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torchvision import models
from torchvision.models.detection.image_list import ImageList
from torchvision.transforms.functional import to_tensor
from ultralytics.utils import ASSETS

from heatcam.engine.boxes import Thresholds
from heatcam.errors import UsageError
from heatcam.models import load_model
from heatcam.models.formats.torchvision_models.detectors import resized_wh
from heatcam.models.formats.torchvision_models.resizing import FloatLetterbox
from heatcam.options import ExplainOptions
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.factory import explainer_of

BUS = ASSETS / "bus.jpg"
SEVERAL = [
    "ssdlite320_mobilenet_v3_large",
    *(
        pytest.param(name, marks=pytest.mark.soak)
        for name in (
            "fasterrcnn_mobilenet_v3_large_320_fpn",
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
            nn.init.zeros_(layer.bias)  # (RetinaNet begins with scores of 0.01)
            nn.init.normal_(layer.weight, std=(2 / layer.weight[0].numel()) ** 0.5)
    return network.requires_grad_(False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("detectors")


@functools.cache
def saved(folder: Path, name: str) -> tuple[Any, str]:
    network = lively(models.get_model(name, weights=None, weights_backbone=None, num_classes=5))
    path = folder / f"{name}.safetensors"
    save_file(network.state_dict(), path)
    return network, f"torchvision:{name}@{path}"


def kept_by(network: Any) -> dict[str, Any]:
    """The thresholds of a torchvision detector, as options."""
    part = getattr(network, "roi_heads", network)
    return {"conf": part.score_thresh, "iou": part.nms_thresh, "max_det": part.detections_per_img}


def started(spec: str, **options: Any) -> Explainer:
    """An explainer that is not calibrated."""
    return explainer_of(load_model(spec), torch.device("cpu"), ExplainOptions(pictures=1, **options))


def picture_bgr(network: Any) -> Any:
    """A photograph of the size that the network reads: random networks magnify what resizing rounds."""
    wide, tall = network.transform.fixed_size or resized_wh(
        (810, 1080), network.transform.min_size[-1], network.transform.max_size
    )
    return np.ascontiguousarray(np.asarray(Image.open(BUS).convert("RGB").resize((wide, tall)))[..., ::-1])


@pytest.mark.parametrize("name", SEVERAL)
def test_boxes_classes_and_scores_are_torchvisions_and_gradients_autograds(name: str, folder: Path) -> None:
    network, spec = saved(folder, name)
    with torch.no_grad():
        (theirs,) = network([to_tensor(Image.fromarray(picture_bgr(network)[..., ::-1]))])
    explainer = started(spec, **kept_by(network))
    ours = explainer.explain(picture_bgr(network), with_map=False).detections
    assert len(theirs["boxes"]) > 10
    assert len(ours) == len(theirs["boxes"])
    assert np.abs(ours.confidences - theirs["scores"].numpy()).max() < 1e-4
    them = np.concatenate((theirs["boxes"].numpy(), theirs["labels"].numpy()[:, None]), 1)
    us = np.concatenate((ours.boxes_xyxy, ours.class_ids[:, None]), 1)
    distances = np.abs(us[:, None] - them[None]).max(2)  # (those of equal scores come in any order)
    assert distances.min(1).max() < 0.05
    assert distances.min(0).max() < 0.05
    if name != "maskrcnn_resnet50_fpn_v2":
        assert gradients_match(explainer, network)


def gradients_match(explainer: Explainer, network: Any) -> bool:
    """Compare the first objects' gradients at the levels with autograd's through all of the library's own layers."""
    engine: Any = explainer.engine
    wrapped = engine.cut.network
    _, picture = explainer.prepare(picture_bgr(network))
    forward = engine.forward(picture, Thresholds(conf=0.05, max_det=2), with_graph=True)
    found: dict[int, torch.Tensor] = {}
    layers = [network.get_submodule(tap.layer.removeprefix("body.")) for tap in wrapped.live_taps]
    hooks = [
        layer.register_forward_hook(lambda *given, n=number: found.update({n: given[2]}))
        for number, layer in enumerate(layers)
    ]
    tall, wide = wrapped._seen_hw(picture)
    normalised = ((picture - wrapped.mean) / wrapped.std).requires_grad_(True)
    features = network.backbone(normalised)
    images = ImageList(normalised, [(tall, wide)])
    if hasattr(network, "roi_heads"):
        with torch.no_grad():
            proposals, _ = network.rpn(images, features)
        read = network.roi_heads.box_head(network.roi_heads.box_roi_pool(features, proposals, [(tall, wide)]))
        logits = network.roi_heads.box_predictor(read)[0]
    else:
        logits = network.head(list(features.values()))["cls_logits"][0]
    for hook in hooks:
        hook.remove()
    outputs = [found[number] for number in range(len(layers))]
    same = []
    for number, ours in engine.object_gradients(forward):
        target = logits[forward.boxes.anchors[number], forward.boxes.class_ids[number]]
        theirs = torch.autograd.grad(target, outputs, retain_graph=True, allow_unused=True)
        for one, other in zip(ours, theirs, strict=True):
            plain = torch.zeros_like(one) if other is None else other[0]
            same.append(torch.allclose(one, plain, atol=1e-5 * float(plain.abs().max()) + 1e-9, rtol=1e-3))
    return all(same) and any(bool(gradient.any()) for gradient in ours)


def test_a_fixed_size_is_kept_and_another_scales_both_limits(folder: Path) -> None:
    _, spec = saved(folder, "ssdlite320_mobilenet_v3_large")
    with pytest.raises(UsageError, match="pictures of 320 pixels alone, not of 640"):
        started(spec, imgsz=640)


def test_the_geometry_is_that_of_torchvisions_transform() -> None:
    from torchvision.models.detection.transform import GeneralizedRCNNTransform

    transform = GeneralizedRCNNTransform(300, 500, [0.5] * 3, [0.25] * 3)
    for wide, tall in ((640, 480), (333, 1200), (1000, 999), (50, 41)):
        image = torch.rand(3, tall, wide)
        images, _ = transform([image])
        ours = resized_wh((wide, tall), 300, 500)
        assert images.image_sizes == [ours[::-1]]
        boxed = FloatLetterbox.corner((wide, tall), ours, 32, (127.5,) * 3)
        bgr = np.ascontiguousarray((image * 255).round().permute(1, 2, 0).numpy().astype(np.uint8)[..., ::-1])
        made = torch.from_numpy(boxed.network_input(bgr)[..., ::-1].copy()).permute(2, 0, 1) / 255
        exact, _ = transform([torch.from_numpy(bgr[..., ::-1].copy()).permute(2, 0, 1).float() / 255])
        assert (made[None] * 4 - 2 - exact.tensors).abs().max() < 1e-3  # (a sixteenth of a grey level)
