"""The classes most nearly seen at a place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatcam.frames import Candidates
from heatcam.probing.meant import may_be_meant


@dataclass(frozen=True)
class LikelyClass:
    """A class at a place, by the candidate there that is likeliest of it.

    Attributes:
        class_id, class_name: of it.
        confidence, logit: the highest of the class among the candidates that may be meant for an object at the place.
    """

    class_id: int
    class_name: str
    confidence: float
    logit: float


def likely_classes(
    box_xyxy: tuple[float, float, float, float], candidates: Candidates
) -> tuple[LikelyClass, ...]:
    """Return every class of the model, the likeliest at a place first.

    Args:
        box_xyxy: the place, in image pixels.
        candidates: of the picture. Where none may be meant for an object at the place, the nearest one tells.
    """
    box, names = np.array([box_xyxy], np.float32), candidates.class_names
    rows = np.nonzero(may_be_meant(box, candidates))[0]
    if not len(rows):
        middle = (box[0, :2] + box[0, 2:]) / 2
        rows = ((candidates.points_xy - middle) ** 2).sum(1).argmin(keepdims=True)
    best = candidates.logits[rows].max(0).astype(np.float64)
    order = np.argsort(-best, kind="stable").tolist()
    shares = (1 / (1 + np.exp(-best))).tolist()
    return tuple(LikelyClass(c, names.get(c, str(c)), shares[c], float(best[c])) for c in order)
