"""Networks whose gates are held: SiLU passes gradients on as if its sigmoid were a constant.

Forward nothing changes. Backward a SiLU ``x * sigmoid(x)`` passes on ``sigmoid(x)``, the share of its input that it let through,
and not its slope, which is negative below -1.3 and above 1 from 2.4. Activation times gradient is then the relevance of
layer-wise relevance propagation, with the rule LRP-0 in the convolutions and the identity rule in what lies between them
(Montavon et al., "Layer-Wise Relevance Propagation: An Overview", 2019).

A network without SiLU has nothing to hold: its gradients are the plain ones.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn


class HeldSiLU(nn.Module):
    """SiLU whose sigmoid is a constant for gradients.

    Args:
        inplace: overwrite the input, as ``nn.SiLU`` may, where no gradient is wanted.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, values: Tensor) -> Tensor:
        """Return ``values * sigmoid(values)``, of the same shape: the very numbers of ``nn.SiLU``."""
        if torch.is_grad_enabled() and values.requires_grad:
            held: Tensor = _Held.apply(values)
            return held
        return nnf.silu(values, inplace=self.inplace)


class _Held(torch.autograd.Function):
    """SiLU forward, its sigmoid backward.

    A product with a detached sigmoid has the same gradient, but is rounded otherwise than torch's SiLU: random weights magnify
    that to differences of 5e-4 in a class's probability.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(values: Tensor) -> Tensor:
        """See the class."""
        return nnf.silu(values)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:  # noqa: ARG004 (torch's signature)
        """See the class."""
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        """See the class."""
        (values,) = ctx.saved_tensors
        return gradient * torch.sigmoid(values)


def with_held_gates(network: nn.Module) -> nn.Module:
    """Copy a network, with the same parameters and buffers, so that each of its SiLUs passes gradients on as a ``HeldSiLU``."""
    return _exchanged(network, nn.SiLU, lambda gate: HeldSiLU(gate.inplace))


def with_plain_gates(network: nn.Module) -> nn.Module:
    """Copy a network, with the same parameters and buffers, so that each of its ``HeldSiLU`` is a SiLU again."""
    return _exchanged(network, HeldSiLU, lambda gate: nn.SiLU(gate.inplace))


def holds_gates(network: nn.Module) -> bool:
    """Return True if a network has a ``HeldSiLU``."""
    return any(isinstance(module, HeldSiLU) for module in network.modules())


def _exchanged(network: nn.Module, kind: type[nn.Module], made: Callable[[Any], nn.Module]) -> nn.Module:
    """Copy a network, with the same parameters and buffers, and exchange its modules of one kind."""
    if isinstance(network, kind):
        return made(network)
    tensors = {id(tensor): tensor for tensor in (*network.parameters(), *network.buffers())}
    copied = copy.deepcopy(network, tensors)
    for module in list(copied.modules()):
        for name, part in list(module.named_children()):
            if isinstance(part, kind):
                setattr(module, name, made(part))
    return copied
