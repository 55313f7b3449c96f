"""Candidates that may be meant for an object at a place, whatever their class."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatcam.frames import Candidates
from heatcam.geometry import Float32Array, overlaps
from heatcam.probing.verdicts import MATCH_IOU

#: IoU with the place from which a box may be meant for its object, and the same where box and place are centred on each other.
_SAME_IOU, _CENTRED_IOU = 0.3, 0.1
BoolArray = npt.NDArray[np.bool_]


def may_be_meant(box: Float32Array, candidates: Candidates, match_iou: float = MATCH_IOU) -> BoolArray:
    """Tell for each candidate whether it may be meant for an object at a place: bool ``(K,)``.

    Its IoU with the place is at least 0.3; or at least 0.1, and the middles of box and place lie in each other, or the anchor
    point lies in the place's middle half.

    Args:
        box: float32 ``(1, 4)`` in image pixels, the place.
        candidates: of the picture.
        match_iou: from which a box is on an object.
    """
    boxes, place = candidates.inside_xyxy, box[0]
    ious = overlaps(boxes, box)[:, 0]
    middles, middle = (boxes[:, :2] + boxes[:, 2:]) / 2, (place[:2] + place[2:]) / 2
    mutual = ((middles >= place[:2]) & (middles <= place[2:])).all(1)
    mutual &= ((boxes[:, :2] <= middle) & (middle <= boxes[:, 2:])).all(1)
    quarter = (place[2:] - place[:2]) / 4
    near = (np.abs(candidates.points_xy - middle) <= quarter).all(1)
    centred = (mutual | near) & (ious >= min(_CENTRED_IOU, match_iou))
    return np.asarray(centred | (ious >= _SAME_IOU))
