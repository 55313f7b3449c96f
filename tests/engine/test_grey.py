"""Networks that read grey pictures: the same detections as ultralytics' ``predict``, and maps."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn
from ultralytics import YOLO
from ultralytics.nn.tasks import ClassificationModel, DetectionModel
from ultralytics.utils import ASSETS

import heatcam
from tests.nets import TINY, class_heads

CONF = 0.3
PHOTOGRAPH = ASSETS / "bus.jpg"


def network_of(channels: int) -> nn.Module:
    torch.manual_seed(3)
    network = DetectionModel(dict(TINY), ch=channels, nc=5, verbose=False)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 1.0
        network.train()(torch.rand(2, channels, 128, 128))
    for branch in class_heads(network):
        branch[-1].bias.data.normal_(0, 1)
    return network.eval()


def saved(path: Path, network: nn.Module) -> str:
    torch.save({"model": network, "train_args": {"imgsz": 128, "task": "detect"}}, path)
    return str(path)


def test_a_grey_network_finds_what_ultralytics_finds_and_is_explained(tmp_path: Path) -> None:
    path = saved(tmp_path / "grey.pt", network_of(1))
    explainer = heatcam.load(path, conf=CONF)
    image = cv2.imread(str(PHOTOGRAPH))
    found = explainer.explain(image, with_object_maps=True)
    expected = YOLO(path).predict(image, imgsz=128, conf=CONF, iou=0.7, verbose=False)[0].boxes
    assert found.map_error == ""
    assert found.saliency.values.max() > 0
    assert len(found.detections) == len(expected) > 3
    assert np.allclose(found.detections.confidences, expected.conf.numpy(), atol=1e-4)
    assert np.allclose(found.detections.boxes_xyxy, expected.xyxy.numpy(), atol=0.5)


def test_a_grey_network_sees_no_colours(tmp_path: Path) -> None:
    explainer = heatcam.load(saved(tmp_path / "grey.pt", network_of(1)), conf=CONF).explainer
    colour = cv2.imread(str(PHOTOGRAPH))
    grey = cv2.cvtColor(cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    one, other = (explainer.prepare(image)[1] for image in (colour, grey))
    assert one.shape[1] == 1
    assert (one - other).abs().max() < 0.02


def test_a_grey_classifier_is_explained_too(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = ClassificationModel("yolov8n-cls.yaml", ch=1, nc=3, verbose=False)
    path = tmp_path / "grey-cls.pt"
    torch.save({"model": network, "train_args": {"imgsz": 64, "task": "classify"}}, path)
    assert heatcam.load(str(path), conf=0.0).explain(cv2.imread(str(PHOTOGRAPH))).map_error == ""
