"""Ranking of an object's pixels by a map, and the number of them that is taken at each step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatcam.evaluation.choices import FractionsOf
from heatcam.geometry import Float32Array

Window = tuple[slice, slice]


@dataclass(frozen=True, eq=False)
class Ranking:
    """Ranking that all maps of one object are judged by: they differ in the order of the ranked pixels alone.

    Attributes:
        ranked: int64 ``(N,)``, flat indices of the pixels that maps rank, in random order, which decides between equal values.
        rest: int64 ``(H * W - N,)``, all others, in random order: they come last.
        counts: number of pixels at each step, ascending.
    """

    ranked: npt.NDArray[np.int64]
    rest: npt.NDArray[np.int64]
    counts: tuple[int, ...]

    def first(self, values: Float32Array) -> Iterator[npt.NDArray[np.bool_]]:
        """Yield for each step, bool ``(H * W,)``, the pixels that a map (float32 ``(H, W)``) ranks first."""
        flat = values.ravel()
        own = self.ranked[np.argsort(-flat[self.ranked], kind="stable")]
        order = np.concatenate((own, self.rest))
        for count in self.counts:
            chosen = np.zeros(flat.size, bool)
            chosen[order[:count]] = True
            yield chosen


def ranking_of(
    shape_hw: tuple[int, int],
    ranked: Window,
    counted: Window,
    fractions: Sequence[float],
    rng: np.random.Generator,
) -> Ranking:
    """Return an object's ranking.

    Args:
        shape_hw: of the letterboxed picture.
        ranked: rows and columns of the pixels that maps rank.
        counted: rows and columns of the pixels that ``fractions`` are of.
        fractions: ascending, in ``[0, 1]``; a fraction above 0 is one pixel at least.
        rng: for the random order.
    """
    inside = np.zeros(shape_hw, bool)
    inside[ranked] = True
    every = rng.permutation(inside.size)
    is_ranked = inside.ravel()[every]
    size = int(np.prod([side.stop - side.start for side in counted]))
    counts = tuple(max(int(fraction > 0), round(fraction * size)) for fraction in fractions)
    return Ranking(every[is_ranked], every[~is_ranked], counts)


def windows_of(
    box_xyxy: Float32Array,
    seen_xyxy: Float32Array,
    shape_hw: tuple[int, int],
    fractions_of: FractionsOf,
    *,
    whole: bool,
) -> tuple[Window, Window]:
    """Return the pixels that maps rank, and the pixels that fractions are of: ``ranked`` and ``counted`` of ``ranking_of``.

    Args:
        box_xyxy: float ``(4,)``, the object in model pixels.
        seen_xyxy: float ``(4,)``, the picture without the letterbox's border, in model pixels.
        shape_hw: of the letterboxed picture.
        fractions_of: the box or the letterboxed picture.
        whole: rank the whole picture, not the box alone.
    """
    counted = {
        FractionsOf.BOX: window_of(box_xyxy, shape_hw),
        FractionsOf.PICTURE: (slice(0, shape_hw[0]), slice(0, shape_hw[1])),
    }
    return window_of(seen_xyxy if whole else box_xyxy, shape_hw), counted[fractions_of]


def window_of(box_xyxy: Float32Array, shape_hw: tuple[int, int]) -> Window:
    """Round a box to whole pixels of a picture of this shape: one pixel at least."""
    left, top, right, bottom = (round(float(side)) for side in box_xyxy)
    return _side(top, bottom, shape_hw[0]), _side(left, right, shape_hw[1])


def _side(start: int, stop: int, size: int) -> slice:
    start = min(max(start, 0), size - 1)
    return slice(start, max(start + 1, min(stop, size)))
