from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from heatcam.engine.boxes import Thresholds
from heatcam.engine.fingerprint import hash_of
from heatcam.engine.gradients import GradientEngine
from heatcam.engine.interface import Forward
from heatcam.engine.network import TappedNetwork
from heatcam.engine.shuffling import strongest_of, with_shuffled_head
from heatcam.engine.targets import SideDistances
from tests.nets import engine_of, fresh_network, picture, strongest


def passed(engine: GradientEngine) -> Forward:
    return strongest(engine.forward(picture(), Thresholds(conf=0.0), with_graph=True))


@pytest.mark.parametrize("family", ["tiny", "yolo11n"])
def test_a_shuffled_head_has_the_same_weights_elsewhere_and_the_network_keeps_its_own(family: str) -> None:
    network = fresh_network(family, fused=False)
    before, engine = hash_of(network), engine_of(network)
    twin = with_shuffled_head(engine, 0)
    assert hash_of(network) == before
    for own, other in zip(engine.branches, twin.branches, strict=True):
        for (name, weights), shuffled in zip(own.named_parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(weights.flatten().sort()[0], shuffled.flatten().sort()[0])
            assert torch.equal(weights, shuffled) == (weights.ndim == 1), name
        for weights, shuffled in zip(own.buffers(), other.buffers(), strict=True):
            assert torch.equal(weights, shuffled), "batch normalisation keeps its statistics"


def test_a_twin_gives_other_gradients_and_leaves_the_engines_alone() -> None:
    engine = engine_of(fresh_network("tiny"))
    forward = passed(engine)
    before = engine.summed_gradient(forward)[0].clone()
    other = with_shuffled_head(engine, 0).summed_gradient(forward)[0]
    assert (other - before).abs().max() > 0.1 * before.abs().max()
    torch.testing.assert_close(engine.summed_gradient(passed(engine))[0], before)


def test_the_strongest_of_a_head_are_where_it_says_most() -> None:
    engine = engine_of(fresh_network("tiny"))
    forward = passed(engine)
    boxes = strongest_of(engine, forward, 4).boxes
    logits = torch.cat(
        [x[0].detach().flatten(1) for x in engine.cut.class_logits(forward.inputs.features)], 1
    )
    assert len(boxes) == 4
    assert float(boxes.confidences[0]) == pytest.approx(float(logits.max().sigmoid()))
    torch.testing.assert_close(boxes.confidences, logits[boxes.class_ids, boxes.anchors].sigmoid())


def linear_head(network: nn.Module) -> nn.Module:
    """The class branches made of their last convolution alone, without activations: what they say is linear."""
    changed = copy.deepcopy(network)
    head = changed.model[-1]
    head.cv3 = nn.ModuleList(nn.Sequential(nn.Conv2d(b[0].conv.in_channels, 5, 1)) for b in head.cv3)
    return changed.requires_grad_(False)


def test_coherence_is_net_over_gross_evidence() -> None:
    """Worked out without gradients: a linear head says bias + sum of weight * feature at its own cell."""
    engine = engine_of(linear_head(fresh_network("tiny")))
    forward = passed(engine)
    found = engine.coherence(forward)
    assert found is not None
    starts = [0, forward.inputs.features[0][0, 0].numel()]
    for n, (anchor, class_id) in enumerate(
        zip(forward.boxes.anchors.tolist(), forward.boxes.class_ids.tolist(), strict=True)
    ):
        level = int(anchor >= starts[1])
        cell = forward.inputs.features[level][0].flatten(1)[:, anchor - starts[level]].detach()
        parts = cell * engine.branches[level][-1].weight[class_id, :, 0, 0]
        assert float(found[n]) == pytest.approx(float(parts.sum() / parts.abs().sum()), abs=1e-5)


def test_another_class_at_the_same_boxes_has_its_own_coherence() -> None:
    engine = engine_of(fresh_network("tiny"))
    forward = passed(engine)
    own = engine.coherence(forward)
    engine.explained_class = (int(forward.boxes.class_ids[0]) + 1) % 5
    other = engine.coherence(forward)
    assert own is not None
    assert other is not None
    asked = forward.boxes.class_ids != engine.explained_class
    assert (own[asked] != other[asked]).all()


def test_other_targets_than_the_class_have_no_coherence() -> None:
    cut = TappedNetwork(fresh_network("tiny"))
    target = SideDistances("box", "box_head", cut.head.reg_max, (0,))
    engine = GradientEngine(cut, torch.device("cpu"), None, target)
    assert engine.coherence(passed(engine)) is None
