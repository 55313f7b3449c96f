"""Held gates: the same numbers forward, and gradients that take SiLU's sigmoid as a constant."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from heatcam.engine.cell_parts import part_of
from heatcam.engine.gates import HeldSiLU, with_held_gates
from tests.nets import fresh_network


def test_a_held_silu_is_a_silu_forward_and_its_sigmoid_backward() -> None:
    values = torch.tensor([-5.0, -1.0, 0.0, 2.0], requires_grad=True)
    said = HeldSiLU()(values)
    assert torch.allclose(said, nn.functional.silu(values))
    (gradient,) = torch.autograd.grad(said.sum(), values)
    assert torch.equal(gradient, values.sigmoid())


def test_a_copy_has_no_silu_left_shares_the_weights_and_says_the_same() -> None:
    network = fresh_network("tiny")
    held = with_held_gates(network)
    assert not any(isinstance(module, nn.SiLU) for module in held.modules())
    assert any(isinstance(module, nn.SiLU) for module in network.modules())
    assert {p.data_ptr() for p in held.parameters()} == {p.data_ptr() for p in network.parameters()}
    picture = torch.rand(1, 3, 64, 64)
    assert torch.allclose(held(picture)[0], network(picture)[0], atol=1e-4)


def test_relevance_of_one_layer_is_that_of_the_next() -> None:
    """Without biases LRP-0 loses nothing: activation times gradient sums up to the output at every layer."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(2, 3, 3, bias=False), nn.SiLU(), nn.Conv2d(3, 1, 3, bias=False)]
    held = list(with_held_gates(nn.Sequential(*layers)).children())
    given = torch.randn(1, 2, 5, 5, requires_grad=True)
    between = held[0](given)
    output = held[2](held[1](between))
    (at_given, at_between) = torch.autograd.grad(output.sum(), (given, between))
    sums = [float((given * at_given).sum().detach()), float((between * at_between).sum().detach())]
    assert sums == pytest.approx([float(output.detach())] * 2, rel=1e-5)


def test_the_head_for_single_cells_holds_them_too() -> None:
    squares, cotangent = torch.randn(2, 3, 3, 4), torch.randn(2, 3, 3, 4)
    part = part_of(HeldSiLU())
    assert torch.allclose(part(squares), nn.functional.silu(squares))
    assert torch.equal(part.vjp(squares, cotangent), cotangent * squares.sigmoid())
