"""Summary of a comparison over many pictures: means and paired bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from heatcam.comparison.compared import ComparedFrame, ComparedObject
from heatcam.measures import paired_interval

_DIGITS = 4
#: Each number's key in the document, and how it is read from a pair.
NUMBERS: dict[str, Callable[[ComparedObject], float | None]] = {
    "iou": lambda each: each.iou,
    "confidence_difference": lambda each: each.confidence_difference,
    "map_correlation": lambda each: each.numbers.map_correlation,
    "top10_overlap": lambda each: each.numbers.top10_overlap,
    "energy_in_box_difference": lambda each: each.numbers.energy_in_box_difference,
}


@dataclass(frozen=True)
class PictureNumbers:
    """Numbers of one picture.

    Attributes:
        pairs, only_a, only_b: numbers of objects.
        sums: for each of ``NUMBERS`` the sum over the pairs that have it, and how many have it.
    """

    pairs: int
    only_a: int
    only_b: int
    sums: dict[str, tuple[float, int]]


def numbers_of(comparison: ComparedFrame) -> PictureNumbers:
    """Return the numbers of one picture."""
    pairs = comparison.pairs
    known = {
        name: [value for each in pairs if (value := read(each)) is not None] for name, read in NUMBERS.items()
    }
    sums = {name: (float(sum(values)), len(values)) for name, values in known.items()}
    return PictureNumbers(len(pairs), len(comparison.only_a), len(comparison.only_b), sums)


def summary_of(pictures: Sequence[PictureNumbers], *, independent: bool, seed: int = 0) -> dict[str, Any]:
    """Summarise a run: counts, and of each of ``NUMBERS`` the ``mean``, ``n`` and ``ci95``.

    Objects of one picture are not independent, so pictures are what is resampled: the mean is that over pictures of each
    picture's mean over its pairs, and ``n`` is the number of pictures that have the number.

    Args:
        pictures: the numbers of each picture.
        independent: False for frames of a video, which are not independent either: they have no interval.
        seed: of the bootstrap.
    """
    counts = {name: sum(getattr(p, name) for p in pictures) for name in ("pairs", "only_a", "only_b")}
    rows = {}
    for name in NUMBERS:
        means = [total / count for p in pictures for total, count in [p.sums[name]] if count]
        rows[name] = _row(means, independent, seed)
    return {"pictures": len(pictures), **counts, **rows}


def _row(means: Sequence[float], independent: bool, seed: int) -> dict[str, Any]:
    """Return mean, count and interval of one number; differences are A minus B already, so the interval is that to 0."""
    if not means:
        return {"mean": None, "n": 0, "ci95": None}
    ends = paired_interval(means, [0.0] * len(means), seed) if independent and len(means) > 1 else None
    mean = round(float(np.mean(means)), _DIGITS)
    return {"mean": mean, "n": len(means), "ci95": ends and [round(end, _DIGITS) for end in ends]}
