"""The objects that a graph selects are those that the engine keeps."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from heatcam.engine.boxes import Predictions, Thresholds, keep_boxes
from heatcam.exporting.selection import Selected, select
from tests.nets import fresh_network

CLASSES, ANCHORS, COUNT = 5, 400, 12


def crowded(seed: int) -> Tensor:
    """Decoded predictions ``(4 + classes, anchors)``: centres in a small area, so that many boxes overlap."""
    source = torch.Generator().manual_seed(seed)
    centres = 40 + 60 * torch.rand(2, ANCHORS, generator=source)
    sides = 20 + 30 * torch.rand(2, ANCHORS, generator=source)
    return torch.cat((centres, sides, torch.rand(CLASSES, ANCHORS, generator=source) ** 3))


def head_of(*, end2end: bool) -> Any:
    head = copy.copy(fresh_network("yolo26n-end2end").model[-1])
    head.end2end = end2end
    return head


def kept_by_the_engine(head: Any, decoded: Tensor, thresholds: Thresholds) -> list[tuple[int, int]]:
    kept = keep_boxes(head, Predictions(decoded[None], torch.arange(ANCHORS), ANCHORS), thresholds)
    return list(zip(kept.anchors.tolist(), kept.class_ids.tolist(), strict=True))[:COUNT]


def pairs(chosen: Selected) -> list[tuple[int, int]]:
    there = chosen.found > 0
    return list(zip(chosen.anchors[there].tolist(), chosen.class_ids[there].tolist(), strict=True))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("end2end", [False, True], ids=["suppressed", "end-to-end"])
def test_the_likeliest_are_the_first_that_the_engine_keeps(seed: int, end2end: bool) -> None:
    head, decoded = head_of(end2end=end2end), crowded(seed)
    for conf in (0.05, 0.6):
        ours = select(head, decoded, torch.full((CLASSES,), conf), COUNT, 0.5)
        assert pairs(ours) == kept_by_the_engine(head, decoded, Thresholds(conf=conf, iou=0.5))


@pytest.mark.parametrize("end2end", [False, True], ids=["suppressed", "end-to-end"])
def test_a_class_is_left_out_by_a_confidence_that_nothing_passes(end2end: bool) -> None:
    head, decoded = head_of(end2end=end2end), crowded(0)
    conf = torch.full((CLASSES,), 2.0)
    conf[[1, 3]] = 0.05
    wanted = kept_by_the_engine(head, decoded, Thresholds(conf=0.05, iou=0.5, class_ids=(1, 3)))
    assert pairs(select(head, decoded, conf, COUNT, 0.5)) == wanted
    assert {class_id for _, class_id in wanted} == {1, 3}


def test_rows_without_an_object_have_no_confidence() -> None:
    decoded = crowded(0)
    decoded[4:] = 0
    decoded[4 + 2, 7] = 0.9
    head = SimpleNamespace(nc=CLASSES, end2end=False)
    chosen = select(head, decoded, torch.full((CLASSES,), 0.25), 3, 0.5)
    assert chosen.found.tolist() == [1, 0, 0]
    assert (chosen.anchors[0], chosen.class_ids[0]) == (7, 2)
    assert chosen.scores.tolist() == pytest.approx([0.9, 0, 0])
