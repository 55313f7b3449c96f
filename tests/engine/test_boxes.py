"""Kept boxes are those that ultralytics keeps, and each knows its anchor."""

from __future__ import annotations

import pytest
import torch
from ultralytics.utils.nms import non_max_suppression

from heatcam.engine.boxes import Thresholds, keep_boxes
from heatcam.engine.network import CutNetwork
from tests.nets import FAMILIES, fresh_network, picture


@pytest.mark.parametrize("family", FAMILIES)
def test_boxes_equal_those_of_the_whole_network(family: str) -> None:
    network = fresh_network(family)
    cut = CutNetwork(network)
    kept = keep_boxes(cut.head, cut.head_inputs(picture(), with_graph=False).features, Thresholds(0.05, 0.5))
    with torch.no_grad():
        expected = non_max_suppression(
            network(picture())[0].clone(), 0.05, 0.5, nc=5, end2end=cut.head.end2end
        )[0]
    assert len(kept) > 0
    assert torch.allclose(kept.xyxy, expected[:, :4], atol=1e-3)
    assert torch.equal(kept.class_ids, expected[:, 5].long())


@pytest.mark.parametrize("family", FAMILIES)
def test_the_logit_at_each_boxs_anchor_is_its_confidence(family: str) -> None:
    network = fresh_network(family)
    cut = CutNetwork(network)
    features = cut.head_inputs(picture(), with_graph=False).features
    kept = keep_boxes(cut.head, features, Thresholds(0.05, 0.5))
    with torch.no_grad():
        logits = torch.cat([cut.class_branch[i](f).flatten(2) for i, f in enumerate(features)], 2)[0]
    assert torch.allclose(logits[kept.class_ids, kept.anchors].sigmoid(), kept.confidences, atol=1e-5)


@pytest.mark.parametrize("family", ["yolov8n", "yolo26n-end2end"])
def test_only_wanted_classes_are_kept(family: str) -> None:
    cut = CutNetwork(fresh_network(family))
    features = cut.head_inputs(picture(), with_graph=False).features
    all_ids = set(keep_boxes(cut.head, features, Thresholds(0.05, 0.5)).class_ids.tolist())
    wanted = min(all_ids)
    kept = keep_boxes(cut.head, features, Thresholds(0.05, 0.5, (wanted,)))
    assert set(kept.class_ids.tolist()) == {wanted}
