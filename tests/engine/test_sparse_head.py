"""What is read at single cells is what the whole head says there."""

from __future__ import annotations

import copy
import logging

import pytest
import torch
from torch import nn

from heatcam.engine.boxes import Predictions, Thresholds, keep_boxes
from heatcam.engine.network import TappedNetwork
from heatcam.engine.passes import NetworkPass, TorchPasses
from heatcam.engine.sparse_head import SparseHead
from tests.nets import FAMILIES, OTHER_FAMILIES, class_heads, engine_of, fresh_network, picture

ANCHORS = torch.tensor([0, 700, 31, 1007, 768, 960])  # of all three levels of a 256x192 picture, out of order


def read(family: str) -> tuple[SparseHead, NetworkPass]:
    """A reader and a pass of a network that is never so sure that two anchors are equally sure."""
    network = copy.deepcopy(fresh_network(family))
    for branch in class_heads(network):
        branch[-1].weight.data *= 0.02
    cut = TappedNetwork(network)
    return SparseHead(cut), TorchPasses(cut).forward(picture(), with_graph=False)


def best_of(passed: NetworkPass) -> torch.Tensor:
    """The confidence of the best class at every anchor."""
    return torch.cat([level[0].amax(0).flatten() for level in passed.logits]).sigmoid()


def threshold_for(count: int, best: torch.Tensor) -> tuple[int, float]:
    """About as many anchors as ``count``, and a confidence that so many are above: in the widest gap, not at a tie."""
    near = best.sort(descending=True).values[count - 1 : count + 4]
    gap = int((-near.diff()).argmax())
    return count + gap, float(near[gap : gap + 2].mean())


@pytest.mark.parametrize("family", [*FAMILIES, *OTHER_FAMILIES])
def test_predictions_at_anchors_are_those_of_the_whole_head(family: str) -> None:
    reader, passed = read(family)
    assert reader.reads_cells
    everywhere = reader.everywhere(passed)
    anchors = ANCHORS[everywhere.anchor_count > ANCHORS]
    found = reader.at(passed, anchors)
    exact = everywhere.decoded[:, :, anchors]
    assert torch.equal(found.anchors, anchors)
    assert found.anchor_count == everywhere.anchor_count == everywhere.decoded.shape[2]
    assert torch.allclose(found.decoded, exact, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("conf", [0.05, 0.3, 0.0])
def test_candidates_are_all_anchors_above_the_threshold(conf: float) -> None:
    reader, passed = read("yolov8n")
    candidates = reader.candidates(passed, conf)
    assert candidates.anchors.tolist() == (best_of(passed) > conf).nonzero().flatten().tolist()
    exact = reader.everywhere(passed).decoded[:, :, candidates.anchors]
    assert torch.allclose(candidates.decoded, exact, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("family", ["yolov8n", "yolo26n-end2end", "yolov8n-pose"])
def test_where_nothing_is_sure_enough_nothing_is_kept(family: str) -> None:
    reader, passed = read(family)
    candidates = reader.candidates(passed, 0.9999)
    assert candidates.anchors.tolist() == [int(best_of(passed).argmax())]
    assert len(keep_boxes(reader._cut.head, candidates, Thresholds(0.9999))) == 0


@pytest.mark.parametrize("family", ["yolov8n", "yolo11n-obb", "yolo26n-end2end", "yolo26n-seg-end2end"])
@pytest.mark.parametrize("count", [1, 2, 5, 6, 7, 40])
def test_as_many_boxes_are_kept_as_from_all_predictions(family: str, count: int) -> None:
    reader, passed = read(family)
    count, conf = threshold_for(count, best_of(passed))
    thresholds = Thresholds(conf, 0.9)
    some, all_of_them = reader.candidates(passed, conf), reader.everywhere(passed)
    assert len(some.anchors) == count
    ours, exact = (keep_boxes(reader._cut.head, p, thresholds) for p in (some, all_of_them))
    assert ours.anchors.tolist() == exact.anchors.tolist()
    assert ours.class_ids.tolist() == exact.class_ids.tolist()
    assert torch.allclose(ours.xyxy, exact.xyxy, atol=1e-2)


def test_an_end_to_end_head_keeps_two_classes_at_one_anchor() -> None:
    head = TappedNetwork(fresh_network("yolo26n-end2end")).head
    decoded = torch.zeros(1, 4 + 5, 1)
    decoded[0, [4, 6]] = 0.9
    kept = keep_boxes(head, Predictions(decoded, torch.tensor([17]), 1008), Thresholds(0.5))
    assert kept.anchors.tolist() == [17, 17]
    assert sorted(kept.class_ids.tolist()) == [0, 2]


def test_an_end_to_end_head_picks_as_many_pairs_of_a_small_picture_as_it_has_anchors() -> None:
    network = fresh_network("yolo26n-end2end")
    engine, small = engine_of(network), picture(64, 64)
    kept = engine.forward(small, Thresholds(0.0), with_graph=False).boxes
    with torch.no_grad():
        rows = network(small)[0][0]
    assert len(kept) == len(rows) == 84


def test_pictures_of_other_shapes_have_their_own_anchor_points() -> None:
    cut = TappedNetwork(fresh_network("yolov8n"))
    reader, passes = SparseHead(cut), TorchPasses(cut)
    for shape in ((192, 256), (96, 128), (192, 256)):
        passed = passes.forward(picture(*shape), with_graph=False)
        exact = reader.everywhere(passed).decoded[:, :, [5, 90]]
        assert torch.allclose(reader.at(passed, torch.tensor([5, 90])).decoded, exact, rtol=1e-4, atol=1e-3)


def test_a_branch_that_reads_otherwise_is_found_out_and_the_whole_head_is_read(caplog) -> None:
    reader, passed = read("yolov8n")
    other = SparseHead(TappedNetwork(fresh_network("yolov8n", seed=5)))
    reader._branches = other._branches
    with caplog.at_level(logging.WARNING):
        reader.verify(passed, ANCHORS, 1e-3)
    assert not reader.reads_cells
    assert "reading all, which is slower" in caplog.text
    assert torch.equal(reader.at(passed, ANCHORS).decoded, reader.everywhere(passed).decoded[:, :, ANCHORS])


def test_a_head_that_is_put_together_otherwise_is_read_everywhere(monkeypatch) -> None:
    reader, passed = read("yolov8n")

    def refuses(*_: object, **__: object) -> None:
        raise TypeError("forward_head() takes other branches")

    everywhere = reader.everywhere(passed)
    monkeypatch.setattr(SparseHead, "everywhere", lambda *_: everywhere)
    monkeypatch.setattr(type(reader._cut.head), "forward_head", refuses)
    reader.verify(passed, ANCHORS, 1e-3)
    assert not reader.reads_cells


def test_a_branch_with_unknown_parts_is_read_everywhere() -> None:
    network = copy.deepcopy(fresh_network("yolov8n"))
    network.model[-1].cv2[1].append(nn.AvgPool2d(3, 1, 1))
    assert not SparseHead(TappedNetwork(network)).reads_cells


def test_proving_keeps_reading_cells() -> None:
    reader, passed = read("yolov8n-seg")
    reader.verify(passed, ANCHORS, 1e-4)
    assert reader.reads_cells


def test_a_picture_of_few_anchors_is_read_at_once() -> None:
    (part,) = engine_of(fresh_network("yolov8n")).likeliest(picture(32, 32), 0)
    assert [len(tensor) for tensor in part] == [21, 21]


@pytest.mark.parametrize("family", ["yolov8n", "yolov3-tiny", "yolo26n-end2end"])
def test_the_likeliest_of_a_class_come_first_and_all_come(family: str) -> None:
    engine = engine_of(fresh_network(family))
    passed = engine.passes.forward(picture(), with_graph=False)
    parts = list(engine.likeliest(picture(), 2))
    scores = torch.cat([part for _, part in parts])
    assert len(parts) == 2
    assert len(scores) == engine.reader.everywhere(passed).anchor_count
    assert (scores.diff() <= 0).all()
    boxes = torch.cat([part for part, _ in parts])
    first = int(torch.cat([level[0, 2].flatten() for level in passed.logits]).argmax())
    assert torch.allclose(boxes[0], engine.boxes_at(picture(), [first])[0], atol=1e-3)
