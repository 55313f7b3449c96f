"""Localisation metrics of a map, which need no network: pointing game, energy, discrimination, sparsity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatcam.geometry import Float32Array

_SAMPLES = 250_000  # most pixels that the Gini index sorts


@dataclass(frozen=True)
class Place:
    """Localisation metrics of one object's map; each is None where there is nothing to measure.

    Attributes:
        pointing: True if the map's maximum lies in the box (pointing game: Zhang et al., "Top-down Neural Attention by
            Excitation Backprop", ECCV 2016; without their 15 pixels of tolerance).
        energy: the share of the evidence in the box (EBPG: Wang et al., "Score-CAM", CVPR workshops 2020).
        enrichment: that share over the box's share of the picture; 1 is evidence spread evenly.
        discrimination: of the evidence in boxes of the object's class, the share in its own; None for the only one.
        sparsity: Gini index of the evidence over the picture; 0 is evidence spread evenly, 1 is all in one pixel.
    """

    pointing: bool | None
    energy: float | None
    enrichment: float | None
    discrimination: float | None
    sparsity: float | None


def place_of(evidence: Float32Array, box_xyxy: Float32Array, others_xyxy: Float32Array) -> Place:
    """Measure all of them.

    Args:
        evidence: an object's own map over the picture, float32 ``(H, W)``, never negative, not cut to the box.
        box_xyxy: float ``(4,)`` in the picture's pixels.
        others_xyxy: float ``(M, 4)``, the other boxes of the same class; M may be 0.
    """
    energy = share_in_box(evidence, box_xyxy)
    if energy is None:
        return Place(None, None, None, None, None)
    x1, y1, x2, y2 = _whole(box_xyxy)
    area = max(0, x2 - x1) * max(0, y2 - y1) / evidence.size
    row, column = np.unravel_index(int(evidence.argmax()), evidence.shape)
    return Place(
        bool(y1 <= row < y2 and x1 <= column < x2),
        energy,
        energy / area if area > 0 else None,
        discrimination(evidence, box_xyxy, others_xyxy),
        gini(evidence),
    )


def share_in_box(evidence: Float32Array, box_xyxy: Float32Array) -> float | None:
    """Return the share of ``evidence`` (float ``(H, W)``, never negative) that lies inside a box in its pixels.

    Returns:
        A number in ``[0, 1]``, or None when there is no evidence.
    """
    total = float(evidence.sum(dtype=np.float64))
    if total <= 0:
        return None
    x1, y1, x2, y2 = _whole(box_xyxy)
    return float(evidence[y1:y2, x1:x2].sum(dtype=np.float64)) / total


def discrimination(evidence: Float32Array, box_xyxy: Float32Array, others_xyxy: Float32Array) -> float | None:
    """Return the share of the evidence in all boxes of a class that lies in the object's own: 1 tells the objects apart.

    One minus the object discrimination index of Zhao and Chan, "ODAM", ICLR 2023, which is the share in the other boxes.
    They take the annotated objects of all classes; there are no annotations here, so it is the detected ones, of the same
    class, since those are the ones that a map by class confuses. Evidence where boxes overlap counts as the object's own.

    Returns:
        A number in ``[0, 1]``; None when there is no other box, or no evidence in any.
    """
    if not len(others_xyxy):
        return None
    anywhere = np.zeros(evidence.shape, bool)
    for x1, y1, x2, y2 in map(_whole, (box_xyxy, *others_xyxy)):
        anywhere[y1:y2, x1:x2] = True
    x1, y1, x2, y2 = _whole(box_xyxy)
    total = float(evidence[anywhere].sum(dtype=np.float64))
    return float(evidence[y1:y2, x1:x2].sum(dtype=np.float64)) / total if total > 0 else None


def gini(evidence: Float32Array) -> float | None:
    """Return the Gini index of the evidence: Chalasani et al., "Concise Explanations", ICML 2020; ``Sparseness`` in Quantus.

    Large maps are thinned to every k-th pixel of every k-th row, which takes a tenth of the time.

    Returns:
        0 for a flat map, ``1 - 1 / pixels`` for a single pixel; None when there is no evidence.
    """
    step = int(np.ceil(np.sqrt(evidence.size / _SAMPLES))) if evidence.size > _SAMPLES else 1
    ascending = np.sort(evidence[::step, ::step].ravel()).astype(np.float64)
    total, count = ascending.sum(), ascending.size
    if total <= 0:
        return None
    return float(((2 * np.arange(1, count + 1) - count - 1) * ascending).sum() / (count * total))


def _whole(box_xyxy: Float32Array) -> tuple[int, int, int, int]:
    """Round the box to whole pixels, never below 0."""
    x1, y1, x2, y2 = (max(0, round(float(side))) for side in box_xyxy)
    return x1, y1, x2, y2
