"""What is proved when a network is loaded, and what happens when it does not hold."""

from __future__ import annotations

import copy
import logging
import math

import pytest
import torch
from torch import nn
from ultralytics.nn.modules.conv import Conv

from heatcam.engine.boxes import Thresholds
from heatcam.engine.sparse_head import SparseHead
from heatcam.engine.verification import verify
from tests.nets import engine_of, fresh_network, picture

LOW = Thresholds(conf=0.05, iou=0.5)


@pytest.mark.parametrize("activation", [nn.ReLU(inplace=True), nn.Hardswish(inplace=True)], ids=str)
def test_activations_that_work_in_place_are_differentiated_in_squares(activation: nn.Module) -> None:
    network = copy.deepcopy(fresh_network("yolov8n"))
    for module in network.modules():
        if isinstance(module, Conv):
            module.act = copy.deepcopy(activation)
    engine = engine_of(network)
    assert verify(engine, picture()) < 1e-4
    assert engine.uses_patches
    assert engine.reader.reads_cells


def test_a_branch_that_cannot_be_differentiated_in_squares_is_left_to_autograd(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> None:
        raise RuntimeError("a view of a leaf is changed in place")

    engine = engine_of(fresh_network("yolov8n"))
    monkeypatch.setattr(engine, "by_patches", refuses)
    with caplog.at_level(logging.WARNING):
        assert verify(engine, picture()) == math.inf
    assert not engine.uses_patches
    assert "using dense autograd" in caplog.text


def test_boxes_that_are_misread_at_single_cells_are_read_from_the_whole_head(
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine = engine_of(fresh_network("yolov8n"))
    exact = engine.forward(picture(), LOW, with_graph=False).boxes
    engine.reader._branches = SparseHead(engine_of(fresh_network("yolov8n", seed=5)).cut)._branches
    assert not torch.allclose(engine.forward(picture(), LOW, with_graph=False).boxes.xyxy[0], exact.xyxy[0])
    with caplog.at_level(logging.WARNING):
        assert verify(engine, picture()) < 1e-4  # the gradients are right all the same
    assert engine.uses_patches
    (said,) = (r.getMessage() for r in caplog.records if r.name.startswith("heatcam"))
    assert "boxes read at single cells" in said
    assert torch.allclose(engine.forward(picture(), LOW, with_graph=False).boxes.xyxy, exact.xyxy, atol=1e-2)
