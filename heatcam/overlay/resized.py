"""Resizing of an explanation to display pixels, so that text and lines drawn over it have the same size in every window."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

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
        detections=moved(explanation.detections, scale_xy),
        saliency=None if explanation.saliency is None else over_size(explanation.saliency, size_wh),
        object_maps=tuple(over_size(own, size_wh) for own in explanation.object_maps),
    )


def moved(
    found: Detections, scale_xy: tuple[float, float], corner_xy: tuple[float, float] = (0.0, 0.0)
) -> Detections:
    """Return the same boxes and shapes in a part of the picture that is resized; angles stay as they are.

    Args:
        found: boxes and shapes in the picture's pixels.
        scale_xy: how many times as long the part's sides become.
        corner_xy: the part's top-left corner in the picture's pixels.
    """
    (along, down), (left, top) = scale_xy, corner_xy
    rings, points, rotated = found.mask_polygons, found.keypoints, found.rotated_xywhr
    return replace(
        found,
        boxes_xyxy=_moved(found.boxes_xyxy, (left, top, left, top), (along, down, along, down)),
        mask_polygons=rings
        and tuple(tuple(_moved(ring, corner_xy, scale_xy) for ring in mask) for mask in rings),
        keypoints=None if points is None else _moved(points, (left, top, 0), (along, down, 1)),
        rotated_xywhr=None
        if rotated is None
        else _moved(rotated, (left, top, 0, 0, 0), (along, down, along, down, 1)),
    )


def alone(found: Detections, n: int) -> Detections:
    """Return the ``n``-th detection alone."""
    one = slice(n, n + 1)
    each: dict[str, Any] = {}
    for of in fields(found):
        values = getattr(found, of.name)
        each[of.name] = values if values is None else values[one]
    return Detections(**each)


def _moved(values: Float32Array, origin: tuple[float, ...], factors: tuple[float, ...]) -> Float32Array:
    return ((values - origin) * factors).astype(np.float32)


def over_size(saliency: SaliencyMap, size_wh: tuple[int, int]) -> SaliencyMap:
    """Return the same map for a picture of another size."""
    return replace(saliency, letterbox=replace(saliency.letterbox, image_wh=size_wh))
