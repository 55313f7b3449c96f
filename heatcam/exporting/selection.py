"""Selection of the likeliest objects inside a graph of fixed shapes: nothing of the picture that was traced is kept in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

#: Ultralytics moves the boxes of each class so many pixels apart, so that one suppression serves all classes. It is done here
#: too: float32 rounds moved boxes, and so decides which overlap a little more than the threshold.
_CLASS_OFFSET = 7680


@dataclass(frozen=True)
class Selected:
    """The K likeliest objects, strongest first; rows for which there is no object have ``found`` 0.

    Attributes:
        xyxy: float ``(K, 4)`` in model pixels.
        scores: float ``(K,)`` in ``[0, 1]``; 0 where there is none.
        class_ids: int64 ``(K,)``.
        anchors: int64 ``(K,)``, index into all anchor points.
        found: float ``(K,)``, 1 or 0.
    """

    xyxy: Tensor
    scores: Tensor
    class_ids: Tensor
    anchors: Tensor
    found: Tensor


def select(head: Any, decoded: Tensor, conf: Tensor, count: int, iou: float) -> Selected:
    """Select the likeliest objects as ``keep_boxes`` keeps them.

    Args:
        head: the network's head; its type decides how boxes are picked.
        decoded: float ``(4 + classes + more, anchors)``, as the head decodes its predictions.
        conf: float ``(classes,)``: an object is kept above its class's.
        count: K, at most the number of anchors.
        iou: boxes of a class that overlap more than this are one; end-to-end heads do not use it.
    """
    boxes, scores = decoded[:4].T, decoded[4 : 4 + head.nc].T  # (anchors, 4), (anchors, classes)
    if head.end2end:
        return _top(boxes, scores, conf, count)
    boxes = torch.cat((boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2), 1)
    return _suppressed(boxes, scores, conf, count, iou)


def _top(boxes: Tensor, scores: Tensor, conf: Tensor, count: int) -> Selected:
    """Select the likeliest pairs of anchor and class: the best anchors, and of these the best pairs."""
    passing = torch.where(scores > conf, scores, torch.zeros_like(scores))
    anchors = passing.amax(1).topk(count).indices
    best, pairs = passing.index_select(0, anchors).flatten().topk(count)
    classes = scores.shape[1]
    chosen = anchors.index_select(0, pairs // classes)
    return _selected(boxes.index_select(0, chosen), best, pairs % classes, chosen)


def _suppressed(boxes: Tensor, scores: Tensor, conf: Tensor, count: int, iou: float) -> Selected:
    """Select by greedy non-maximum suppression, one object after the other: the strongest left takes out all that overlap it.

    A stronger box is never suppressed by a weaker one, so the first K are those of a suppression over all boxes.
    """
    best, class_ids = scores.max(1)
    left = torch.where(best > conf.index_select(0, class_ids), best, torch.zeros_like(best))
    offsets = torch.arange(scores.shape[1], dtype=boxes.dtype) * _CLASS_OFFSET
    moved = boxes + offsets.index_select(0, class_ids)[:, None]
    area = (moved[:, 2] - moved[:, 0]) * (moved[:, 3] - moved[:, 1])
    numbers = torch.arange(left.shape[0])
    chosen, values = [], []
    for _ in range(count):
        value, index = left.max(0, keepdim=True)
        chosen.append(index)
        values.append(value)
        taken = (_overlap(moved, area, index) > iou) | (numbers == index)
        left = torch.where(taken, torch.zeros_like(left), left)
    anchors = torch.cat(chosen)
    return _selected(
        boxes.index_select(0, anchors), torch.cat(values), class_ids.index_select(0, anchors), anchors
    )


def _overlap(boxes: Tensor, area: Tensor, index: Tensor) -> Tensor:
    """Return the IoU ``(anchors,)`` of all boxes with one, calculated as torchvision does."""
    one = boxes.index_select(0, index)
    sides = torch.minimum(boxes[:, 2:], one[:, 2:]) - torch.maximum(boxes[:, :2], one[:, :2])
    sides = sides.clamp_min(0)
    shared = sides[:, 0] * sides[:, 1]
    return shared / (area + area.index_select(0, index) - shared)


def _selected(xyxy: Tensor, scores: Tensor, class_ids: Tensor, anchors: Tensor) -> Selected:
    return Selected(xyxy, scores, class_ids, anchors, one_where(scores > 0))


def one_where(condition: Tensor) -> Tensor:
    """Return float 1 where a condition holds and 0 elsewhere: not every frontend knows the conversion of booleans."""
    return torch.where(condition, torch.ones(()), torch.zeros(()))
