"""Small runs whose statistics are known by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from heatcam.frames import Detections, Explanation, Frame, SaliencyMap
from heatcam.geometry import Letterbox
from heatcam.report import RunAccumulator, RunFacts, RunStatistics

FACTS = RunFacts(
    source="clip.mp4",
    model="tiny",
    method="live",
    layer="15:C2f",
    backend="cpu torch fp32",
    unit="logits",
    imgsz=64,
    conf=0.25,
    version="0.1.0",
    made_at="2026-01-02 03:04 UTC",
)
LETTERBOX = Letterbox.fit((64, 64), 64)
_CLASSES = ("dog", "cat", "bird")
LEFT, RIGHT = (0, 0, 32, 64), (32, 0, 64, 64)


def saliency(values: Any) -> SaliencyMap:
    """A map over the whole picture of 64 by 64 pixels."""
    return SaliencyMap(np.array(values, np.float32), LETTERBOX, "live", "15:C2f")


def frame_of(
    index: int,
    maps: Sequence[Any] = (),
    *,
    names: Sequence[str] = (),
    boxes: Sequence[tuple[int, int, int, int]] = (),
    tracks: Sequence[int] | None = None,
    error: str = "",
    low: tuple[bool, ...] = (),
    at_s: float | None = None,
    confidence: float = 0.5,
) -> Explanation:
    """A frame with one object per map, the first in the left half and the second in the right one, unless said otherwise."""
    count = len(maps) or len(names)
    names = names or _CLASSES[:count]
    found = Detections(
        np.array(boxes or [LEFT, RIGHT, LEFT][:count], np.float32).reshape(-1, 4),
        np.full(count, confidence, np.float32),
        np.array(
            [_CLASSES.index(name) if name in _CLASSES else 9 + n for n, name in enumerate(names)], np.int64
        ),
        np.zeros(count, np.int64),
        tuple(names),
        track_ids=None if tracks is None else np.array(tracks, np.int64),
    )
    own = tuple(saliency(values) for values in maps)
    together = saliency(sum(np.array(values, np.float32) for values in maps)) if len(maps) else None
    picture = np.full((64, 64, 3), 100, np.uint8)
    time_s = index / 10 if at_s is None else at_s
    return Explanation(
        Frame(picture, index, 0.0, time_s, "clip"), found, together, own, error, low_evidence=low
    )


def run_of(frames: Iterable[Explanation], facts: RunFacts = FACTS, **options: Any) -> RunStatistics:
    """The statistics of frames."""
    accumulator = RunAccumulator(**options)
    for explanation in frames:
        accumulator.add(explanation)
    return accumulator.statistics(facts)
