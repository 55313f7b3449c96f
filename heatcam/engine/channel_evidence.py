"""Evidence of each channel of the picture for an object: the gradient of its class logit at the input, times the input.

    E[c] = sum over the picture's pixels of  X[c, i, j] * dS / dX[c, i, j]

In logits, to first order: what the logit would lose if the channel were dimmed, relative to black. Of a network that holds its
gates (``gates``), as for the live and the fine map, it is the channel's relevance, by the same gradient as the map's. The
letterbox's border is left out. It says nothing of what two channels only tell together.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def channel_evidence(
    all_logits: Tensor,
    picture: Tensor,
    rows: Sequence[int],
    class_ids: Sequence[int],
    inside: tuple[slice, slice],
) -> Tensor:
    """Return the evidence of every channel for every object, in logits: float ``(N, channels)``, signed.

    Args:
        all_logits: class logits of every anchor or query ``(K, classes)``, with a graph from ``picture`` on.
        picture: float ``(1, channels, H, W)`` that requires a gradient.
        rows: the anchor or query of each object.
        class_ids: the class that is explained of each.
        inside: rows and columns of the picture inside the letterbox.
    """
    found = picture.new_zeros((len(rows), picture.shape[1]))
    for number, (row, class_id) in enumerate(zip(rows, class_ids, strict=True)):
        (gradient,) = torch.autograd.grad(all_logits[row, class_id], picture, retain_graph=True)
        found[number] = (gradient * picture.detach())[0, :, inside[0], inside[1]].sum((1, 2))
    return found
