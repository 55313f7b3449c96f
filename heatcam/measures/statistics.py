"""Statistics of one map: its evidence, and the share of it inside a box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatcam.frames import Int64Array, SaliencyMap
from heatcam.geometry import Float32Array
from heatcam.measures.evidence import NOTHING, inside_picture, peak_of, positive_evidence

BINS = 32


@dataclass(frozen=True)
class EvidenceShare:
    """Evidence numbers of one object's own map. Negative evidence counts as none, and a letterbox border never counts.

    Attributes:
        evidence: the sum of the map's positive evidence, in the map's unit: the sum of the heat, not the object's logit, since
            evidence against the object and the network's biases are not in it.
        energy_in_box: the share of it that lies inside the box, in ``[0, 1]``: the energy-based pointing game (Wang et al.,
            "Score-CAM", CVPR workshops 2020). None if there is no evidence.
        enrichment: its density in the box relative to the whole picture: ``energy_in_box`` divided by the box's share of the
            picture. None if there is no evidence, or the box covers none of the picture.
    """

    evidence: float
    energy_in_box: float | None
    enrichment: float | None


def evidence_share(saliency: SaliencyMap, box_xyxy: npt.ArrayLike) -> EvidenceShare:
    """Return the evidence numbers of one object.

    Args:
        saliency: the object's own map.
        box_xyxy: float ``(4,)`` in image pixels.
    """
    inside, box_cells = positive_evidence(saliency, box_xyxy)
    total, all_cells = positive_evidence(saliency, saliency.letterbox.seen_xyxy)
    if total <= 0:
        return EvidenceShare(0.0, None, None)
    share = min(1.0, inside / total)
    return EvidenceShare(total, share, share / (box_cells / all_cells) if box_cells > 0 else None)


def energy_in_box(saliency: SaliencyMap, box_xyxy: npt.ArrayLike) -> float | None:
    """Return the share of a map's positive evidence that lies inside a box: see ``EvidenceShare``."""
    return evidence_share(saliency, box_xyxy).energy_in_box


def share_of_all(saliency: SaliencyMap, box_xyxy: Float32Array) -> float | None:
    """Return the share of a map's positive evidence, of all objects, that lies in a box; None if there is no evidence."""
    total, _ = positive_evidence(saliency, saliency.letterbox.seen_xyxy)
    return min(1.0, positive_evidence(saliency, box_xyxy)[0] / total) if total > 0 else None


def heat_counts(saliency: SaliencyMap | None) -> Int64Array:
    """Return the heat histogram of a map: number of cells per bin, int64 ``(32,)``, from no heat to full.

    Only cells with positive evidence whose centre lies on the picture count; full heat is the scale of the whole frame (a high
    percentile of their evidence). All 0 without a map or evidence.
    """
    counts = np.zeros(BINS, np.int64)
    if saliency is None:
        return counts
    inside = inside_picture(saliency.values, saliency.letterbox)
    top = peak_of(inside)
    if top <= NOTHING:
        return counts
    heat = np.minimum(inside[inside > NOTHING] / top, 1)
    return np.bincount(np.minimum((heat * BINS).astype(np.int64), BINS - 1), minlength=BINS)


@dataclass(frozen=True)
class Spread:
    """Place and extent of a map's positive evidence on the picture, in image pixels.

    Attributes:
        peak_xy: the middle of the cell with the strongest evidence, moved into the picture.
        centroid_xy: the centre of all positive evidence.
        radius: the root mean square distance of the evidence from that.
    """

    peak_xy: tuple[float, float]
    centroid_xy: tuple[float, float]
    radius: float


def spread_of(saliency: SaliencyMap) -> Spread | None:
    """Return where a map's positive evidence lies; None if there is none. Cells count at their middles, where those are seen."""
    letterbox, values = saliency.letterbox, saliency.values
    (height, width), (wide, tall) = values.shape, letterbox.model_wh
    along, down = (np.arange(width) + 0.5) * wide / width, (np.arange(height) + 0.5) * tall / height
    xs = letterbox.points_to_image(np.stack((along, along), 1))[:, 0]  # (w,), middles of the columns
    ys = letterbox.points_to_image(np.stack((down, down), 1))[:, 1]  # (h,)
    left, top, right, bottom = letterbox.seen_xyxy
    on_picture = ((ys >= top) & (ys <= bottom))[:, None] & (xs >= left) & (xs <= right)
    weights = np.where(on_picture, np.maximum(values, 0), 0).astype(np.float64)
    of_rows, of_columns = weights.sum(1), weights.sum(0)
    total = float(of_rows.sum())
    if total <= NOTHING:
        return None
    centroid = of_columns @ xs / total, of_rows @ ys / total
    apart = of_columns @ (xs - centroid[0]) ** 2 + of_rows @ (ys - centroid[1]) ** 2
    row, column = np.unravel_index(int(weights.argmax()), weights.shape)
    return Spread(
        (float(xs[column]), float(ys[row])),
        (float(centroid[0]), float(centroid[1])),
        float(np.sqrt(apart / total)),
    )


@dataclass(frozen=True)
class Concentration:
    """Distribution of a map's positive evidence over its cells on the picture.

    Attributes:
        entropy: Shannon entropy relative to that of equal evidence in every cell, in ``[0, 1]``: 0 for one cell.
        coverage_50, coverage_90: the smallest share of the picture that holds 50 and 90 % of the evidence, in ``(0, 1]``.
    """

    entropy: float
    coverage_50: float
    coverage_90: float


def concentration_of(saliency: SaliencyMap) -> Concentration | None:
    """Return how concentrated a map's positive evidence is; None if there is none."""
    cells = np.maximum(inside_picture(saliency.values, saliency.letterbox), 0).astype(np.float64).ravel()
    total = float(cells.sum())
    if total <= NOTHING:
        return None
    shares = np.sort(cells / total)[::-1]
    positive = shares[shares > 0]
    entropy = float(-(positive * np.log(positive)).sum() / np.log(max(2, shares.size)))
    held = np.cumsum(shares)
    half, most = ((int(np.searchsorted(held, share - 1e-12)) + 1) / shares.size for share in (0.5, 0.9))
    return Concentration(max(0.0, entropy), half, most)
