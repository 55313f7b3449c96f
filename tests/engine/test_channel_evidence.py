"""Evidence by channel: gradient times input at the picture, against plain autograd and numbers by hand."""

from __future__ import annotations

import numpy as np
import torch
from ultralytics.nn.tasks import ClassificationModel

from heatcam.engine.channel_evidence import channel_evidence
from heatcam.engine.classifier import TappedClassifier
from heatcam.engine.network import TappedNetwork
from tests.engine.test_grey import network_of

ALL = slice(None), slice(None)


def test_the_evidence_of_a_sum_of_weighted_channels_is_each_channels_own_part() -> None:
    """The logit is 1 * red + 2 * green - 3 * blue, summed over two by two pixels; a constant is nobody's."""
    picture = torch.tensor([0.5, 0.25, 1.0])[None, :, None, None].repeat(1, 1, 2, 2).requires_grad_(True)
    logit = (picture * torch.tensor([1.0, 2.0, -3.0])[None, :, None, None]).sum() + 7
    found = channel_evidence(logit[None, None], picture, [0], [0], ALL)
    assert found.tolist() == [[2.0, 2.0, -12.0]]


def test_only_pixels_inside_count() -> None:
    picture = torch.ones(1, 1, 4, 4, requires_grad=True)
    found = channel_evidence(picture.sum()[None, None], picture, [0], [0], (slice(1, 3), slice(0, 4)))
    assert found.tolist() == [[8.0]]


def test_a_networks_logits_are_ultralytics_own_and_the_gradient_is_plain_autograds() -> None:
    network = network_of(4).requires_grad_(False)
    x = torch.rand(1, 4, 96, 128, generator=torch.Generator().manual_seed(0)).requires_grad_(True)
    cut = TappedNetwork(network)
    logits = cut.all_logits(x)
    scores = network(x)[1]["scores"][0].T
    assert torch.allclose(logits, scores, atol=1e-5)
    rows, classes = [3, 200], [1, 4]
    ours = channel_evidence(logits, x, rows, classes, ALL)
    for n, (row, class_id) in enumerate(zip(rows, classes, strict=True)):
        (plain,) = torch.autograd.grad(scores[row, class_id], x, retain_graph=True)
        assert torch.allclose(ours[n], (plain * x)[0].sum((1, 2)), rtol=1e-3, atol=1e-5)


def test_a_classifiers_only_row_is_its_logits() -> None:
    torch.manual_seed(0)
    network = ClassificationModel("yolov8n-cls.yaml", ch=4, nc=3, verbose=False).eval().requires_grad_(False)
    x = torch.rand(1, 4, 64, 64, requires_grad=True)
    logits = TappedClassifier(network).all_logits(x)
    assert torch.allclose(logits.softmax(1), network(x)[0], atol=1e-6)
    assert np.isfinite(channel_evidence(logits, x, [0], [2], ALL).detach().numpy()).all()
