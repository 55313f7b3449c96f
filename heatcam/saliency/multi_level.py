"""Adding up maps of several levels, each by its evidence per pixel.

A level of stride s spreads a logit over s x s pixels. Added up as they are, coarse levels would drown fine ones; divided by
their stride squared, every level gives its evidence per pixel, and the sum over the picture stays in logits.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as nnf
from torch import Tensor


def add_levels(maps: Sequence[Tensor], *, signed: bool = False) -> Tensor:
    """Add up one map a level: each clipped at zero, upsampled to the finest level, and divided by the factor of its area.

    Args:
        maps: float ``(h_l, w_l)``, signed, in logit units per cell; a single one is returned as it is, signed.
        signed: do not clip: what speaks against the target stays in the map.

    Returns:
        float ``(h, w)`` of the finest level, in logit units per cell of that level.
    """
    if len(maps) == 1:
        return maps[0]
    height = max(m.shape[0] for m in maps)
    width = max(m.shape[1] for m in maps)
    total = torch.zeros((height, width), device=maps[0].device)
    for level in maps:
        kept = (level if signed else level.clamp_min(0)).float()[None, None]
        enlarged = nnf.interpolate(kept, (height, width), mode="bilinear", align_corners=False)[0, 0]
        # (not in place: objects are mapped all at once in exported files)
        total = total + enlarged * (level.shape[0] * level.shape[1] / (height * width))
    return total
