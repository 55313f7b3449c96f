"""Box around the evidence of a map, for models that return no boxes, such as classifiers.

The rule is that of Zhou et al., "Learning Deep Features for Discriminative Localization", CVPR 2016 (CAM): threshold the map at
20 % of its maximum, take the largest connected region, return the box around it. One thing is different: the region that holds
the most evidence is taken, not the one that covers the most cells, because on a 7x7 map a wide faint patch would beat a small hot
object. Maps finer than the paper's show specks of evidence rather than regions, so they are averaged to cells of 32 pixels first.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from heatcam.geometry import Float32Array

SHARE_OF_MAXIMUM = 0.2
CELL = 32  # model pixels: stride of the last feature map of a classifier's backbone


def box_of_evidence(values: Float32Array, size_wh: tuple[int, int]) -> Float32Array:
    """Return the box around the region that holds the most positive evidence.

    The map is resized bilinearly to the network's input, as in the paper, so that the box need not end at a cell's edge, and
    cells that touch at a corner are connected.

    Args:
        values: a map as float32 ``(h, w)``, signed, in any unit, that covers the input evenly.
        size_wh: size of the network's input, in model pixels.

    Returns:
        float32 ``(4,)``, xyxy in model pixels, with whole numbers; the whole input if nothing is positive.
    """
    enlarged: Any = cv2.resize(
        _averaged(np.maximum(values, 0), size_wh), size_wh, interpolation=cv2.INTER_LINEAR
    )
    highest = float(enlarged.max())
    if highest <= 0:
        return np.array([0, 0, *size_wh], np.float32)
    mask = (enlarged >= SHARE_OF_MAXIMUM * highest).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    evidence = np.bincount(labels.ravel(), enlarged.ravel(), len(stats))
    left, top, width, height, _ = stats[1 + int(evidence[1:].argmax())]  # label 0: below the threshold
    return np.array([left, top, left + width, top + height], np.float32)


def _averaged(positive: Float32Array, size_wh: tuple[int, int]) -> Float32Array:
    """Average a map to cells of at least ``CELL`` model pixels."""
    height, width = positive.shape
    cells_wh = min(width, max(1, size_wh[0] // CELL)), min(height, max(1, size_wh[1] // CELL))
    return np.asarray(cv2.resize(positive, cells_wh, interpolation=cv2.INTER_AREA), np.float32)
