"""Shuffling of weights: layers keep their size and spread and lose what they learned."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor


def shuffle(tensors: Iterable[Tensor], seed: int) -> None:
    """Put the numbers of each tensor in another order, in place: the same order for the same seed."""
    source = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weights in tensors:
            order = torch.randperm(weights.numel(), generator=source).to(weights.device)
            weights.copy_(weights.flatten()[order].view(weights.shape))
