"""From the head's predictions to kept boxes, each with the anchor point it came from."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from ultralytics.nn.modules.head import OBB
from ultralytics.utils.nms import non_max_suppression

from heatcam.engine.suppression import give_ultralytics_compiled_nms

MAX_DETECTIONS = 300


@dataclass(frozen=True)
class Thresholds:
    """Thresholds for the boxes of one picture.

    Attributes:
        conf: a box is kept above this confidence, a classifier's class from this probability on; in ``[0, 1]``.
        iou: boxes of a class that overlap more than this are one, in ``[0, 1]``; end-to-end heads do not use it.
        class_ids: keep only these classes; None keeps all.
        max_det: keep at most this many, the most confident.
    """

    conf: float = 0.25
    iou: float = 0.7
    class_ids: tuple[int, ...] | None = None
    max_det: int = MAX_DETECTIONS


@dataclass(frozen=True)
class Predictions:
    """Predictions of the head at some anchors.

    Attributes:
        decoded: float ``(1, 4 + classes + more, K)`` as the head itself decodes them: boxes in model pixels, class scores in
            ``[0, 1]``, mask coefficients, keypoints or angle.
        anchors: int64 ``(K,)``, index into all anchor points, level after level.
        anchor_count: number of all anchor points.
    """

    decoded: Tensor
    anchors: Tensor
    anchor_count: int


@dataclass(frozen=True)
class KeptBoxes:
    """The boxes that survived, strongest first, on the network's device; N may be 0.

    Attributes:
        xyxy: float ``(N, 4)`` in model (letterboxed) pixels.
        confidences: float ``(N,)`` in ``[0, 1]``.
        class_ids: int64 ``(N,)``.
        anchors: int64 ``(N,)``, index into all anchor points, level after level.
        extras: float ``(N, more)``, the head's further outputs: mask coefficients, keypoints, an angle; None for none.
        rotated_xywhr: float ``(N, 5)``, centre and sides in model pixels and the angle in radians, of a head of rotated boxes,
            whose ``xyxy`` are the upright boxes around them; None for another head.
    """

    xyxy: Tensor
    confidences: Tensor
    class_ids: Tensor
    anchors: Tensor
    extras: Tensor | None = None
    rotated_xywhr: Tensor | None = None

    def only(self, which: slice | Tensor) -> KeptBoxes:
        """Return the boxes that ``which`` selects."""
        further = (None if more is None else more[which] for more in (self.extras, self.rotated_xywhr))
        return KeptBoxes(
            self.xyxy[which], self.confidences[which], self.class_ids[which], self.anchors[which], *further
        )

    def __len__(self) -> int:
        return int(self.anchors.shape[0])


@torch.no_grad()
def keep_boxes(
    head: Any, predictions: Predictions, thresholds: Thresholds, *, of_each_class: bool = False
) -> KeptBoxes:
    """Keep the boxes that pass the thresholds.

    Args:
        head: ultralytics' ``Detect`` or a head that extends it (segment, pose, rotated boxes) in eval mode; its type decides how
            boxes are picked.
        predictions: its predictions, at least at every anchor where a class is more confident than the threshold.
        thresholds: which boxes to keep.
        of_each_class: let an anchor give a box for each class above the threshold, as ultralytics' ``val`` does, not for its
            likeliest alone.
    """
    if head.end2end:
        rows, which = _end_to_end_rows(head, predictions, thresholds)
    else:
        give_ultralytics_compiled_nms()
        decoded = _with_empty_ones(
            predictions.decoded, MAX_DETECTIONS
        )  # (it takes six for an end-to-end head's)
        kept, indices = non_max_suppression(
            decoded,
            thresholds.conf,
            thresholds.iou,
            classes=None if thresholds.class_ids is None else list(thresholds.class_ids),
            nc=head.nc,
            max_det=thresholds.max_det,
            multi_label=of_each_class,
            return_idxs=True,
            rotated=isinstance(head, OBB),
        )
        rows, which = kept[0], indices[0].flatten().long()
    xyxy, rotated = rows[:, :4], None
    if isinstance(head, OBB):
        xyxy, rotated = _around_rotated(rows[:, :4], rows[:, 6]), rows[:, [0, 1, 2, 3, 6]]
    return KeptBoxes(xyxy, rows[:, 4], rows[:, 5].long(), predictions.anchors[which], rows[:, 6:], rotated)


def _with_empty_ones(decoded: Tensor, least: int) -> Tensor:
    """Pad the predictions to at least ``least`` with ones of zero confidence, which are never kept."""
    return torch.nn.functional.pad(decoded, (0, max(0, least - decoded.shape[2])))


@torch.no_grad()
def boxes_at(head: Any, predictions: Predictions) -> KeptBoxes:
    """Return the head's boxes at some anchors, kept or not; each box has its most likely class.

    Args:
        head: as for ``keep_boxes``.
        predictions: its predictions there.
    """
    boxes, scores = every_box(head, predictions)
    best = scores.max(1)
    extras = predictions.decoded[0, 4 + head.nc :].T
    return KeptBoxes(boxes, best.values, best.indices, predictions.anchors, extras)


def every_box(head: Any, predictions: Predictions) -> tuple[Tensor, Tensor]:
    """Return every box that the head predicts, kept or not.

    Args:
        head: as for ``keep_boxes``.
        predictions: what it says.

    Returns:
        boxes ``(K, 4)``, xyxy in model pixels (of rotated ones the upright box of the same sides), and class scores
        ``(K, classes)`` in ``[0, 1]``.
    """
    boxes, scores = predictions.decoded[0, :4].T, predictions.decoded[0, 4 : 4 + head.nc].T
    if not head.end2end or isinstance(head, OBB):  # (these give centre and sides)
        boxes = torch.cat((boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2), 1)
    return boxes, scores


@dataclass(frozen=True)
class EveryBox:
    """Boxes and class logits at every anchor or query of one picture, before any is dropped.

    Attributes:
        xyxy: float ``(K, 4)`` in model pixels; of rotated boxes the upright ones around them.
        logits: float ``(K, classes)``.
        suppresses: True if boxes of a class that overlap are suppressed afterwards and each anchor has one class; False where
            anchors or queries give a box for each class that passes (end-to-end heads, RT-DETR).
    """

    xyxy: Tensor
    logits: Tensor
    suppresses: bool


def upright_boxes(head: Any, predictions: Predictions) -> Tensor:
    """Return every box that the head predicts, as ``keep_boxes`` gives the kept ones: float ``(K, 4)``, xyxy in model pixels."""
    if isinstance(head, OBB):
        decoded = predictions.decoded[0].T
        return _around_rotated(decoded[:, :4], decoded[:, -1])
    return every_box(head, predictions)[0]


def _around_rotated(xywh: Tensor, angles: Tensor) -> Tensor:
    """Upright boxes ``xyxy (N, 4)`` around rotated ones: centre and sides ``(N, 4)``, angles ``(N,)`` in radians."""
    centres, half = xywh[:, :2], xywh[:, 2:] / 2
    cosine, sine = angles.cos().abs(), angles.sin().abs()
    reach = torch.stack((half[:, 0] * cosine + half[:, 1] * sine, half[:, 0] * sine + half[:, 1] * cosine), 1)
    return torch.cat((centres - reach, centres + reach), 1)


def _end_to_end_rows(head: Any, predictions: Predictions, thresholds: Thresholds) -> tuple[Tensor, Tensor]:
    """Return the rows ``(N, 6 + more)`` of an end-to-end head that pass the thresholds, and the indices of their predictions.

    The head itself does not return the indices. It carries any further channels along with the boxes it picks, so the indices
    are passed in as one more channel. Ranking the same scores again would not do: equal scores may come in another order. The
    head picks as many pairs of anchor and class as it is given anchors, up to a limit, so it is given as many as there are.

    Args:
        head: the end-to-end head.
        predictions: what it says.
        thresholds: what to keep.
    """
    head = copy.copy(head)  # (ultralytics' predict sets the limit in the same way)
    head.max_det = max(thresholds.max_det, MAX_DETECTIONS)
    decoded = _with_empty_ones(predictions.decoded, min(head.max_det, predictions.anchor_count)).float()
    numbers = torch.arange(decoded.shape[2], device=decoded.device, dtype=torch.float32)[None, None]
    picked = head.postprocess(torch.cat((decoded, numbers), 1).permute(0, 2, 1))[0]  # (k, 7 + more)
    passes = picked[:, 4] > thresholds.conf
    if thresholds.class_ids is not None:
        passes &= torch.isin(picked[:, 5].long(), torch.tensor(thresholds.class_ids, device=picked.device))
    kept = picked[passes][: thresholds.max_det]
    return kept[:, :-1], kept[:, -1].long()
