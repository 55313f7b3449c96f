"""The subject of a picture on a plain background, such as a scan or an X-ray, and the evidence outside it."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from heatcam.frames import SaliencyMap
from heatcam.geometry import Uint8Array

Mask = npt.NDArray[np.bool_]

_LONGEST = 512  # pixels of the side on which the subject is looked for: outlines need no more
_EDGE = 0.02  # of the shorter side: the frame of pixels at the border that shows the background
_PLAIN = 12.0  # of 255: median distance of the frame's pixels from its median colour up to which it is plain
_APART = 24.0  # of 255: a pixel farther from the background's colour than this, or four times its noise, is the subject's
_LEAST, _MOST = 0.01, 0.95  # of the picture: subjects smaller or larger than this are none


def find_subject(image_bgr: Uint8Array) -> Mask | None:
    """Find the subject of a picture on a plain background.

    The background has the colour of the picture's border, and is connected to it; holes in the subject belong to it.

    Args:
        image_bgr: uint8 ``(H, W, 3)``.

    Returns:
        bool ``(H, W)``, True on the subject; None if the border is not plain or there is no subject.
    """
    height, width = image_bgr.shape[:2]
    shrink = min(1.0, _LONGEST / max(height, width))
    small = cv2.resize(image_bgr, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    edge = max(1, round(_EDGE * min(small.shape[:2])))
    at_border = np.ones(small.shape[:2], bool)
    at_border[edge:-edge, edge:-edge] = False
    colour = np.median(small[at_border], axis=0)
    apart = np.abs(small.astype(np.float32) - colour).max(-1)  # (h, w), 0 to 255
    noise = float(np.median(apart[at_border]))
    if noise > _PLAIN:
        return None
    subject = _without_holes((apart > max(_APART, 4 * noise)).astype(np.uint8))
    if not _LEAST <= subject.mean() <= _MOST:
        return None
    full = cv2.resize(subject, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(full > 0)


def evidence_outside(saliency: SaliencyMap, subject: Mask) -> float | None:
    """Return the share of a map's positive evidence outside the subject, in ``[0, 1]``; None if there is no evidence.

    Args:
        saliency: the map.
        subject: bool ``(H, W)`` in image pixels.

    Raises:
        ValueError: the subject's mask has another size than the picture.
    """
    if subject.shape[::-1] != saliency.letterbox.image_wh:
        raise ValueError(f"a mask of {subject.shape[::-1]} for a picture of {saliency.letterbox.image_wh}")
    evidence = np.maximum(saliency.in_image(), 0)
    total = float(evidence.sum(dtype=np.float64))
    return float(evidence[~subject].sum(dtype=np.float64)) / total if total > 0 else None


def _without_holes(mask: Uint8Array) -> Uint8Array:
    """Return a mask, 0 or 1, closed over gaps of a few pixels and filled wherever the outside cannot reach; specks are gone."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    closed = cv2.morphologyEx(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel), cv2.MORPH_OPEN, kernel)
    outside = np.pad(1 - closed, 1, constant_values=1).astype(np.uint8)
    cv2.floodFill(outside, None, (0, 0), 2)
    return np.asarray(outside[1:-1, 1:-1] != 2, np.uint8)
