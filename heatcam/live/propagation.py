"""Propagation of the last map to a frame without one: the evidence in each box moves with its box."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heatcam.frames import Explanation
from heatcam.measures import boxes_in_cells, same_objects
from heatcam.smoothing import Patch, patch_of, registered, with_patches


def propagate_map(found: Explanation, mapped: Explanation) -> Explanation:
    """Add to ``found``, which has no map, an earlier frame's map, shifted and stretched as its boxes moved.

    New objects have no evidence yet. Outside the boxes there is none either, because its motion is unknown.
    """
    saliency = mapped.saliency
    if saliency is None:
        return found
    partners = same_objects(mapped.detections, found.detections)
    before, now = (
        boxes_in_cells(saliency.values.shape, saliency.letterbox, seen.detections.boxes_xyxy)
        for seen in (mapped, found)
    )
    empty = np.zeros_like(saliency.values)
    own = mapped.object_maps or (saliency,) * len(mapped.detections)
    carried: list[Patch] = []
    for box, partner in zip(now, partners, strict=True):
        new = patch_of(empty, box)
        if partner >= 0:
            old = patch_of(own[partner].values, before[partner])
            new = replace(new, values=registered(old, new))
        carried.append(new)
    maps = tuple(replace(saliency, values=with_patches(empty, [patch])) for patch in carried)
    return replace(
        found,
        saliency=replace(saliency, values=with_patches(empty, carried)),
        object_maps=maps if mapped.object_maps else (),
        low_evidence=tuple(bool(p >= 0 and mapped.low_evidence[p]) for p in partners)
        if mapped.low_evidence
        else (),
    )
