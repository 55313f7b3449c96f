"""From the head's raw output to kept boxes, each with the anchor point it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torchvision  # noqa: F401 (ultralytics takes its compiled NMS when it is loaded, else a loop in Python)
from torch import Tensor
from ultralytics.utils.nms import non_max_suppression

MAX_DETECTIONS = 300


@dataclass(frozen=True)
class Thresholds:
    """Which boxes are kept.

    Attributes:
        conf: confidence above which a box is kept, in ``[0, 1]``.
        iou: boxes of a class that overlap more than this are one, in ``[0, 1]``; end-to-end heads do not use it.
        class_ids: keep only these; None keeps all.
    """

    conf: float = 0.25
    iou: float = 0.7
    class_ids: tuple[int, ...] | None = None


@dataclass(frozen=True)
class KeptBoxes:
    """The boxes that survived, strongest first, on the network's device; N may be 0.

    Attributes:
        xyxy: float ``(N, 4)`` in model (letterboxed) pixels.
        confidences: float ``(N,)`` in ``[0, 1]``.
        class_ids: int64 ``(N,)``.
        anchors: int64 ``(N,)``, index into all anchor points, level after level.
    """

    xyxy: Tensor
    confidences: Tensor
    class_ids: Tensor
    anchors: Tensor

    def __len__(self) -> int:
        return int(self.anchors.shape[0])


@torch.no_grad()
def keep_boxes(head: Any, features: tuple[Tensor, ...], thresholds: Thresholds) -> KeptBoxes:
    """Run the detect head and keep what passes the thresholds.

    Args:
        head: ultralytics' ``Detect`` (or ``v10Detect``) in eval mode.
        features: the head's inputs, each ``(1, C_l, h_l, w_l)``.
        thresholds: what to keep.
    """
    branch = head.one2one if head.end2end else head.one2many
    decoded = head._inference(head.forward_head([feature.detach() for feature in features], **branch))
    if head.end2end:
        rows, anchors = _end_to_end_rows(head, decoded, thresholds)
    else:
        kept, indices = non_max_suppression(
            decoded,
            thresholds.conf,
            thresholds.iou,
            classes=None if thresholds.class_ids is None else list(thresholds.class_ids),
            nc=head.nc,
            max_det=MAX_DETECTIONS,
            return_idxs=True,
        )
        rows, anchors = kept[0], indices[0].flatten().long()
    return KeptBoxes(rows[:, :4], rows[:, 4], rows[:, 5].long(), anchors)


def _end_to_end_rows(head: Any, decoded: Tensor, thresholds: Thresholds) -> tuple[Tensor, Tensor]:
    """Rows ``(N, 6)`` of an end-to-end head that pass, and their anchors, which the head itself does not tell.

    The head carries any further channels along with the boxes it picks, so the anchors ride as one. Asking it for the same
    ranking again would not do: equal scores may come in another order.

    Args:
        head: the end-to-end head.
        decoded: ``(1, 4 + classes, anchors)``.
        thresholds: what to keep.
    """
    numbers = torch.arange(decoded.shape[2], device=decoded.device, dtype=torch.float32)[None, None]
    picked = head.postprocess(torch.cat((decoded.float(), numbers), 1).permute(0, 2, 1))[0]  # (k, 7)
    passes = picked[:, 4] > thresholds.conf
    if thresholds.class_ids is not None:
        passes &= torch.isin(picked[:, 5].long(), torch.tensor(thresholds.class_ids, device=picked.device))
    return picked[passes, :6], picked[passes, 6].long()
