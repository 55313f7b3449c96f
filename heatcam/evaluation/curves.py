"""Deletion and insertion: does the detection go when what the map ranks first is blurred away, and come when only that is kept?

Petsiuk et al., "RISE", BMVC 2018, and for detectors "Black-box Explanation of Object Detectors via Saliency Maps" (D-RISE), CVPR
2021. As there, a picture is scored by the prediction that fits the object best: overlap (IoU) with its box times the score of its
class. Here pixels are blurred, not blackened, because black patches are objects of their own to a detector.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from heatcam.geometry import Float32Array, Uint8Array

STEPS = 9
BLUR_SIGMA = 20.0  # model pixels
PROTOCOL = (
    "pixels of the letterboxed picture ranked by the map; at fractions (k/9)^2, k = 1..8, blurred away (deletion) or shown on "
    "the blurred picture (insertion); score: maximum over all predictions of IoU with the box times class score; mean over steps"
)

#: From a letterboxed picture, uint8 ``(H, W, 3)`` BGR, to all boxes ``(A, 4)``, xyxy in model pixels, and class scores
#: ``(A, classes)``.
Predict = Callable[[Uint8Array], tuple[Float32Array, Float32Array]]


@dataclass(frozen=True)
class Curves:
    """Mean scores over the steps, in ``[0, 1]``.

    Attributes:
        deletion: while what the map ranks highest is blurred away; low is good.
        insertion: while it is shown on the blurred picture; high is good.
    """

    deletion: float
    insertion: float

    @property
    def difference(self) -> float:
        """Insertion minus deletion: what maps are ranked by."""
        return self.insertion - self.deletion


def blurred(boxed_bgr: Uint8Array) -> Uint8Array:
    """The picture (uint8 ``(H, W, 3)``) without anything that can be recognised."""
    return np.asarray(cv2.GaussianBlur(boxed_bgr, (0, 0), BLUR_SIGMA), np.uint8)


def curves_of(
    predict: Predict, clear: Uint8Array, values: Float32Array, box_xyxy: Float32Array, class_id: int
) -> Curves:
    """Deletion and insertion of one object's map.

    Args:
        predict: the network.
        clear: the letterboxed picture, uint8 ``(H, W, 3)`` BGR.
        values: the map, float32 ``(H, W)`` over the letterbox; only its order counts, and equal values fall by place.
        box_xyxy: ``(4,)``, the object in model pixels.
        class_id: its class.
    """
    order, blur = np.argsort(-values.ravel(), kind="stable"), blurred(clear)
    scores: dict[str, list[float]] = {"deletion": [], "insertion": []}
    for step in range(1, STEPS):
        chosen = np.zeros(values.size, bool)
        chosen[order[: int((step / STEPS) ** 2 * values.size)]] = True
        mask = chosen.reshape(*values.shape, 1)
        for name, inside, outside in (("deletion", blur, clear), ("insertion", clear, blur)):
            boxes, classes = predict(np.where(mask, inside, outside))
            scores[name].append(float((overlap(boxes, box_xyxy) * classes[:, class_id]).max()))
    return Curves(*(float(np.mean(scores[name])) for name in ("deletion", "insertion")))


def overlap(boxes_xyxy: Float32Array, box_xyxy: Float32Array) -> Float32Array:
    """Intersection over union of each of ``(N, 4)`` with one ``(4,)``: float32 ``(N,)`` in ``[0, 1]``."""
    shared = np.minimum(boxes_xyxy[:, 2:], box_xyxy[2:]) - np.maximum(boxes_xyxy[:, :2], box_xyxy[:2])
    inside = shared.clip(0).prod(1)
    areas = (boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]).prod(1) + (box_xyxy[2:] - box_xyxy[:2]).prod()
    return np.asarray(inside / np.maximum(areas - inside, 1e-9), np.float32)


def over_letterbox(values: Float32Array, model_wh: tuple[int, int]) -> Float32Array:
    """A map at any resolution as ``(H, W)`` float32 over the whole letterbox, without its negative part."""
    enlarged = cv2.resize(values, model_wh, interpolation=cv2.INTER_LINEAR)
    return np.asarray(enlarged, np.float32).clip(0)


def cut_to_box(values: Float32Array, box_xyxy: Float32Array) -> Float32Array:
    """The map inside the box, zero outside; a copy. ``box_xyxy`` is ``(4,)`` in the map's own cells."""
    inside = np.zeros_like(values)
    left, top, right, bottom = (max(0, round(float(side))) for side in box_xyxy)
    inside[top:bottom, left:right] = values[top:bottom, left:right]
    return inside
