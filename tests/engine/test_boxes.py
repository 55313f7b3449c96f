"""Kept boxes are those that ultralytics keeps, and each knows its anchor."""

from __future__ import annotations

import pytest
import torch
from ultralytics.utils.nms import non_max_suppression
from ultralytics.utils.ops import xywhr2xyxyxyxy

from heatcam.engine.boxes import Predictions, Thresholds, _around_rotated, keep_boxes
from heatcam.engine.network import TappedNetwork
from heatcam.engine.passes import TorchPasses
from heatcam.engine.sparse_head import SparseHead
from tests.matching import unmatched
from tests.nets import FAMILIES, OTHER_FAMILIES, fresh_network, picture


def candidates(cut: TappedNetwork, conf: float = 0.05) -> Predictions:
    return SparseHead(cut).candidates(TorchPasses(cut).forward(picture(), with_graph=False), conf)


def test_a_rotated_box_is_held_by_its_upright_one() -> None:
    xywh, angles = torch.rand(20, 4) * 100 + 1, torch.rand(20) * 6 - 3
    corners = xywhr2xyxyxyxy(torch.cat((xywh, angles[:, None]), 1))  # (20, 4, 2)
    expected = torch.cat((corners.min(1).values, corners.max(1).values), 1)
    assert torch.allclose(_around_rotated(xywh, angles), expected, atol=1e-3)


@pytest.mark.parametrize("family", [*FAMILIES, *OTHER_FAMILIES])
def test_boxes_equal_those_of_the_whole_network(family: str) -> None:
    network = fresh_network(family)
    cut = TappedNetwork(network)
    kept = keep_boxes(cut.head, candidates(cut), Thresholds(0.05, 0.5))
    with torch.no_grad():
        whole = network(picture())[0]
        whole = whole[0] if isinstance(whole, tuple) else whole  # segment heads give prototypes beside it
        rows = non_max_suppression(
            whole.clone(), 0.05, 0.5, nc=5, end2end=cut.head.end2end, rotated=family.find("-obb") > 0
        )[0]
    boxes = _around_rotated(rows[:, :4], rows[:, 6]) if "-obb" in family else rows[:, :4]
    assert len(kept) > 0
    ours = torch.cat((kept.xyxy, kept.confidences[:, None], kept.class_ids[:, None]), 1)
    assert not len(unmatched(ours, torch.cat((boxes, rows[:, 4:6]), 1), pixels=1e-3, confidence=1e-5))


@pytest.mark.parametrize("family", [*FAMILIES, *OTHER_FAMILIES])
def test_the_logit_at_each_boxs_anchor_is_its_confidence(family: str) -> None:
    network = fresh_network(family)
    cut = TappedNetwork(network)
    features = cut.head_inputs(picture(), with_graph=False).features
    kept = keep_boxes(cut.head, candidates(cut), Thresholds(0.05, 0.5))
    with torch.no_grad():
        logits = torch.cat([cut.branches["cls_head"][i](f).flatten(2) for i, f in enumerate(features)], 2)[0]
    assert torch.allclose(logits[kept.class_ids, kept.anchors].sigmoid(), kept.confidences, atol=1e-5)


@pytest.mark.parametrize("family", ["yolov8n", "yolo26n-end2end"])
def test_only_wanted_classes_are_kept(family: str) -> None:
    cut = TappedNetwork(fresh_network(family))
    all_ids = set(keep_boxes(cut.head, candidates(cut), Thresholds(0.05, 0.5)).class_ids.tolist())
    wanted = min(all_ids)
    kept = keep_boxes(cut.head, candidates(cut), Thresholds(0.05, 0.5, (wanted,)))
    assert set(kept.class_ids.tolist()) == {wanted}
