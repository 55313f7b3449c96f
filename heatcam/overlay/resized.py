"""Resizing of an explanation to display pixels, so that text and lines drawn over it have the same size in every window."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from heatcam.frames import Explanation, SaliencyMap


def at_size(explanation: Explanation, size_wh: tuple[int, int]) -> Explanation:
    """Resize frame and boxes of an explanation to another picture size; the maps' values are shared.

    Args:
        explanation: the explanation in the frame's own pixels.
        size_wh: display width and height in pixels, of the frame's aspect ratio but for rounding.
    """
    frame, found = explanation.frame, explanation.detections
    if frame.size_wh == size_wh:
        return explanation
    shrinks = size_wh[0] < frame.size_wh[0]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    image = np.asarray(cv2.resize(frame.image_bgr, size_wh, interpolation=how), np.uint8)
    scale = np.tile(np.divide(size_wh, frame.size_wh), 2)
    return replace(
        explanation,
        frame=replace(frame, image_bgr=image),
        detections=replace(found, boxes_xyxy=(found.boxes_xyxy * scale).astype(np.float32)),
        saliency=None if explanation.saliency is None else _over(explanation.saliency, size_wh),
        object_maps=tuple(_over(own, size_wh) for own in explanation.object_maps),
    )


def _over(saliency: SaliencyMap, size_wh: tuple[int, int]) -> SaliencyMap:
    """Return the same map for a picture of another size."""
    return replace(saliency, letterbox=replace(saliency.letterbox, image_wh=size_wh))
