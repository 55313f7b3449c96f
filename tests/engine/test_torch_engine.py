"""The engine's gradients against plain autograd through the whole network, for every family that is promised."""

from __future__ import annotations

import logging

import pytest
import torch

from heatcam.engine.boxes import Thresholds
from heatcam.engine.torch_engine import TorchEngine
from tests.nets import FAMILIES, fresh_network, oracle_gradient, picture

LOW = Thresholds(conf=0.05, iou=0.5)
CPU = torch.device("cpu")


def relative_error(ours: torch.Tensor, exact: torch.Tensor) -> float:
    return float((ours - exact).abs().max() / exact.abs().max())


@pytest.mark.parametrize("fused", [True, False], ids=["fused", "unfused"])
@pytest.mark.parametrize("family", FAMILIES)
def test_summed_gradient_equals_autograd_through_the_whole_network(family: str, fused: bool) -> None:
    network = fresh_network(family, fused=fused)
    engine = TorchEngine(network, CPU)
    forward = engine.forward(picture(), LOW, with_graph=True)
    assert len(forward.boxes) >= 3
    activation, exact = oracle_gradient(network, picture(), forward.boxes.anchors, forward.boxes.class_ids)
    assert torch.allclose(forward.inputs.finest[0], activation, atol=1e-6)
    assert exact.abs().max() > 0
    assert relative_error(engine.summed_gradient(forward), exact) < 1e-4


@pytest.mark.parametrize("family", FAMILIES)
def test_patches_are_proved_at_load_and_used(family: str) -> None:
    engine = TorchEngine(fresh_network(family), CPU)
    assert engine.prove_patches(picture()) < 1e-4
    assert engine.uses_patches


def test_objects_on_every_level_and_at_the_borders_have_exact_gradients() -> None:
    network = fresh_network("yolov8n")
    engine = TorchEngine(network, CPU)
    forward = engine.forward(picture(), Thresholds(conf=1.0), with_graph=True)
    cells = [f.shape[2] * f.shape[3] for f in forward.inputs.features]
    starts = [0, cells[0], cells[0] + cells[1]]
    from heatcam.engine.patches import by_level

    for start, count in zip(starts, cells, strict=True):
        for anchor in (start, start + count // 2, start + count - 1):
            anchors, class_ids = torch.tensor([anchor]), torch.tensor([2])
            ours = engine._patch_gradient(forward, by_level(forward.inputs.features, anchors, class_ids))
            assert relative_error(ours, oracle_gradient(network, picture(), anchors, class_ids)[1]) < 1e-4


def test_object_gradients_add_up_to_the_summed_gradient() -> None:
    engine = TorchEngine(fresh_network("yolo11n"), CPU)
    forward = engine.forward(picture(), LOW, with_graph=True)
    objects = engine.object_gradients(forward)
    assert len(objects) == len(forward.boxes)
    assert relative_error(torch.stack(objects).sum(0), engine.summed_gradient(forward)) < 1e-4


def test_a_wrong_radius_is_noticed_and_dense_autograd_takes_over(caplog: pytest.LogCaptureFixture) -> None:
    network = fresh_network("yolov8n")
    engine = TorchEngine(network, CPU)
    engine.radii = [1, 1, 1]
    with caplog.at_level(logging.WARNING):
        assert engine.prove_patches(picture()) > 1e-3
    assert not engine.uses_patches
    assert [r.levelname for r in caplog.records] == ["WARNING"]
    forward = engine.forward(picture(), LOW, with_graph=True)
    exact = oracle_gradient(network, picture(), forward.boxes.anchors, forward.boxes.class_ids)[1]
    assert relative_error(engine.summed_gradient(forward), exact) < 1e-4


def test_no_detections_give_a_gradient_of_zeros() -> None:
    engine = TorchEngine(fresh_network("yolov8n"), CPU)
    forward = engine.forward(picture(), Thresholds(conf=1.0), with_graph=True)
    assert len(forward.boxes) == 0
    assert not engine.summed_gradient(forward).any()
    engine.uses_patches = False
    assert not engine.summed_gradient(forward).any()


def test_explaining_twice_gives_the_same_and_moves_no_statistics() -> None:
    network = fresh_network("yolo11n", fused=False)
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    engine = TorchEngine(network, CPU)
    first, second = (
        engine.summed_gradient(engine.forward(picture(), LOW, with_graph=True)) for _ in range(2)
    )
    assert torch.allclose(first, second, rtol=1e-4, atol=1e-4)  # threads may add in another order
    assert all(torch.equal(before[name], buffer) for name, buffer in network.named_buffers())
    assert not any(module._forward_hooks or module._backward_hooks for module in network.modules())


def test_without_a_graph_nothing_is_kept_for_gradients() -> None:
    forward = TorchEngine(fresh_network("yolov8n"), CPU).forward(picture(), LOW, with_graph=False)
    assert not any(feature.requires_grad for feature in forward.inputs.features)


def test_a_coarse_level_that_does_not_read_the_finest_is_named() -> None:
    from heatcam.errors import MapError

    engine = TorchEngine(fresh_network("yolov3-tiny"), CPU)
    engine.prove_patches(picture())
    forward = engine.forward(picture(), Thresholds(conf=0.0, iou=1.0), with_graph=True)
    with pytest.raises(MapError, match="stride 32 input does not read layer 19:Conv"):
        engine.summed_gradient(forward)
