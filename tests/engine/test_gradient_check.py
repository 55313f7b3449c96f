"""A layer that lets no gradient through is named when the engine starts."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from heatcam.engine.backends import start_engine
from heatcam.engine.gradient_check import layer_without_gradient, require_gradient
from heatcam.engine.network import TappedNetwork
from heatcam.errors import ModelError
from tests.nets import FAMILIES, fresh_network, picture


class Behind(nn.Module):
    """Does something to what the layer ``inner`` gives."""

    def forward(self, x: Tensor) -> Tensor:
        return self.change(self.inner(x))


class Detaching(Behind):
    def change(self, x: Tensor) -> Tensor:
        return x.detach()


class Ungraphed(Behind):
    @torch.no_grad()
    def change(self, x: Tensor) -> Tensor:
        return x * 1


class Rounding(Behind):
    """Connected to its input, with a gradient of zeros."""

    def change(self, x: Tensor) -> Tensor:
        return (x * 0.1).round()


class Choosing(Behind):
    def change(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x).scatter_(1, x.argmax(1, keepdim=True), 1.0)


class ThroughNumPy(Behind):
    def change(self, x: Tensor) -> Tensor:
        return torch.from_numpy(x.numpy() * 1)


class HalfDetached(Behind):
    """Keeps its gradient on one of two ways."""

    def change(self, x: Tensor) -> Tensor:
        return x + x.detach()


def with_layer(index: int, module: nn.Module, family: str = "yolov8n") -> nn.Module:
    """A network with ``module`` behind one layer, in its place and under its own name."""
    network = copy.deepcopy(fresh_network(family))
    module.inner = network.model[index]
    module.i, module.f = module.inner.i, module.inner.f
    network.model[index] = module
    return network


@pytest.mark.parametrize("module", [Detaching, Ungraphed, Rounding, Choosing, ThroughNumPy])
@pytest.mark.parametrize("index", [16, 18])
def test_the_layer_that_cuts_the_graph_is_named(module: type[nn.Module], index: int) -> None:
    cut = TappedNetwork(with_layer(index, module()))
    with pytest.raises(ModelError, match=rf"layer {index}:{module.__name__} lets no gradient through"):
        start_engine(cut, torch.device("cpu"), "torch", "auto", picture(64, 64))


def test_the_first_of_several_is_named() -> None:
    network = with_layer(18, Detaching())
    network.model[5] = with_layer(5, Rounding()).model[5]
    assert layer_without_gradient(TappedNetwork(network, fine=True), picture(128, 128)) == "5:Rounding"


def test_a_head_that_cuts_the_graph_is_named() -> None:
    network = copy.deepcopy(fresh_network("yolov8n"))
    broken = Detaching()
    broken.inner = network.model[-1].cv3[1]
    network.model[-1].cv3[1] = broken
    with pytest.raises(ModelError, match="layer 22:Detect lets no gradient through"):
        require_gradient(TappedNetwork(network))


def test_what_is_broken_below_the_cut_does_not_matter() -> None:
    network = with_layer(6, Detaching())
    require_gradient(TappedNetwork(network))
    require_gradient(TappedNetwork(network, layers=["9", "15"]))
    with pytest.raises(ModelError, match="layer 6:Detaching"):
        require_gradient(TappedNetwork(network, fine=True))


def test_what_is_broken_beside_the_way_from_cut_to_head_does_not_matter() -> None:
    network = with_layer(26, Detaching(), "yolov3")
    require_gradient(TappedNetwork(network, layers=["22"]))
    with pytest.raises(ModelError, match="layer 26:Detaching"):
        require_gradient(TappedNetwork(network))


def test_a_layer_that_keeps_one_way_open_is_no_obstacle() -> None:
    require_gradient(TappedNetwork(with_layer(16, HalfDetached())))


@pytest.mark.parametrize("family", [*FAMILIES, "yolov3-tiny", "yolov9t", "yolov10n"])
def test_whole_networks_pass_and_keep_their_numbers(family: str) -> None:
    network = fresh_network(family, fused=False)
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    require_gradient(TappedNetwork(network, fine=True))
    assert all(torch.equal(before[name], buffer) for name, buffer in network.named_buffers())
    assert not any(parameter.grad is not None for parameter in network.parameters())
