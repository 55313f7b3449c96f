"""Regions of a map: the places that hold its evidence, as outlines in image pixels, the strongest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from heatcam.frames import SaliencyMap
from heatcam.geometry import Float32Array, Letterbox, Uint8Array, fitted_wh
from heatcam.measures.evidence import NOTHING, peak_of

LEAST_AREA = 0.0005  # of the picture: 460 pixels of 1280x720, which is about one cell of stride 16
MOST_REGIONS = 20
_LONGEST = (
    1280  # pixels of the side on which regions are found: a map has a cell to 8 pixels of 640, or fewer
)
_LONGEST_DRAWN = (
    400  # the same for heat, whose edges are soft: a tenth of the time, outlines within half a cell
)
_ROUNDING = 0.8  # cells; sigma of the blur that the threshold is taken of: raw cells of strided layers leave ragged edges
_ROWS, _COLUMNS = ("upper", "centre", "lower"), ("left", "centre", "right")

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Region:
    """One connected place of a map where the evidence is above the threshold.

    Attributes:
        polygon_xy: its outer outline, float32 ``(P, 2)`` in image pixels, P at least 3.
        box_xyxy: the box around it, float32 ``(4,)`` in image pixels.
        area_px: number of image pixels in it.
        share: its share of all positive evidence of the map, in ``(0, 1]``.
        peak: the strongest evidence in it, in the map's unit per cell.
        peak_xy: the middle of that pixel, in image pixels.
        place: the third of the picture that its centre of evidence lies in: ``upper left``, ``upper centre``, ..., ``centre``,
            ..., ``lower right``.
    """

    polygon_xy: Float32Array
    box_xyxy: Float32Array
    area_px: int
    share: float
    peak: float
    peak_xy: tuple[float, float]
    place: str

    def scaled(self, factor_xy: tuple[float, float], image_wh: tuple[int, int]) -> Region:
        """Return the same region in a picture that is so many times as large, clipped to its ``image_wh``."""
        if factor_xy == (1.0, 1.0):
            return self
        factor, limit = np.array(factor_xy, np.float32), np.array(image_wh, np.float32)
        return replace(
            self,
            polygon_xy=np.minimum(self.polygon_xy * factor, limit),
            box_xyxy=np.minimum(self.box_xyxy * np.tile(factor, 2), np.tile(limit, 2)),
            area_px=round(self.area_px * factor_xy[0] * factor_xy[1]),
            peak_xy=(self.peak_xy[0] * factor_xy[0], self.peak_xy[1] * factor_xy[1]),
        )

    def overlap_with(self, box_xyxy: npt.ArrayLike) -> float:
        """Return the share of the region inside its outline that lies in a box of image pixels, in ``[0, 1]``."""
        left, top, right, bottom = (float(v) for v in np.asarray(box_xyxy))
        box = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
        outline = self.polygon_xy
        whole = abs(cv2.contourArea(outline))
        x1, y1, x2, y2 = self.box_xyxy
        if whole <= 0 or min(right, x2) <= max(left, x1) or min(bottom, y2) <= max(top, y1):
            return 0.0
        return min(1.0, _area_inside(outline, box) / whole)


def find_regions(
    saliency: SaliencyMap,
    share: float | None = None,
    *,
    least_area: float = LEAST_AREA,
    most: int = MOST_REGIONS,
    longest: int = _LONGEST,
) -> tuple[Region, ...]:
    """Find the regions of a map, those with the most evidence first; none where the map has no evidence.

    A pixel belongs to a region where its positive evidence, smoothed over about a cell, passes a threshold: Otsu's (IEEE
    Transactions on Systems, Man, and Cybernetics 9(1), 1979) on the evidence clipped at its 99th percentile, or the highest at
    which all regions together hold ``share`` of the evidence. Regions are 8-connected. Numbers are of the evidence as it is, not
    smoothed.

    Args:
        saliency: the map.
        share: the share of the positive evidence that the regions hold together, before small ones are left out, in ``(0, 1)``;
            None takes Otsu's threshold.
        least_area: leave out regions smaller than this share of the picture, in ``[0, 1)``.
        most: return at most this many.
        longest: pixels of the longer side of the picture that they are sought on; a larger one is shrunk for it.
    """
    letterbox, larger = _at_working_size(saliency.letterbox, longest)
    evidence = np.maximum(letterbox.map_to_image(saliency.values), 0)  # float32 (h, w), unit per cell
    total = float(evidence.sum(dtype=np.float64))
    peak = peak_of(evidence) if total > 0 else 0.0
    if peak <= NOTHING:
        return ()
    rounded = np.asarray(cv2.GaussianBlur(np.maximum(saliency.values, 0), (5, 5), _ROUNDING), np.float32)
    smooth = letterbox.map_to_image(
        rounded
    )  # float32 (H, W), the same evidence without the grid of its cells
    threshold = (
        peak_of(smooth) / peak * _otsu(evidence, peak)  # (of one hot cell smoothing leaves a quarter)
        if share is None
        else _level_of_share(smooth, evidence, share)
    )
    found = _components(evidence, smooth > threshold, total, max(1.0, least_area * evidence.size))
    strongest = sorted(found, key=lambda region: -region.share)[:most]
    return tuple(region.scaled(larger, saliency.letterbox.image_wh) for region in strongest)


@dataclass(frozen=True, eq=False)
class FoundRegions:
    """Regions of a map, found once.

    Attributes:
        values: the map's own array, by which it is known again, also in a picture of another size.
        image_wh: width and height of the picture that they lie in.
        regions: the strongest first.
    """

    values: Float32Array
    image_wh: tuple[int, int]
    regions: tuple[Region, ...]

    def in_picture(self, image_wh: tuple[int, int]) -> tuple[Region, ...]:
        """Return them in the pixels of another size of the picture."""
        factor_xy = image_wh[0] / self.image_wh[0], image_wh[1] / self.image_wh[1]
        return tuple(region.scaled(factor_xy, image_wh) for region in self.regions)


class RegionFinder:
    """Finds the regions that heat is drawn in: those of the last map only once, however often it is drawn. For one thread.

    Args:
        share: see ``find_regions``.
    """

    def __init__(self, share: float | None = None) -> None:
        self._share = share
        self._found: FoundRegions | None = None

    def of(self, saliency: SaliencyMap) -> tuple[Region, ...]:
        """Return the regions of a map in image pixels, the strongest first."""
        image_wh, found = saliency.letterbox.image_wh, self._found
        if found is None or found.values is not saliency.values:
            regions = find_regions(saliency, self._share, longest=_LONGEST_DRAWN)
            self._found = found = FoundRegions(saliency.values, image_wh, regions)
        return found.in_picture(image_wh)


def place_of(point_xy: tuple[float, float], image_wh: tuple[int, int]) -> str:
    """Return the third of the picture in both directions that a point of image pixels lies in: ``upper left``, ``centre``."""
    row, column = (
        names[min(2, max(0, int(3 * at / length)))]
        for names, at, length in zip((_ROWS, _COLUMNS), point_xy[::-1], image_wh[::-1], strict=True)
    )
    return row if row == column else f"{row} {column}"


def _at_working_size(letterbox: Letterbox, longest: int) -> tuple[Letterbox, tuple[float, float]]:
    """Return the geometry of a picture shrunk to ``longest`` pixels, and how many times the picture is larger along x and y."""
    wide, tall = letterbox.image_wh
    if max(wide, tall) <= longest:
        return letterbox, (1.0, 1.0)
    small = fitted_wh(letterbox.image_wh, (longest, longest))
    return replace(letterbox, image_wh=small), (wide / small[0], tall / small[1])


def _components(evidence: Float32Array, above: Mask, total: float, least_px: float) -> Iterator[Region]:
    """Yield the connected components of ``above``, bool ``(H, W)``, that have at least ``least_px`` pixels."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(above.astype(np.uint8), connectivity=8)
    for label in range(1, count):
        left, top, width, height, area = (int(v) for v in stats[label])
        if area >= least_px:
            part = np.s_[top : top + height, left : left + width]
            mask = labels[part] == label
            own = np.where(mask, evidence[part], 0)
            if own.any():
                yield _region(own, mask, (left, top), total, (evidence.shape[1], evidence.shape[0]))


def _region(
    own: Float32Array, mask: Mask, corner_xy: tuple[int, int], total: float, image_wh: tuple[int, int]
) -> Region:
    """Describe one component.

    Args:
        own: its evidence and 0 elsewhere, float32 ``(h, w)`` of the picture from ``corner_xy`` on.
        mask: bool ``(h, w)``, its pixels.
        corner_xy: the first pixel of both in the picture.
        total: all evidence of the map.
        image_wh: the picture's size.
    """
    (left, top), (height, width) = corner_xy, own.shape
    sum_here = float(own.sum(dtype=np.float64))
    peak_row, peak_column = np.unravel_index(int(own.argmax()), own.shape)
    centre_xy = (
        left + 0.5 + float(own.sum(0, dtype=np.float64) @ np.arange(width)) / sum_here,
        top + 0.5 + float(own.sum(1, dtype=np.float64) @ np.arange(height)) / sum_here,
    )
    return Region(
        polygon_xy=_outline(mask, 0.001 * max(image_wh)) + np.array(corner_xy, np.float32),
        box_xyxy=np.array([left, top, left + width, top + height], np.float32),
        area_px=int(mask.sum()),
        share=min(1.0, sum_here / total),
        peak=float(own.max()),
        peak_xy=(left + int(peak_column) + 0.5, top + int(peak_row) + 0.5),
        place=place_of(centre_xy, image_wh),
    )


def _outline(mask: Mask, within_px: float) -> Float32Array:
    """Return the outer outline of a component, float32 ``(P, 2)`` from its first pixel's corner, P at least 3.

    OpenCV's contours run through the middles of edge pixels; those of the mask doubled in size lie a quarter of a pixel inside
    the pixels' outer edges. The outline has as few points as keep it ``within_px``, at least half a pixel, of that.
    """
    doubled: Uint8Array = np.pad(mask.astype(np.uint8).repeat(2, 0).repeat(2, 1), 1)
    contours, _ = cv2.findContours(doubled, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(contours, key=cv2.contourArea)
    fewer = cv2.approxPolyDP(largest, 2 * max(0.5, within_px), True)
    points = fewer if len(fewer) > 2 else largest
    return np.asarray((points.reshape(-1, 2) - 0.5) / 2, np.float32)


def _area_inside(outline: Float32Array, box: Float32Array) -> float:
    """Return the area of a simple polygon, inside an upright box, both float32 ``(P, 2)``: Sutherland and Hodgman."""
    points = outline.astype(np.float64)
    for axis, edge, side in ((0, box[0, 0], 1), (0, box[1, 0], -1), (1, box[0, 1], 1), (1, box[2, 1], -1)):
        points = _clipped(points, axis, float(edge), side)
        if len(points) < 3:
            return 0.0
    return abs(float(cv2.contourArea(points.astype(np.float32))))


def _clipped(points: npt.NDArray[np.float64], axis: int, edge: float, side: int) -> npt.NDArray[np.float64]:
    """Clip a polygon, ``(P, 2)``, to where ``side * (coordinate - edge)`` along ``axis`` is at least 0."""
    kept = []
    apart = side * (points[:, axis] - edge)
    for n, (point, here) in enumerate(zip(points, apart, strict=True)):
        before, there = points[n - 1], apart[n - 1]
        if (here >= 0) != (there >= 0):
            kept.append(before + (point - before) * there / (there - here))
        if here >= 0:
            kept.append(point)
    return np.array(kept).reshape(-1, 2)


def _otsu(evidence: Float32Array, top: float) -> float:
    """Return Otsu's threshold of the evidence of all pixels, clipped at ``top``, the 99th percentile of the positive one."""
    scaled = cv2.convertScaleAbs(evidence, alpha=255 / top)
    level, _ = cv2.threshold(scaled, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return max(NOTHING, (level + 0.5) / 255 * top)


def _level_of_share(smooth: Float32Array, evidence: Float32Array, share: float) -> float:
    """Return the highest level of ``smooth`` above which pixels hold at least ``share`` of ``evidence``; both ``(H, W)``."""
    order = np.argsort(-smooth, axis=None, kind="stable")
    held = np.cumsum(evidence.reshape(-1)[order], dtype=np.float64)
    last = min(int(np.searchsorted(held, share * held[-1])), len(order) - 1)
    return max(NOTHING, float(np.nextafter(smooth.reshape(-1)[order[last]], np.float32(0))))
