"""What is proved when a network is loaded, and what happens when it does not hold."""

from __future__ import annotations

import logging

import pytest
import torch

from heatcam.engine.boxes import Thresholds
from heatcam.engine.proving import prove
from heatcam.engine.reading import HeadReader
from tests.nets import engine_of, fresh_network, picture

LOW = Thresholds(conf=0.05, iou=0.5)


def test_boxes_that_are_misread_at_single_cells_are_read_from_the_whole_head(
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine = engine_of(fresh_network("yolov8n"))
    exact = engine.forward(picture(), LOW, with_graph=False).boxes
    engine.reader._branches = HeadReader(engine_of(fresh_network("yolov8n", seed=5)).cut)._branches
    assert not torch.allclose(engine.forward(picture(), LOW, with_graph=False).boxes.xyxy[0], exact.xyxy[0])
    with caplog.at_level(logging.WARNING):
        assert prove(engine, picture()) < 1e-4  # the gradients are right all the same
    assert engine.uses_patches
    assert len(caplog.records) == 1
    assert "boxes read at single cells" in caplog.text
    assert torch.allclose(engine.forward(picture(), LOW, with_graph=False).boxes.xyxy, exact.xyxy, atol=1e-2)
