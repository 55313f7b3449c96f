"""Backward operations in terms of forward ones, against torch's own backward."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.fx.experimental.proxy_tensor import make_fx

from heatcam.engine.decompositions import inference_only


def traced_and_exact(layer: nn.Module, x: Tensor) -> tuple[Tensor, Tensor, set[str]]:
    """The layer's input gradient by its trace and by autograd, and the operations of the trace."""
    layer.requires_grad_(False)

    def gradient(x: Tensor, cotangent: Tensor) -> Tensor:
        with torch.enable_grad():
            x = x.detach().requires_grad_(True)
            return torch.autograd.grad(layer(x), x, cotangent)[0]

    with torch.no_grad():
        cotangent = torch.randn_like(layer(x))
    trace = make_fx(gradient, decomposition_table=inference_only())(x, cotangent)
    operations = {str(node.target) for node in trace.graph.nodes if node.op == "call_function"}
    return trace(x, cotangent), gradient(x, cotangent), operations


CONVOLUTIONS = {
    "3x3": {"kernel_size": 3, "padding": 1},
    "a stride": {"kernel_size": 3, "padding": 1, "stride": 2},
    "no padding and a stride": {"kernel_size": 2, "stride": 2},
    "groups and a stride": {"kernel_size": 3, "padding": 1, "stride": 2, "groups": 4},
    "depthwise": {"kernel_size": 7, "padding": 3, "groups": 8},
    "dilation": {"kernel_size": 3, "padding": 2, "dilation": 2},
    "1x1": {"kernel_size": 1},
}


@pytest.mark.parametrize("side", [8, 9], ids=["even", "odd"])
@pytest.mark.parametrize("options", CONVOLUTIONS.values(), ids=CONVOLUTIONS)
def test_a_convolutions_gradient_is_a_plain_convolution(options: dict[str, int], side: int) -> None:
    ours, exact, operations = traced_and_exact(nn.Conv2d(8, 8, **options), torch.randn(1, 8, side, side + 3))
    assert torch.allclose(ours, exact, atol=1e-5)
    assert "aten.convolution_backward.default" not in operations


def test_a_transposed_convolution_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="transposed"):
        traced_and_exact(nn.ConvTranspose2d(4, 4, 2, 2), torch.randn(1, 4, 5, 5))


@pytest.mark.parametrize("values", [4, 10_000], ids=["many equal cells", "all different"])
def test_max_pooling_gives_the_gradient_to_the_first_largest_cell(values: int) -> None:
    x = torch.randint(0, values, (1, 3, 11, 9), generator=torch.Generator().manual_seed(0)).float()
    ours, exact, operations = traced_and_exact(nn.MaxPool2d(5, 1, 2), x)
    assert torch.allclose(ours, exact, atol=1e-5)
    assert not any("max_pool" in name for name in operations)


def test_three_poolings_in_a_row_as_in_sppf_are_exact() -> None:
    pool = nn.MaxPool2d(5, 1, 2)
    ours, exact, _ = traced_and_exact(nn.Sequential(pool, pool, pool), torch.randn(1, 3, 20, 20))
    assert torch.allclose(ours, exact, atol=1e-4)


def test_average_pooling_gives_each_cell_its_share_of_its_windows() -> None:
    """As in YOLOv9's AConv and ADown."""
    found, exact, operations = traced_and_exact(nn.AvgPool2d(2, 1), torch.randn(1, 3, 6, 9))
    torch.testing.assert_close(found, exact)
    assert "aten.avg_pool2d_backward.default" not in operations


def test_average_pooling_with_a_stride_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="average pooling with a stride"):
        traced_and_exact(nn.AvgPool2d(2), torch.randn(1, 3, 6, 8))


def test_max_pooling_with_a_stride_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="stride"):
        traced_and_exact(nn.MaxPool2d(2, 2), torch.randn(1, 3, 8, 8))


def test_enlarging_gives_each_cell_what_its_copies_received() -> None:
    ours, exact, operations = traced_and_exact(nn.Upsample(scale_factor=2), torch.randn(1, 3, 5, 7))
    assert torch.allclose(ours, exact, atol=1e-6)
    assert not any("backward" in name for name in operations)


@pytest.mark.parametrize(
    "layer", [nn.SiLU(), nn.Sigmoid(), nn.ReLU(), nn.LeakyReLU(0.1), nn.GELU(), nn.Softmax(-1)], ids=repr
)
def test_activations_leave_no_backward_operation_behind(layer: nn.Module) -> None:
    ours, exact, operations = traced_and_exact(layer, torch.randn(1, 3, 5, 7))
    assert torch.allclose(ours, exact, atol=1e-6)
    assert not any("backward" in name for name in operations)
