"""RT-DETR: the boxes of ultralytics, and gradients through the decoder that are exact."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from heatcam.engine.boxes import Thresholds
from heatcam.engine.layers import Mark, describe_layers
from heatcam.engine.network import TappedNetwork
from heatcam.engine.rtdetr import QueryEngine, QueryNetwork, has_queries, keep_queries, start_query_engine
from heatcam.errors import MapError, ModelError, UsageError
from tests.engine.test_gradient_check import Detaching
from tests.nets import fresh_network, picture, strongest
from tests.query_nets import query_network, query_oracle

LOW = Thresholds(conf=0.3)
CPU = torch.device("cpu")


def engine_of(network: nn.Module, **choices: object) -> QueryEngine:
    return start_query_engine(QueryNetwork(copy.deepcopy(network), **choices), CPU, "torch", "auto")


@pytest.mark.parametrize(
    ("family", "fused", "fine"),
    [
        ("tiny", True, False),
        ("tiny", True, True),
        ("tiny", False, True),
        ("rtdetr-l", True, True),
        ("rtdetr-resnet50", True, False),
    ],
)
def test_gradients_equal_autograd_through_the_whole_network(family: str, fused: bool, fine: bool) -> None:
    network = query_network(family, fused=fused)
    engine = engine_of(network, fine=fine)
    x = picture(96, 96)
    forward = strongest(engine.forward(x, LOW, with_graph=True))
    boxes = forward.boxes
    assert len(boxes) == 6
    exact = query_oracle(network, x, boxes.anchors, boxes.class_ids, engine.cut.tapped)
    # (moving weights and pixels by what float32 rounds away moves the gradients of the large ones by 2e-4 to 5e-4)
    limit = 1e-4 if family == "tiny" else 2e-3
    for ours, oracle in zip(engine.summed_gradient(forward), exact, strict=True):
        assert oracle.any()
        assert (ours - oracle).abs().max() < limit * oracle.abs().max()


def test_gradients_are_what_finite_differences_say() -> None:
    engine = QueryEngine(QueryNetwork(copy.deepcopy(query_network(fused=False)).double()), CPU)
    x = picture(96, 96).double()
    forward = strongest(engine.forward(x, LOW, with_graph=True))
    gradient = engine.summed_gradient(forward)[0]  # at the cut, below all other taps
    leaf, laterals = engine.cut.below(x)
    noise = torch.Generator().manual_seed(0)
    direction = torch.randn(leaf.shape, generator=noise, dtype=leaf.dtype)

    def total(step: float) -> float:
        with torch.no_grad():
            logits = engine.cut.predictions(engine.cut.above(leaf + step * direction, laterals)[1])[1]
        return float(logits[forward.boxes.anchors, forward.boxes.class_ids].sum())

    measured = (total(1e-7) - total(-1e-7)) / 2e-7
    assert measured == pytest.approx(float((gradient * direction[0]).sum()), rel=1e-4)


@pytest.mark.parametrize("class_ids", [None, (1, 3)])
def test_boxes_are_those_that_the_head_picks(class_ids: tuple[int, ...] | None) -> None:
    network = query_network()
    x = picture(96, 128)
    boxes = engine_of(network).forward(x, Thresholds(0.4, class_ids=class_ids), with_graph=False).boxes
    with torch.no_grad():
        rows = network(x)[0][0]
    rows = rows[rows[:, 4] > 0.4]
    if class_ids:
        rows = rows[torch.isin(rows[:, 5].long(), torch.tensor(class_ids))]
    assert len(boxes) == len(rows) >= 3
    assert torch.allclose(boxes.confidences, rows[:, 4], atol=1e-5)
    assert torch.equal(boxes.class_ids, rows[:, 5].long())
    centres = (boxes.xyxy[:, :2] + boxes.xyxy[:, 2:]) / 2
    assert torch.allclose(centres, rows[:, :2] * torch.tensor([128.0, 96.0]), atol=1e-2)


def test_one_query_may_be_of_several_classes_and_each_is_explained() -> None:
    head = query_network().model[-1]
    scores = torch.zeros(40, 5)
    scores[7, 1], scores[7, 4], scores[3, 0] = 0.9, 0.8, 0.85
    boxes = torch.arange(160.0).view(40, 4)
    kept = keep_queries(head, boxes, scores, Thresholds(0.5))
    assert kept.anchors.tolist() == [7, 3, 7]
    assert kept.class_ids.tolist() == [1, 0, 4]
    assert torch.equal(kept.xyxy, boxes[[7, 3, 7]])


def test_object_gradients_add_up_to_the_summed_gradient() -> None:
    engine = engine_of(query_network(), fine=True)
    forward = strongest(engine.forward(picture(96, 96), LOW, with_graph=True))
    objects = dict(engine.object_gradients(forward))
    assert sorted(objects) == list(range(6))
    for n, total in enumerate(engine.summed_gradient(forward)):
        added = torch.stack([gradients[n] for gradients in objects.values()]).sum(0)
        assert torch.allclose(added, total, atol=1e-4 * float(total.abs().max()))


def test_another_class_can_be_asked_about_at_the_same_queries() -> None:
    network = query_network()
    engine = engine_of(network)
    forward = strongest(engine.forward(picture(96, 96), LOW, with_graph=True))
    engine.explained_class = 1
    asked = torch.full_like(forward.boxes.class_ids, 1)
    assert not torch.equal(asked, forward.boxes.class_ids)
    (exact,) = query_oracle(network, picture(96, 96), forward.boxes.anchors, asked, (15,))
    ours = engine.summed_gradient(forward)[-1]
    assert (ours - exact).abs().max() < 1e-4 * exact.abs().max()


def test_explaining_twice_gives_the_same_and_moves_no_statistics() -> None:
    engine = engine_of(query_network(fused=False))
    network = engine.cut.network
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    assert any("running_mean" in name for name in before)
    first, second = (
        engine.summed_gradient(strongest(engine.forward(picture(96, 96), LOW, with_graph=True)))[0]
        for _ in range(2)
    )
    assert torch.allclose(first, second, rtol=1e-4, atol=1e-4 * float(first.abs().max()))
    assert all(torch.equal(before[name], buffer) for name, buffer in network.named_buffers())
    assert not any(m._forward_hooks or m._backward_hooks or m.training for m in network.modules())


def test_plain_detection_keeps_no_graph() -> None:
    inputs = engine_of(query_network()).forward(picture(96, 96), LOW, with_graph=False).inputs
    assert not inputs.found.logits.requires_grad
    assert not any(x.requires_grad for x in (*inputs.taps, *inputs.features))


def test_nothing_found_has_a_gradient_of_zeros() -> None:
    engine = engine_of(query_network())
    forward = engine.forward(picture(96, 96), Thresholds(conf=1.0), with_graph=True)
    assert len(forward.boxes) == 0
    assert not engine.summed_gradient(forward)[0].any()
    assert list(engine.object_gradients(forward)) == []


def test_the_list_of_layers_marks_what_the_engine_taps() -> None:
    network = query_network()
    rows = describe_layers(network, 96)
    assert QueryNetwork(network, fine=True).tapped == tuple(r.index for r in rows if Mark.FINE in r.marks)
    assert QueryNetwork(network).tapped == tuple(r.index for r in rows if Mark.LIVE in r.marks)


def test_levels_are_read_from_the_graph_and_layers_can_be_asked_for() -> None:
    network = query_network()
    assert QueryNetwork(network).tapped == (11, 15)
    assert QueryNetwork(network).strides == [8, 16, 32]
    assert QueryNetwork(network, fine=True).tapped == (1, 2, 6, 11, 15, 18, 21)
    assert QueryNetwork(network, layers=["AIFI", "18"]).tapped == (5, 18)


def test_a_tap_that_no_query_reads_is_an_error_and_no_map_of_zeros() -> None:
    engine = engine_of(query_network())
    forward = engine.forward(picture(96, 96), LOW, with_graph=True)
    unread = torch.zeros(1, 4, 2, 2, requires_grad=True)
    with pytest.raises(MapError, match="no gradient comes from the objects to layer 11:Conv\\+15:RepC3"):
        engine.summed_gradient(replace(forward, inputs=replace(forward.inputs, taps=(unread,))))


def test_a_layer_that_cuts_the_graph_is_named() -> None:
    network = copy.deepcopy(query_network())
    broken = Detaching()
    broken.i, broken.f, broken.inner = 16, -1, network.model[16]
    network.model[16] = broken
    with pytest.raises(ModelError, match="layer 16:Detaching lets no gradient through"):
        engine_of(network)


@pytest.mark.parametrize(("backend", "precision"), [("openvino", "auto"), ("torch", "bf16")])
def test_what_it_cannot_run_in_is_said(backend: str, precision: str) -> None:
    with pytest.raises(UsageError, match="RT-DETR"):
        start_query_engine(QueryNetwork(query_network()), CPU, backend, precision)


def test_the_engine_is_chosen_by_the_head() -> None:
    assert has_queries(query_network())
    assert not has_queries(fresh_network("yolov8n"))
    with pytest.raises(ModelError, match="ends in RTDETRDecoder"):
        TappedNetwork(query_network())
