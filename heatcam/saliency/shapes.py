"""Masks, keypoints and rotated boxes of detections, in image pixels."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from heatcam.engine import Shapes
from heatcam.frames import Detections
from heatcam.geometry import Float32Array, Letterbox


def with_shapes(detections: Detections, shapes: Shapes, letterbox: Letterbox) -> Detections:
    """Add to detections the shapes that the head tells of them; those that it does not stay None.

    Args:
        detections: the kept boxes in image pixels.
        shapes: of the same boxes in model pixels.
        letterbox: the geometry between the two.
    """
    logits, points, rotated = map(_numpy, (shapes.mask_logits, shapes.keypoints, shapes.rotated_xywhr))
    return replace(
        detections,
        mask_polygons=None if logits is None else _outlines(logits, detections.boxes_xyxy, letterbox),
        keypoints=None if points is None else letterbox.keypoints_to_image(points),
        rotated_xywhr=None if rotated is None else letterbox.rotated_to_image(rotated),
    )


def _outlines(
    mask_logits: Float32Array, boxes_xyxy: Float32Array, letterbox: Letterbox
) -> tuple[tuple[Float32Array, ...], ...]:
    """Return the outlines of each mask, float32 ``(N, h, w)`` over the letterbox, cropped to its box."""
    return tuple(
        letterbox.outlines_to_image(logits, box) for logits, box in zip(mask_logits, boxes_xyxy, strict=True)
    )


def _numpy(tensor: Tensor | None) -> Float32Array | None:
    return None if tensor is None else tensor.detach().float().cpu().numpy()
