"""Numbers of attention: what a map says about each object."""

from __future__ import annotations

from typing import Any

import numpy as np

from heatcam.frames import Explanation, SaliencyMap
from heatcam.geometry import Float32Array


def energy_in_box(saliency: SaliencyMap, box_xyxy: Float32Array) -> float | None:
    """The share of a map's positive evidence that lies inside a box: the energy-based pointing game.

    Wang et al., "Score-CAM", CVPR workshops 2020. Pixels that the box cuts count by the nearest whole pixel.

    Args:
        saliency: an object's own map.
        box_xyxy: float ``(4,)`` in image pixels.

    Returns:
        A number in ``[0, 1]``, or None when the map holds no positive evidence.
    """
    return share_in_box(saliency.in_image().clip(0), box_xyxy)


def share_in_box(evidence: Float32Array, box_xyxy: Float32Array) -> float | None:
    """The share of what ``evidence`` (float ``(H, W)``, never negative) adds up to that lies inside a box of its pixels.

    Returns:
        A number in ``[0, 1]``, or None when it adds up to nothing.
    """
    total = float(evidence.sum(dtype=np.float64))
    if total <= 0:
        return None
    x1, y1, x2, y2 = (max(0, round(float(v))) for v in box_xyxy)
    return float(evidence[y1:y2, x1:x2].sum(dtype=np.float64)) / total


def describe(explanation: Explanation) -> dict[str, Any]:
    """One picture's findings for the machine-readable outputs: ``size_wh``, ``detections`` and ``map_error``.

    ``energy_in_box`` needs the objects' own maps and is None without them. ``low_evidence`` is None: not measured yet.
    """
    found = explanation.detections
    maps: tuple[SaliencyMap | None, ...] = explanation.object_maps or (None,) * len(found)
    rows = [
        {
            "class_name": found.class_names[n],
            "confidence": round(float(found.confidences[n]), 4),
            "box_xyxy": [round(float(v), 2) for v in found.boxes_xyxy[n]],
            "energy_in_box": None if own is None else energy_in_box(own, found.boxes_xyxy[n]),
            "low_evidence": None,
        }
        for n, own in enumerate(maps)
    ]
    return {
        "size_wh": list(explanation.frame.size_wh),
        "detections": rows,
        "map_error": explanation.map_error or None,
    }
