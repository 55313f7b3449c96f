"""Held gates: the same numbers forward, and gradients that take SiLU's sigmoid as a constant."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from heatcam.engine.cell_parts import part_of
from heatcam.engine.cells import CellBranch
from heatcam.engine.gates import HeldSiLU, holds_gates, with_held_gates, with_plain_gates
from tests.nets import fresh_network


def test_a_held_silu_is_a_silu_forward_and_its_sigmoid_backward() -> None:
    values = torch.tensor([-5.0, -1.0, 0.0, 2.0], requires_grad=True)
    said = HeldSiLU()(values)
    assert torch.equal(said, nn.functional.silu(values))
    (gradient,) = torch.autograd.grad(said.sum(), values)
    assert torch.equal(gradient, values.sigmoid())


def test_gradients_of_several_outputs_can_be_taken_at_once() -> None:
    values = torch.tensor([-5.0, -1.0, 0.0, 2.0], requires_grad=True)
    (each,) = torch.autograd.grad(HeldSiLU()(values), values, torch.eye(4), is_grads_batched=True)
    assert torch.equal(each, torch.diag(values.sigmoid()))
    by_vmap = torch.func.vmap(torch.func.grad(HeldSiLU()))(values.detach())
    assert torch.equal(by_vmap, values.sigmoid())


def test_only_without_a_gradient_a_held_silu_works_in_place_where_the_silu_did() -> None:
    held = with_held_gates(nn.Sequential(nn.SiLU(inplace=True)))
    values = torch.tensor([1.0, 2.0])
    held(values.requires_grad_(True))
    assert values.tolist() == [1, 2]
    with torch.no_grad():
        assert held(values).data_ptr() == values.data_ptr()
    assert values.tolist() != [1, 2]


def test_a_copy_has_no_silu_left_shares_the_weights_and_says_the_same() -> None:
    network = fresh_network("tiny")
    held = with_held_gates(network)
    assert not any(isinstance(module, nn.SiLU) for module in held.modules())
    assert any(isinstance(module, nn.SiLU) for module in network.modules())
    assert {p.data_ptr() for p in held.parameters()} == {p.data_ptr() for p in network.parameters()}
    picture = torch.rand(1, 3, 64, 64)
    assert torch.equal(held(picture)[0], network(picture)[0])


def test_gates_can_be_let_go_again_and_a_network_without_any_has_nothing_to_hold() -> None:
    network = fresh_network("tiny")
    held = with_held_gates(network)
    assert holds_gates(held)
    again = with_plain_gates(held)
    assert not holds_gates(again)
    kinds, before = (
        [(name, type(module)) for name, module in each.named_modules(remove_duplicate=False)]
        for each in (again, network)
    )
    assert kinds == before
    assert not holds_gates(with_held_gates(nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU())))
    assert isinstance(with_plain_gates(HeldSiLU()), nn.SiLU)


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


def test_with_single_cells_held_gates_can_be_taken_as_plain_ones() -> None:
    """What is said of evidence for and against an object does not depend on what its map is made with."""
    network = fresh_network("yolo11n")
    branch = network.model[-1].cv3[0]
    held = CellBranch(with_held_gates(branch))
    plain = CellBranch(branch)
    channels = branch[0][0].conv.in_channels
    squares = torch.randn(2, 5, 5, channels, generator=torch.Generator().manual_seed(0))
    inside, cotangent = torch.ones(2, 5, 5, 1), torch.eye(2, 5)
    (said, vjp), (expected, plain_vjp) = (each.of_squares(squares, inside) for each in (held, plain))
    assert torch.equal(said, expected)
    both = vjp(cotangent, also_plain=True)
    assert torch.allclose(both[:2], vjp(cotangent), rtol=1e-5)
    assert torch.allclose(both[2:], plain_vjp(cotangent), rtol=1e-5)
    assert not torch.allclose(both[:2], both[2:], rtol=1e-2)
    assert (held.holds_gates, plain.holds_gates) == (True, False)
