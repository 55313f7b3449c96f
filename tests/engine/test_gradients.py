"""The engine's gradients against plain autograd through the whole network, for every family that is promised."""

from __future__ import annotations

import copy
import logging

import pytest
import torch
from torch import nn

from heatcam.engine.boxes import KeptBoxes, Thresholds
from heatcam.engine.gradients import GradientEngine
from heatcam.engine.interface import Forward
from heatcam.engine.network import TappedNetwork
from heatcam.engine.verification import verify
from tests.nets import (
    FAMILIES,
    OTHER_FAMILIES,
    engine_of,
    fresh_network,
    oracle_gradient,
    oracle_gradients,
    picture,
    strongest,
)

LOW = Thresholds(conf=0.05, iou=0.5)


def relative_error(ours: torch.Tensor, exact: torch.Tensor) -> float:
    return float((ours - exact).abs().max() / exact.abs().max())


@pytest.mark.parametrize("fused", [True, False], ids=["fused", "unfused"])
@pytest.mark.parametrize("family", FAMILIES)
def test_summed_gradient_equals_autograd_through_the_whole_network(family: str, fused: bool) -> None:
    network = fresh_network(family, fused=fused)
    engine = engine_of(network)
    forward = engine.forward(picture(), LOW, with_graph=True)
    assert len(forward.boxes) >= 3
    boxes, tapped = forward.boxes, engine.cut.tapped
    exact = oracle_gradients(network, picture(), boxes.anchors, boxes.class_ids, tapped)
    for tap, ours, (activation, oracle) in zip(
        forward.inputs.taps, engine.summed_gradient(forward), exact, strict=True
    ):
        assert torch.allclose(tap[0], activation, atol=1e-6)
        assert oracle.abs().max() > 0
        assert relative_error(ours, oracle) < 1e-4


@pytest.mark.parametrize(
    ("family", "fused"),
    [*((family, True) for family in OTHER_FAMILIES), ("yolov3", False), ("yolov3-tiny", False)],
)
def test_older_networks_and_other_heads_have_exact_gradients_too(family: str, fused: bool) -> None:
    network = fresh_network(family, fused=fused)
    engine = engine_of(network)
    assert verify(engine, picture()) < 1e-4
    assert engine.uses_patches
    forward = strongest(engine.forward(picture(), LOW, with_graph=True), 20)
    assert len(forward.boxes) >= 3
    boxes = forward.boxes
    exact = oracle_gradients(network, picture(), boxes.anchors, boxes.class_ids, engine.cut.tapped)
    assert any(oracle.any() for _, oracle in exact)
    for ours, (_, oracle) in zip(engine.summed_gradient(forward), exact, strict=True):
        assert relative_error(ours, oracle) < 1e-4 if oracle.any() else not ours.any()


@pytest.mark.parametrize("fine", [False, True], ids=["live", "fine"])
@pytest.mark.parametrize("family", ["yolov3", "yolov3-tiny"])
def test_yolov3_objects_of_every_level_have_evidence(family: str, fine: bool) -> None:
    network = fresh_network(family)
    engine = engine_of(network, fine=fine)
    forward = engine.forward(picture(), Thresholds(conf=0.0, iou=1.0), with_graph=True)
    cells = [f.shape[2] * f.shape[3] for f in forward.inputs.features]
    for level, count in enumerate(cells):
        anchors, class_ids = torch.tensor([sum(cells[:level]) + count // 2]), torch.tensor([2])
        boxes = KeptBoxes(torch.zeros(1, 4), torch.ones(1), class_ids, anchors)
        ours = engine.summed_gradient(Forward(forward.inputs, boxes))
        for n, layer in enumerate(engine.cut.tapped):
            (exact,) = oracle_gradients(network, picture(), anchors, class_ids, (layer,), unused=True)
            assert relative_error(ours[n], exact[1]) < 1e-4 if exact[1].any() else not ours[n].any()
        assert ours[engine.cut.tapped.index(network.model[-1].f[level])].any()


@pytest.mark.parametrize("family", FAMILIES)
def test_gradients_at_every_level_of_the_fine_map_equal_autograd(family: str) -> None:
    network = fresh_network(family)
    engine = engine_of(network, fine=True)
    forward = engine.forward(picture(), LOW, with_graph=True)
    exact = oracle_gradients(
        network, picture(), forward.boxes.anchors, forward.boxes.class_ids, engine.cut.tapped
    )
    for ours, (_, oracle) in zip(engine.summed_gradient(forward), exact, strict=True):
        assert relative_error(ours, oracle) < 1e-4


@pytest.mark.parametrize("fine", [False, True], ids=["live", "fine"])
def test_without_patches_dense_autograd_gives_each_object_the_same(fine: bool) -> None:
    engine = engine_of(fresh_network("yolov8n"), fine=fine)
    forward = strongest(engine.forward(picture(), LOW, with_graph=True))
    assert len(forward.boxes) == 6
    quick = dict(engine.object_gradients(forward))
    engine.uses_patches = False
    dense = dict(engine.object_gradients(forward))
    assert quick.keys() == dense.keys()
    for number, exact in dense.items():
        for a, b in zip(quick[number], exact, strict=True):
            assert torch.allclose(a, b, atol=1e-4 * float(b.abs().max()))


@pytest.mark.parametrize("family", FAMILIES)
def test_patches_are_proved_at_load_and_used(family: str) -> None:
    engine = engine_of(fresh_network(family))
    assert verify(engine, picture()) < 1e-4
    assert engine.uses_patches


def test_objects_on_every_level_and_at_the_borders_have_exact_gradients() -> None:
    network = fresh_network("yolov8n")
    engine = engine_of(network)
    forward = engine.forward(picture(), Thresholds(conf=1.0), with_graph=True)
    cells = [f.shape[2] * f.shape[3] for f in forward.inputs.features]
    starts = [0, cells[0], cells[0] + cells[1]]
    from heatcam.engine.patches import by_level

    for start, count in zip(starts, cells, strict=True):
        for anchor in (start, start + count // 2, start + count - 1):
            anchors, class_ids = torch.tensor([anchor]), torch.tensor([2])
            targets = by_level(forward.inputs.features, anchors, class_ids)
            ours = engine._gradient(forward.inputs, targets, engine.target)[-1]
            assert relative_error(ours, oracle_gradient(network, picture(), anchors, class_ids)[1]) < 1e-4


def test_object_gradients_add_up_to_the_summed_gradient() -> None:
    engine = engine_of(fresh_network("yolo11n"))
    forward = engine.forward(picture(), LOW, with_graph=True)
    objects = dict(engine.object_gradients(forward))
    assert sorted(objects) == list(range(len(forward.boxes)))
    for n, total in enumerate(engine.summed_gradient(forward)):
        assert (
            relative_error(torch.stack([gradients[n] for gradients in objects.values()]).sum(0), total) < 1e-4
        )


def test_a_wrong_patch_is_noticed_and_dense_autograd_takes_over(caplog: pytest.LogCaptureFixture) -> None:
    network = fresh_network("yolov8n")
    engine: GradientEngine = engine_of(network)
    engine.cell_branches = engine_of(fresh_network("yolov8n", seed=5)).cell_branches
    with caplog.at_level(logging.WARNING):
        assert verify(engine, picture()) > 1e-3
    assert not engine.uses_patches
    assert [r.levelname for r in caplog.records] == ["WARNING"]
    forward = engine.forward(picture(), LOW, with_graph=True)
    exact = oracle_gradient(network, picture(), forward.boxes.anchors, forward.boxes.class_ids)[1]
    assert relative_error(engine.summed_gradient(forward)[-1], exact) < 1e-4


def test_a_head_with_an_unknown_part_is_explained_by_dense_autograd(caplog: pytest.LogCaptureFixture) -> None:
    network = copy.deepcopy(fresh_network("yolov8n"))
    for branch in network.model[-1].cv3:
        branch.insert(1, nn.AvgPool2d(3, 1, 1))
    with caplog.at_level(logging.WARNING):
        engine = engine_of(network)
    assert "dense autograd is used" in caplog.text
    assert "AvgPool2d" in caplog.text
    verify(engine, picture())
    forward = strongest(engine.forward(picture(), LOW, with_graph=True))
    exact = oracle_gradient(network, picture(), forward.boxes.anchors, forward.boxes.class_ids)[1]
    assert relative_error(engine.summed_gradient(forward)[-1], exact) < 1e-4


@pytest.mark.parametrize("layers", [["3", "SPPF", "18"], ["15"]])
def test_gradients_at_layers_of_ones_own_choice_are_exact(layers: list[str]) -> None:
    network = fresh_network("yolov8n")
    engine = GradientEngine(TappedNetwork(network, layers=layers), torch.device("cpu"))
    assert verify(engine, picture()) < 1e-4
    forward = engine.forward(picture(), LOW, with_graph=True)
    boxes = forward.boxes
    exact = oracle_gradients(network, picture(), boxes.anchors, boxes.class_ids, engine.cut.tapped)
    for ours, (_, oracle) in zip(engine.summed_gradient(forward), exact, strict=True):
        assert relative_error(ours, oracle) < 1e-4


def test_another_class_can_be_asked_about_at_the_same_anchors() -> None:
    network = fresh_network("yolov8n")
    engine = engine_of(network)
    forward = strongest(engine.forward(picture(), LOW, with_graph=True))
    engine.explained_class = (int(forward.boxes.class_ids[0]) + 1) % 5
    asked = torch.full_like(forward.boxes.class_ids, engine.explained_class)
    exact = oracle_gradient(network, picture(), forward.boxes.anchors, asked)[1]
    assert relative_error(engine.summed_gradient(forward)[-1], exact) < 1e-4


def test_no_detections_give_a_gradient_of_zeros() -> None:
    engine = engine_of(fresh_network("yolov8n"))
    forward = engine.forward(picture(), Thresholds(conf=1.0), with_graph=True)
    assert len(forward.boxes) == 0
    assert not any(gradient.any() for gradient in engine.summed_gradient(forward))
    engine.uses_patches = False
    assert not any(gradient.any() for gradient in engine.summed_gradient(forward))


def test_explaining_twice_gives_the_same_and_moves_no_statistics() -> None:
    network = fresh_network("yolo11n", fused=False)
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    engine = engine_of(network)
    first, second = (
        engine.summed_gradient(engine.forward(picture(), LOW, with_graph=True))[0] for _ in range(2)
    )
    assert torch.allclose(first, second, rtol=1e-4, atol=1e-4)  # threads may add in another order
    assert all(torch.equal(before[name], buffer) for name, buffer in network.named_buffers())
    assert not any(module._forward_hooks or module._backward_hooks for module in network.modules())


def test_without_a_graph_nothing_is_kept_for_gradients() -> None:
    forward = engine_of(fresh_network("yolov8n")).forward(picture(), LOW, with_graph=False)
    assert not any(feature.requires_grad for feature in forward.inputs.features)


def test_a_coarse_level_that_does_not_read_the_finest_is_named() -> None:
    from heatcam.errors import MapError

    engine = GradientEngine(TappedNetwork(fresh_network("yolov3-tiny"), layers=["19"]), torch.device("cpu"))
    verify(engine, picture())
    forward = engine.forward(picture(), Thresholds(conf=0.0, iou=1.0), with_graph=True)
    with pytest.raises(MapError, match="stride 32 input does not read layer 19:Conv"):
        engine.summed_gradient(forward)
