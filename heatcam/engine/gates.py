"""Networks whose gates are held: SiLU passes gradients on as if its sigmoid were a constant.

Forward nothing changes. Backward a SiLU ``x * sigmoid(x)`` passes on ``sigmoid(x)``, the share of its input that it let through,
and not its slope, which is negative below -1.3 and above 1 from 2.4. Activation times gradient is then the relevance of
layer-wise relevance propagation, with the rule LRP-0 in the convolutions and the identity rule in what lies between them
(Montavon et al., "Layer-Wise Relevance Propagation: An Overview", 2019).
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


class HeldSiLU(nn.Module):
    """SiLU whose sigmoid is a constant for gradients."""

    def forward(self, values: Tensor) -> Tensor:
        """Return ``values * sigmoid(values)``, of the same shape."""
        return values * torch.sigmoid(values).detach()


def with_held_gates(network: nn.Module) -> nn.Module:
    """Copy a network, with the same parameters and buffers, so that each of its SiLUs passes gradients on as a ``HeldSiLU``."""
    tensors = {id(tensor): tensor for tensor in (*network.parameters(), *network.buffers())}
    held = copy.deepcopy(network, tensors)
    for module in list(held.modules()):
        for name, part in list(module.named_children()):
            if isinstance(part, nn.SiLU):
                setattr(module, name, HeldSiLU())
    return held
