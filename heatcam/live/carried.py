"""The last map on a frame that has none of its own: what each box held goes with its box."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heatcam.frames import Detections, Explanation
from heatcam.geometry import overlaps
from heatcam.steady.content import Patch, boxes_in_cells, patch_of, registered, with_patches
from heatcam.steady.tracks import LEAST_OVERLAP


def carried_to(found: Explanation, mapped: Explanation) -> Explanation:
    """``found``, which has no map, with that of an earlier frame moved and stretched as its boxes moved.

    Objects that are new have no evidence yet. Outside the boxes there is none either: what lay there is not known to move.
    """
    saliency = mapped.saliency
    if saliency is None:
        return found
    partners = _partners(mapped.detections, found.detections)
    before = boxes_in_cells(saliency, mapped.detections.boxes_xyxy)
    now = boxes_in_cells(saliency, found.detections.boxes_xyxy)
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


def _partners(before: Detections, now: Detections) -> list[int]:
    """For each box of ``now`` the box of its class in ``before`` that it overlaps most; -1 for none."""
    if not len(before) or not len(now):
        return [-1] * len(now)
    shared = overlaps(now.boxes_xyxy, before.boxes_xyxy)
    shared = shared * (now.class_ids[:, None] == before.class_ids[None])
    best = shared.argmax(1)
    return [int(n) if row[n] >= LEAST_OVERLAP else -1 for row, n in zip(shared, best, strict=True)]
