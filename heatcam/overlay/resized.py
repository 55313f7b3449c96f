"""Resizing of an explanation to display pixels, so that text and lines drawn over it have the same size in every window."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from heatcam.frames import Detections, Explanation, SaliencyMap
from heatcam.geometry import Float32Array


def at_size(explanation: Explanation, size_wh: tuple[int, int]) -> Explanation:
    """Resize frame, boxes and shapes of an explanation to another picture size; the maps' values are shared.

    Args:
        explanation: the explanation in the frame's own pixels.
        size_wh: display width and height in pixels, of the frame's aspect ratio but for rounding.
    """
    frame = explanation.frame
    if frame.size_wh == size_wh:
        return explanation
    shrinks = size_wh[0] < frame.size_wh[0]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    image = np.asarray(cv2.resize(frame.image_bgr, size_wh, interpolation=how), np.uint8)
    scale_xy = size_wh[0] / frame.size_wh[0], size_wh[1] / frame.size_wh[1]
    return replace(
        explanation,
        frame=replace(frame, image_bgr=image),
        detections=_scaled(explanation.detections, scale_xy),
        saliency=None if explanation.saliency is None else _over(explanation.saliency, size_wh),
        object_maps=tuple(_over(own, size_wh) for own in explanation.object_maps),
    )


def _scaled(found: Detections, scale_xy: tuple[float, float]) -> Detections:
    """Return the same boxes and shapes in a picture whose sides are so many times as long; angles stay as they are."""
    along, down = scale_xy
    rings, points, rotated = found.mask_polygons, found.keypoints, found.rotated_xywhr
    return replace(
        found,
        boxes_xyxy=_times(found.boxes_xyxy, (along, down, along, down)),
        mask_polygons=rings and tuple(tuple(_times(ring, scale_xy) for ring in mask) for mask in rings),
        keypoints=None if points is None else _times(points, (along, down, 1)),
        rotated_xywhr=None if rotated is None else _times(rotated, (along, down, along, down, 1)),
    )


def _times(values: Float32Array, factors: tuple[float, ...]) -> Float32Array:
    return (values * factors).astype(np.float32)


def _over(saliency: SaliencyMap, size_wh: tuple[int, int]) -> SaliencyMap:
    """Return the same map for a picture of another size."""
    return replace(saliency, letterbox=replace(saliency.letterbox, image_wh=size_wh))
