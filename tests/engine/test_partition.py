"""A traced gradient in two halves: together what it was, the second without anything the first can do."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx

from heatcam.engine.decompositions import inference_only
from heatcam.engine.partition import Halves, in_halves, tensors_of

X, COTANGENT = torch.randn(1, 4, 6, 5), torch.randn(1, 8, 6, 5)


def small_network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(4, 6, 3, padding=1), nn.SiLU(), nn.Conv2d(6, 8, 1), nn.Sigmoid()
    ).requires_grad_(False)


def traced(network: nn.Module) -> GraphModule:
    """A trace of ``(x, cotangent) -> (output, gradient)``."""

    def joint(x: Tensor, cotangent: Tensor) -> tuple[Tensor, Tensor]:
        with torch.enable_grad():
            x = x.detach().requires_grad_(True)
            output = network(x)
            (gradient,) = torch.autograd.grad(output, x, cotangent)
        return output, gradient

    return make_fx(joint, decomposition_table=inference_only())(X, COTANGENT)


def halves() -> Halves:
    return in_halves(traced(small_network()), given=1, results=1)


def operations(half: GraphModule) -> list[str]:
    return [str(node.target) for node in half.graph.nodes if node.op == "call_function"]


def test_the_halves_together_give_what_the_whole_gave() -> None:
    output, exact = traced(small_network())(X, COTANGENT)
    cut = halves()
    first = cut.forward(X)
    assert torch.allclose(first[0], output, atol=1e-6)
    assert len(first) == 1 + cut.saved
    (gradient,) = cut.backward(*tensors_of(cut, (X,)), COTANGENT)
    assert torch.allclose(gradient, exact, atol=1e-6)


def test_the_backward_half_makes_comparisons_again_instead_of_being_handed_them() -> None:
    pooling = nn.Sequential(nn.Conv2d(4, 8, 1), nn.MaxPool2d(5, 1, 2)).requires_grad_(False)
    cut = in_halves(traced(pooling), given=1, results=1)
    handed = tensors_of(cut, (X,))
    assert {tensor.dtype for tensor in handed} == {torch.float32}
    assert len(handed) == 2  # which cell of its row was the largest, and which of its column
    (gradient,) = cut.backward(*handed, COTANGENT)
    assert torch.allclose(gradient, traced(pooling)(X, COTANGENT)[1], atol=1e-6)


def test_the_backward_half_runs_no_layer_again() -> None:
    kinds = operations(halves().backward)
    assert kinds.count("aten.convolution.default") == 2  # one for each convolution of the network
    assert not any("sigmoid" in kind or "silu" in kind for kind in kinds)


def test_one_derivative_an_activation_is_handed_over_and_no_weight() -> None:
    cut = halves()
    # (in the order in which backpropagation takes them)
    assert [tuple(t.shape) for t in tensors_of(cut, (X,))] == [(1, 8, 6, 5), (1, 6, 6, 5)]


def test_the_forward_half_knows_no_cotangent() -> None:
    inputs = [node for node in halves().forward.graph.nodes if node.op == "placeholder"]
    assert len(inputs) == 1


def test_a_tensor_changed_in_place_is_refused() -> None:
    def joint(x: Tensor, cotangent: Tensor) -> tuple[Tensor, Tensor]:
        doubled = x.clone()
        doubled.mul_(2)
        return doubled, cotangent * doubled

    with pytest.raises(NotImplementedError, match="mul_"):
        in_halves(make_fx(joint)(X, X), given=1, results=1)
