"""``max_det``: as many boxes as asked for at most, the same that ultralytics' own suppression and ``predict`` keep."""

from __future__ import annotations

import copy
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from ultralytics import YOLO
from ultralytics.utils.nms import non_max_suppression

import heatcam
from heatcam.engine.boxes import Thresholds
from heatcam.engine.classifier import keep_classes
from heatcam.engine.rtdetr import QueryEngine, QueryNetwork
from heatcam.errors import UsageError
from heatcam.options import ExplainOptions
from tests.bench.tiny import PICTURE
from tests.nets import class_heads, engine_of, fresh_network, picture
from tests.query_nets import query_network

X = picture(128, 160)


def everything_fires(bias: float = 9.0) -> torch.nn.Module:
    """A network that is sure of something at every cell."""
    network = copy.deepcopy(fresh_network("tiny", fused=False))
    for branch in class_heads(network):
        branch[-1].bias.data += bias
    return network


@pytest.mark.parametrize("most", [1, 7, 300, 2000])
def test_suppression_keeps_the_boxes_that_ultralytics_keeps(most: int) -> None:
    network = everything_fires()
    ours = engine_of(network).forward(X, Thresholds(0.01, 0.9, None, most), with_graph=False).boxes
    with torch.no_grad():
        found = network(X)[0]
    expected = non_max_suppression(found, 0.01, 0.9, nc=5, max_det=most)[0]
    assert len(ours) == len(expected) <= most
    assert torch.allclose(ours.confidences, expected[:, 4], atol=1e-5)
    assert len(ours) == most or most == 2000


@pytest.mark.parametrize("most", [4, 300, 400])
@pytest.mark.parametrize("classes", [None, (0, 2)])
def test_end_to_end_heads_keep_the_boxes_that_ultralytics_keeps(
    most: int, classes: tuple[int, ...] | None
) -> None:
    network = fresh_network("yolo26n-end2end")
    limit = network.model[-1].max_det
    kept = engine_of(network).forward(X, Thresholds(0.0, 0.7, classes, most), with_graph=False).boxes
    assert network.model[-1].max_det == limit  # the network itself is left alone
    theirs = copy.deepcopy(network)
    theirs.set_head_attr(max_det=max(most, 300))  # as ``predict`` does it
    with torch.no_grad():
        found = theirs(X)[0]
    expected = non_max_suppression(found, 0.0, 0.7, classes=classes, nc=5, max_det=most, end2end=True)[0]
    assert len(kept) == len(expected) <= most
    assert torch.allclose(kept.confidences, expected[:, 4], atol=1e-5)


def test_queries_and_classes_are_cut_too() -> None:
    engine = QueryEngine(QueryNetwork(query_network()), torch.device("cpu"))
    assert len(engine.forward(X, Thresholds(0.0, max_det=3), with_graph=False).boxes) == 3
    logits = torch.arange(6.0)
    assert keep_classes(logits, (8, 8), Thresholds(0.0, max_det=2)).class_ids.tolist() == [5, 4]
    assert len(keep_classes(logits, (8, 8), Thresholds(0.0))) == 5


def test_predict_of_ultralytics_finds_the_same_objects(tmp_path: Path) -> None:
    path = tmp_path / "fires.pt"
    network = everything_fires(
        3.0
    )  # (sure, and no two boxes as sure as each other: then which ones are kept is no matter of rounding)
    torch.save({"model": network, "train_args": {"imgsz": 128}}, path)
    seen = cv2.resize(
        PICTURE, (128, 96)
    )  # (the same letterbox for both: ultralytics' has multiples of 32, the tiny net's 16)
    explainer = heatcam.load(str(path), conf=0.01, iou=0.9, max_det=9)
    found = explainer.explain(seen, with_object_maps=True)
    expected = YOLO(str(path)).predict(seen, imgsz=128, conf=0.01, iou=0.9, max_det=9, verbose=False)[0]
    assert len(found.detections) == len(found.object_maps) == len(expected.boxes) == 9
    assert np.allclose(found.detections.confidences, expected.boxes.conf.numpy(), atol=1e-4)
    assert np.allclose(found.detections.boxes_xyxy, expected.boxes.xyxy.numpy(), atol=0.5)


@pytest.mark.parametrize("most", [0, -3, 10**6])
def test_limits_that_cannot_be_meant_are_refused(most: int) -> None:
    with pytest.raises(UsageError, match=r"max-det is -?\d+; give a number from 1 to 10000"):
        ExplainOptions(max_det=most).require_valid()
