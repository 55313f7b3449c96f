"""What heads tell of an object's shape, at the kept boxes alone; oracles with whole pictures are in saliency/test_shapes.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from ultralytics.nn.modules.head import OBB26, Pose

from heatcam.engine.boxes import KeptBoxes, Predictions, Thresholds, every_box, keep_boxes
from heatcam.engine.shapes import shapes_of
from tests.nets import engine_of, fresh_network, picture, strongest

LOW = Thresholds(0.05, 0.5)


def kept(extras: torch.Tensor) -> KeptBoxes:
    count = len(extras)
    numbers = torch.zeros(count, dtype=torch.long)
    return KeptBoxes(torch.zeros(count, 4), torch.ones(count), numbers, numbers, extras)


def never() -> Any:
    pytest.fail("no prototypes are needed")


def test_mask_logits_are_prototypes_times_coefficients() -> None:
    network = fresh_network("tiny-seg")
    engine = engine_of(network)
    forward = strongest(engine.forward(picture(), LOW, with_graph=True), 4)
    logits = engine.shapes(forward).mask_logits
    with torch.no_grad():
        made = network(picture())[0][1][0]  # (masks, h, w)
    assert forward.boxes.extras is not None
    exact = torch.stack([(c[:, None, None] * made).sum(0) for c in forward.boxes.extras])
    assert logits is not None
    assert not logits.requires_grad
    assert torch.allclose(logits, exact, rtol=1e-3, atol=1e-3 * float(exact.abs().max()))


def test_keypoints_without_visibility_are_sure() -> None:
    head = Pose(nc=1, kpt_shape=(2, 2), ch=(8,))
    found = shapes_of(head, kept(torch.tensor([[1.0, 2.0, 3.0, 4.0]])), never)
    assert found.keypoints is not None
    assert found.keypoints.tolist() == [[[1, 2, 1], [3, 4, 1]]]
    assert (found.mask_logits, found.rotated_xywhr) == (None, None)


def test_some_of_the_boxes_keep_their_rotation() -> None:
    rotated = torch.rand(3, 5)
    some = replace(kept(torch.rand(3, 1)), rotated_xywhr=rotated).only(torch.tensor([2, 0])).rotated_xywhr
    assert some is not None
    assert torch.equal(some, rotated[[2, 0]])
    assert kept(torch.rand(3, 1)).only(slice(1)).rotated_xywhr is None


def test_rotated_boxes_of_an_end_to_end_head_are_sides_around_a_middle_too() -> None:
    head = OBB26(nc=5, ne=1, reg_max=1, end2end=True, ch=(8,)).eval()
    head.end2end = True
    decoded = torch.zeros(1, 4 + 5 + 1, 1)
    decoded[0, :5, 0] = torch.tensor([50.0, 40, 20, 10, 0.9])
    said = Predictions(decoded, torch.tensor([3]), 1008)
    assert every_box(head, said)[0].tolist() == [[40, 35, 60, 45]]
    rotated = keep_boxes(head, said, Thresholds(0.5)).rotated_xywhr
    assert rotated is not None
    assert rotated.tolist() == [[50, 40, 20, 10, 0]]
