"""Two sets of boxes are the same whatever their order: equal scores may be taken either way round."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment
from torch import Tensor

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
