"""Gradients are torch's own, bit for bit, and the first of a process does not import sympy."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from heatcam.engine.vjp import vjp


def outputs_of(leaf: Tensor) -> list[Tensor]:
    torch.manual_seed(0)
    one, two = nn.Conv2d(3, 4, 3), nn.Conv2d(3, 2, 5)
    return [one(leaf).relu(), two(leaf).sigmoid()]


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_the_numbers_are_those_of_autograd(memory_format: torch.memory_format) -> None:
    leaf = torch.rand(1, 3, 9, 11).requires_grad_(True)
    outputs = outputs_of(leaf)
    cotangents = [torch.randn(output.shape).contiguous(memory_format=memory_format) for output in outputs]
    (expected,) = torch.autograd.grad(outputs, [leaf], cotangents, retain_graph=True)
    for _ in range(2):  # the graph is kept
        (ours,) = vjp(outputs, [leaf], cotangents, retain_graph=True)
        assert ours is not None and torch.equal(ours, expected)


def test_an_input_that_is_not_read_has_no_gradient_or_zeros() -> None:
    leaf, other = torch.rand(1, 3, 9, 11).requires_grad_(True), torch.rand(2).requires_grad_(True)
    outputs = outputs_of(leaf)
    cotangents = [torch.ones_like(output) for output in outputs]
    assert vjp(outputs, [leaf, other], cotangents, retain_graph=True)[1] is None
    assert torch.equal(vjp(outputs, [leaf, other], cotangents, zeros=True)[1], torch.zeros(2))


def test_outputs_without_a_graph_are_an_error_also_where_gradients_are_off() -> None:
    with torch.no_grad(), pytest.raises(RuntimeError):
        vjp([torch.rand(3)], [torch.rand(3).requires_grad_(True)], [torch.ones(3)])


def test_gradients_may_be_asked_for_where_no_graph_is_made() -> None:
    leaf = torch.rand(3).requires_grad_(True)
    output = leaf * 2
    with torch.no_grad():
        assert torch.equal(vjp([output], [leaf], [torch.ones(3)])[0], torch.full((3,), 2.0))


def test_a_cotangent_of_another_shape_is_refused() -> None:
    leaf = torch.rand(3).requires_grad_(True)
    with pytest.raises(ValueError, match=r"\(1,\), its output \(3,\)"):
        vjp([leaf * 2], [leaf], [torch.ones(1)])
