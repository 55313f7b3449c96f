"""Comparison of half precision with float32, by what a user sees: each object's own map.

A gradient's largest relative error says little: for YOLOv8n's fine map in bfloat16 it is 0.1 to 0.16, while the maps look the
same. So the maps of the same boxes are compared: their direction (cosine), the order of their cells within the box (Spearman's
rank correlation), and the share of evidence in the box. Of 103 objects on 19 photographs, YOLOv8n calculated in bfloat16 by
torch (largest relative error of a gradient 0.03 live, 0.1 fine), the worst had, live and fine: cosine 0.996 and 0.984, rank
correlation 0.994 and 0.977, energy in the box 0.013 and 0.028 apart. The limits leave about as much again.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatcam.engine import Forward, GradientEngine, boxes_agree
from heatcam.errors import MapError
from heatcam.frames import SaliencyMap
from heatcam.geometry import Float32Array, Letterbox, Uint8Array
from heatcam.measures import cells_in_box, energy_in_box, rank_correlation
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.prepared import stand_in_samples
from heatcam.samples import Samples

LEAST_COSINE, LEAST_RANK_CORRELATION, MOST_ENERGY_APART = 0.96, 0.95, 0.06
MOST_OBJECTS = 8  # of each picture
_LEAST_CELLS = 4  # in a box, for their order to mean anything


@dataclass(frozen=True)
class Agreement:
    """Similarity of two ways to calculate the same maps, each number the worst of all objects.

    Attributes:
        cosine: between the positive evidence of both maps, in ``[0, 1]``.
        rank_correlation: Spearman's, over the cells in the box, in ``[-1, 1]``.
        energy_apart: the difference of their energy in the box, in ``[0, 1]``.
    """

    cosine: float = 1.0
    rank_correlation: float = 1.0
    energy_apart: float = 0.0

    def worse(self, other: Agreement) -> Agreement:
        """Return the worse of each number."""
        return Agreement(
            min(self.cosine, other.cosine),
            min(self.rank_correlation, other.rank_correlation),
            max(self.energy_apart, other.energy_apart),
        )

    @property
    def difference(self) -> str:
        """The numbers beyond their limits, in words; "" for none. NaN counts as different."""
        told = {
            f"maps with a cosine of {self.cosine:.3f}": self.cosine >= LEAST_COSINE,
            f"cells in another order, rank correlation {self.rank_correlation:.3f}": self.rank_correlation
            >= LEAST_RANK_CORRELATION,
            f"energy in the box {self.energy_apart:.3f} apart": self.energy_apart <= MOST_ENERGY_APART,
        }
        return ", ".join(words for words, holds in told.items() if not holds)


def what_differs(explainer: Explainer, quick: GradientEngine, pictures: Sequence[Uint8Array]) -> str:
    """Compare a quicker engine's boxes and maps with the explainer's own; return the difference in words, "" for none.

    Args:
        explainer: has the engine in float32; not changed.
        quick: the same network in lower precision.
        pictures: uint8 ``(H, W, 3)`` BGR, real ones.
    """
    exact: GradientEngine = explainer.engine.anchored()  # (only detectors are judged so)
    worst = Agreement()
    for picture in (stand_in_samples(own, exact.channels) or own for own in pictures):
        if not boxes_agree(exact, quick, explainer.prepare(picture)[1]):
            return "other boxes"
        try:
            for each in _agreements(explainer, quick, picture):
                worst = worst.worse(each)
        except MapError as error:
            return error.problem
    return worst.difference


def _agreements(
    explainer: Explainer, quick: GradientEngine, picture: Uint8Array | Samples
) -> Iterator[Agreement]:
    """Yield the agreement for each of one picture's strongest objects; both maps are of the boxes that float32 finds."""
    other = copy.copy(explainer)
    other.engine = quick
    letterbox, boxed = explainer.prepare(picture)
    found = explainer.engine.forward(boxed, explainer.thresholds, with_graph=True)
    boxes = found.boxes.only(slice(MOST_OBJECTS))
    exact_maps = explainer.own_maps(Forward(found.inputs, boxes), letterbox)
    quick_inputs = quick.forward(boxed, explainer.thresholds, with_graph=True).inputs
    quick_maps = other.own_maps(Forward(quick_inputs, boxes), letterbox)
    in_image = letterbox.boxes_to_image(boxes.xyxy.float().cpu().numpy())
    for exact, ours, box in zip(exact_maps, quick_maps, in_image, strict=True):
        yield agreement(exact, ours, letterbox, box)


def agreement(
    exact: SaliencyMap, ours: SaliencyMap, letterbox: Letterbox, box_xyxy: npt.ArrayLike
) -> Agreement:
    """Measure how similar two maps of one object are.

    Args:
        exact: the reference, float32 ``(h, w)``.
        ours: the map to compare, of the same cells.
        letterbox: the geometry of both maps.
        box_xyxy: float ``(4,)`` in image pixels.
    """
    cells = [cells_in_box(each.values, letterbox, box_xyxy) for each in (exact, ours)]
    shares = [energy_in_box(each, box_xyxy) or 0.0 for each in (exact, ours)]
    return Agreement(
        _cosine(exact.values, ours.values), _rank_correlation(*cells), abs(shares[0] - shares[1])
    )


def _cosine(a: Float32Array, b: Float32Array) -> float:
    """Return the cosine between the positive evidence of both maps; 1 if neither has any."""
    a, b = np.maximum(a, 0), np.maximum(b, 0)
    lengths = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if not all(lengths):
        return float(lengths[0] == lengths[1])
    return float((a * b).sum()) / (lengths[0] * lengths[1])


def _rank_correlation(a: Float32Array, b: Float32Array) -> float:
    """Return Spearman's rank correlation of positive evidence.

    It is 1 where cells are too few or all equal in ``a``, so that there is no order, and 0 where they are in ``b`` alone.
    """
    a, b = np.maximum(a, 0), np.maximum(b, 0)
    if a.size < _LEAST_CELLS or np.ptp(a) == 0:
        return 1.0
    return rank_correlation(a, b) or 0.0
