"""How far rounding may move a gradient: measured on the network itself in float64, so that no processor decides.

Networks with random weights magnify the rounding of float32 by factors that differ a thousandfold between families and seeds. So
a float32 gradient is compared with the float64 one, and the bound is how far that one moves when every weight and pixel is moved
by what float32 rounds away.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tests.nets import oracle_gradients

_ROUNDING = 2.0**-24  # float32, relative
_DRAWS = 3
#: A calculation rounds at every operation, a draw once. Over five families and ten seeds the errors of torch's and OpenVINO's
#: gradients were 1.6 to 7 times what a draw moved; a gradient that is wrong by a part in a hundred is 10 to 1000 times it.
_MARGIN = 20


@dataclass(frozen=True)
class Reference:
    """The exact gradients of summed class logits.

    Attributes:
        gradients: one for each layer, float64 ``(C, h, w)``.
        bound: the error that float32 may have, relative to a gradient's largest value.
    """

    gradients: tuple[Tensor, ...]
    bound: float

    def error_of(self, gradients: Sequence[Tensor]) -> float:
        """The largest error of ``gradients``, relative to each one's largest exact value."""
        return _largest_difference(gradients, self.gradients)


def reference_gradients(
    network: nn.Module, x: Tensor, anchors: Tensor, class_ids: Tensor, layers: Sequence[int]
) -> Reference:
    """Autograd through the whole network in float64, as ultralytics runs it; arguments as of ``oracle_gradients``."""

    def gradients(network: nn.Module, x: Tensor) -> tuple[Tensor, ...]:
        return tuple(g for _, g in oracle_gradients(network, x, anchors, class_ids, layers, unused=True))

    exact_network, source = copy.deepcopy(network).double(), torch.Generator().manual_seed(0)
    exact = gradients(exact_network, x.double())
    moved = [gradients(_rounded(exact_network, source), _moved(x.double(), source)) for _ in range(_DRAWS)]
    return Reference(exact, _MARGIN * max(_largest_difference(each, exact) for each in moved))


def _rounded(network: nn.Module, source: torch.Generator) -> nn.Module:
    """A copy whose weights are moved as rounding would."""
    network = copy.deepcopy(network)
    for tensor in (*network.parameters(), *network.buffers()):
        if tensor.is_floating_point():
            tensor.data = _moved(tensor.data, source)
    return network


def _moved(x: Tensor, source: torch.Generator) -> Tensor:
    return x * (1 + _ROUNDING * torch.randn(x.shape, generator=source, dtype=x.dtype))


def _largest_difference(ours: Sequence[Tensor], exact: Sequence[Tensor]) -> float:
    pairs = [(a.double(), b.double()) for a, b in zip(ours, exact, strict=True)]
    return max(float((a - b).abs().max() / b.abs().max().clamp_min(1e-30)) for a, b in pairs)
