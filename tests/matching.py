"""Two sets of boxes are the same whatever their order: equal scores may be taken either way round."""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torchvision.ops import box_iou

_NEVER = 1e9


def unmatched(ours: Tensor, theirs: Tensor, *, pixels: float, confidence: float) -> Tensor:
    """The rows of either that have no partner in the other, each row partner of one.

    Args:
        ours, theirs: float ``(N, 6)`` and ``(M, 6)``: xyxy, confidence, class.
        pixels: how far a side of partners may differ, for boxes of up to 100 pixels; in proportion for larger ones, whose sides
            are read as so many strides that their rounding is larger too.
        confidence: how far their confidences may.
    """
    a, b = ours.double().numpy()[:, None], theirs.double().numpy()[None]  # (N, 1, 6), (1, M, 6)
    size = np.maximum(b[..., 2:4] - b[..., :2], 100).max(-1)  # (1, M)
    cost = np.maximum(abs(a - b)[..., :4].max(-1) / (pixels * size / 100), abs(a - b)[..., 4] / confidence)
    cost = np.where(a[..., 5] == b[..., 5], np.minimum(cost, _NEVER), _NEVER)
    rows, columns = linear_sum_assignment(cost)
    partners = cost[rows, columns] <= 1
    alone = [np.setdiff1d(np.arange(len(t)), kept[partners]) for t, kept in ((ours, rows), (theirs, columns))]
    return ours.new_tensor([*ours[alone[0]].tolist(), *theirs[alone[1]].tolist()]).reshape(-1, 6)


def near_ties(alone: Tensor, kept: Tensor, iou: float) -> Tensor:
    """Tell, as bool ``(N,)``, which rows may be kept or suppressed by rounding alone, and those that follow from it.

    Args:
        alone: float ``(N, 6)``, rows that one of two suppressions has kept: xyxy, confidence, class.
        kept: float ``(M, 6)``, the rows of both.
        iou: threshold of the suppression.
    """
    same_class = alone[:, None, 5] == kept[None, :, 5]
    overlap = torch.where(same_class, box_iou(alone[:, :4], kept[:, :4]), 0.0)
    close = ((overlap - iou).abs() < 1e-3).any(1)
    follows = (
        torch.where(alone[:, None, 5] == alone[None, :, 5], box_iou(alone[:, :4], alone[:, :4]), 0.0) > iou
    )
    return close | (follows & close[None]).any(1)
