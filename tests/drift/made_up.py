"""Blocks, baselines and explanations without a camera."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from heatcam.drift import Baseline, Block, Learnt, baseline_of
from heatcam.frames import Detections, ExplainerFacts, Explanation, Frame, SaliencyMap
from heatcam.geometry import Letterbox

FACTS = ExplainerFacts(
    **{"model": "made up", "sha256": "ab" * 32, "task": "detect", "method": "live", "layers": ("15:C2f",)},
    **{"target": "class", "why": "", "unit": "logits", "device": "cpu", "backend": "torch"},
    **{"precision": "fp32", "imgsz": 64, "conf": 0.25, "iou": 0.7, "max_det": 300},
)
HOUR_S = 3600.0


def learnt(classes: Sequence[str] = ("cow",), block_s: float = HOUR_S, day_parts: int = 1) -> Learnt:
    return Learnt(FACTS, tuple(classes), "camera 0", True, block_s, day_parts, 1, "0", "2026-01-01")


def block(
    index: int, energies: Mapping[str, float], block_s: float = HOUR_S, objects: float = 100.0, low: int = 0
) -> Block:
    """100 frames with so many objects of each class, all with this energy in box."""
    sums = {
        name: np.array([objects, objects * 0.8, objects, objects * 6, objects, objects * own, objects, low])
        for name, own in energies.items()
    }
    return Block(index, index * block_s, 100, sums)


def quiet(rng: np.random.Generator, index: int, names: Sequence[str] = ("cow",), shift: float = 0.0) -> Block:
    """An hour of 50 to 150 objects, whose means differ from hour to hour; ``shift`` is in spreads of the energy."""
    sums = {}
    for name in names:
        objects = int(rng.integers(50, 150))
        low = int(rng.binomial(objects, 0.02))
        means = rng.normal([0.8, 6.0, 0.6 + 0.05 * shift], [0.03, 0.5, 0.05]) * objects
        sums[name] = np.array([objects, means[0], objects, means[1], objects, means[2], objects, low])
    return Block(index, index * HOUR_S, 100, sums)


def quiet_baseline(
    rng: np.random.Generator, hours: int, names: Sequence[str] = ("cow",), day_parts: int = 1
) -> Baseline:
    return Baseline(
        baseline_of(learnt(names, day_parts=day_parts), [quiet(rng, n, names) for n in range(hours)])
    )


def explained(
    boxes: Sequence[tuple[str, float, float]] = (("cow", 0.9, 1.0),),
    low: Sequence[bool] | None = None,
    index: int = 0,
    pts_s: float = 0.0,
) -> Explanation:
    """A picture of 64x64 with objects in its left half: class, confidence and share of the evidence in the box."""
    letterbox = Letterbox.fit((64, 64), 64)
    count = len(boxes)
    found = Detections(
        np.tile(np.float32([0, 0, 32, 64]), (count, 1)),
        np.float32([confidence for _, confidence, _ in boxes]),
        np.zeros(count, np.int64),
        np.arange(count),
        tuple(name for name, _, _ in boxes),
    )
    maps = []
    for _, _, inside in boxes:
        values = np.zeros((8, 8), np.float32)
        values[:, :4], values[:, 4:] = inside / 32, (1 - inside) / 32
        maps.append(SaliencyMap(values, letterbox, "live", "15:C2f"))
    frame = Frame(np.zeros((64, 64, 3), np.uint8), index, 0.0, pts_s, "made up")
    lows = (False,) * count if low is None else tuple(low)
    return Explanation(frame, found, maps[0] if maps else None, tuple(maps), low_evidence=lows)
