"""Accumulation of a run's statistics, frame by frame, in memory that does not grow with its length."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from heatcam.frames import Explanation, Int64Array
from heatcam.measures import evidence_share
from heatcam.report.drift import drifts_of, thirds_of
from heatcam.report.heat_grid import HeatGrid
from heatcam.report.moments import APART_S, Moments
from heatcam.report.pictures import thumbnail_of
from heatcam.report.statistics import (
    ENERGY_BINS,
    Drift,
    RunFacts,
    RunStatistics,
    SeriesStatistics,
    ThumbnailedMoment,
)
from heatcam.report.time_bins import BinnedSums, Column, Timeline

MOST_TRACKS = 200  # that are remembered at a time: 20 kB each
_SHOWN_TRACKS = 12
_SHOWN_DRIFTS = 6  # classes
_MOST_ERRORS = 20


@dataclass(frozen=True)
class ObjectRow:
    """Numbers of one object in one frame.

    Attributes:
        frame_index: as the source counts.
        time_s: in seconds; for unrelated pictures their number.
        source: the frame's name.
        class_name, class_id: its class.
        track_id: its track's number; 0 without one.
        confidence: in ``[0, 1]``.
        box_xyxy: in image pixels.
        evidence: its map's positive evidence, in ``unit``; None without a map.
        energy_in_box, enrichment: see ``measures.evidence_share``; None without evidence.
        low_evidence: the verdict; None where it is not known.
        unit: of the evidence; "" without a map.
    """

    frame_index: int
    time_s: float
    source: str
    class_name: str
    class_id: int
    track_id: int
    confidence: float
    box_xyxy: tuple[float, float, float, float]
    evidence: float | None
    energy_in_box: float | None
    enrichment: float | None
    low_evidence: bool | None
    unit: str


def rows_of(explanation: Explanation, time_s: float) -> list[ObjectRow]:
    """Return the numbers of each object of a frame, in the detections' order; those of evidence are of its own map."""
    return [_row(explanation, n, time_s) for n in range(len(explanation.detections))]


def _row(explanation: Explanation, n: int, time_s: float) -> ObjectRow:
    found, frame = explanation.detections, explanation.frame
    own = explanation.object_maps[n] if explanation.object_maps else None
    share = None if own is None else evidence_share(own, found.boxes_xyxy[n])
    x1, y1, x2, y2 = (float(side) for side in found.boxes_xyxy[n])
    return ObjectRow(
        frame_index=frame.frame_index,
        time_s=time_s,
        source=frame.name,
        class_name=found.class_names[n],
        class_id=int(found.class_ids[n]),
        track_id=0 if found.track_ids is None else int(found.track_ids[n]),
        confidence=float(found.confidences[n]),
        box_xyxy=(x1, y1, x2, y2),
        evidence=None if share is None else share.evidence,
        energy_in_box=None if share is None else share.energy_in_box,
        enrichment=None if share is None else share.enrichment,
        low_evidence=explanation.low_evidence[n] if explanation.low_evidence else None,
        unit="" if own is None else own.unit,
    )


@dataclass
class _Series:
    """Sums of all objects, one class or one track so far."""

    binned: BinnedSums
    name: str = ""
    track_id: int = 0
    frames: int = 0
    seen_in: int = 0  # number of the frame it was last seen in
    first_s: float = 0.0
    last_s: float = 0.0
    low: int | None = None
    energies: Int64Array = field(default_factory=lambda: np.zeros(ENERGY_BINS, np.int64))

    def add(self, row: ObjectRow, bin_index: int, frame: int) -> None:
        """Add one object of the frame with this number, 1 for the first."""
        if self.frames == 0:
            self.first_s = row.time_s
        self.frames += self.seen_in != frame
        self.seen_in, self.last_s = frame, row.time_s
        sums = self.binned.sums[bin_index]
        sums[Column.OBJECTS] += 1
        sums[Column.CONFIDENCE] += row.confidence
        if row.evidence is not None:
            sums[Column.EVIDENCES] += 1
            sums[Column.EVIDENCE] += row.evidence
        if row.energy_in_box is not None:
            sums[Column.ENERGIES] += 1
            sums[Column.ENERGY] += row.energy_in_box
            self.energies[min(ENERGY_BINS - 1, int(row.energy_in_box * ENERGY_BINS))] += 1
        if row.low_evidence is not None:
            self.low = (self.low or 0) + row.low_evidence

    def statistics(self, timeline: Timeline) -> SeriesStatistics:
        """Return the result."""
        totals = self.binned.sums.sum(0)
        return SeriesStatistics(
            name=self.name,
            track_id=self.track_id,
            objects=round(totals[Column.OBJECTS]),
            frames=self.frames,
            first_s=self.first_s,
            last_s=self.last_s,
            evidence=_mean(totals[Column.EVIDENCE], totals[Column.EVIDENCES]),
            energy_in_box=_mean(totals[Column.ENERGY], totals[Column.ENERGIES]),
            confidence=_mean(totals[Column.CONFIDENCE], totals[Column.OBJECTS]),
            low_evidence=self.low,
            energies=self.energies,
            over_time=self.binned.over_time(timeline.frames),
        )


def _mean(total: float, count: float) -> float | None:
    return float(total / count) if count else None


class RunAccumulator:
    """Statistics of a run so far. Called from one thread at a time.

    Memory is bounded: sums over ``time_bins.BINS`` bins for each class and for ``MOST_TRACKS`` tracks, one grid of heat, one mean
    frame, and the thumbnails of the moments kept.

    Args:
        is_slideshow: frames are unrelated pictures: time is their number, and neighbours are not alike.
    """

    def __init__(self, *, is_slideshow: bool = False) -> None:
        self._is_slideshow = is_slideshow
        self._timeline = Timeline()
        self._whole = _Series(self._timeline.new_series())
        self._classes: dict[int, _Series] = {}
        self._tracks: dict[int, _Series] = {}
        self._forgotten = 0
        self._with_objects = self._without_map = 0
        self._errors: list[str] = []
        self._sizes: set[tuple[int, int]] = set()
        self._grid: HeatGrid | None = None
        apart_s = 0.0 if is_slideshow else APART_S
        self._strongest, self._weakest = Moments(apart_s, 1), Moments(apart_s, -1)
        self.unit, self.layer, self.about = "", "", ""

    @property
    def frames(self) -> int:
        """Number of frames so far."""
        return self._timeline.count

    def time_of(self, explanation: Explanation) -> float:
        """Return a frame's time in seconds; for unrelated pictures their number, 1 for the first."""
        frame = explanation.frame
        return float(frame.frame_index + 1) if self._is_slideshow else frame.pts_s

    def add(self, explanation: Explanation) -> list[ObjectRow]:
        """Add the next frame, and return its objects' numbers.

        Args:
            explanation: with the objects' own maps; not smoothed.
        """
        time_s = self.time_of(explanation)
        rows = rows_of(explanation, time_s)
        self._timeline.begin_frame(time_s)
        for row in rows:
            for series in self._series_of(row):
                series.add(row, self._timeline.bin, self.frames)
        self._with_objects += bool(rows)
        self._note_map(explanation)
        self._add_to_grid(explanation)
        self._offer_moment(explanation, rows, time_s)
        return rows

    def _series_of(self, row: ObjectRow) -> list[_Series]:
        """Return the series that an object belongs to."""
        if row.class_id not in self._classes:
            self._classes[row.class_id] = _Series(self._timeline.new_series(), row.class_name)
        found = [self._whole, self._classes[row.class_id]]
        if row.track_id > 0:
            if row.track_id not in self._tracks:
                self._make_room()
                new = _Series(self._timeline.new_series(), row.class_name, row.track_id)
                self._tracks[row.track_id] = new
            found.append(self._tracks[row.track_id])
        return found

    def _make_room(self) -> None:
        """Forget the track with the fewest frames, of those that were not just seen, where there are too many."""
        if len(self._tracks) < MOST_TRACKS:
            return
        shortest = min(
            self._tracks.values(), key=lambda series: (series.seen_in >= self.frames - 1, series.frames)
        )
        self._timeline.forget(shortest.binned)
        del self._tracks[shortest.track_id]
        self._forgotten += 1

    def _note_map(self, explanation: Explanation) -> None:
        error = explanation.map_error
        if error:
            self._without_map += 1
            if error not in self._errors and len(self._errors) < _MOST_ERRORS:
                self._errors.append(error)
        if explanation.saliency is not None:
            self.unit, self.layer = explanation.saliency.unit, explanation.saliency.layer
        if explanation.question is not None:
            self.about = explanation.question.about

    def _add_to_grid(self, explanation: Explanation) -> None:
        size_wh = explanation.frame.size_wh
        if len(self._sizes) < 2:
            self._sizes.add(size_wh)
        self._grid = self._grid or HeatGrid(size_wh, keeps_frames=not self._is_slideshow)
        self._grid.add(explanation.frame.image_bgr, explanation.saliency)

    def _offer_moment(self, explanation: Explanation, rows: list[ObjectRow], time_s: float) -> None:
        """Offer a frame to the strongest and to the weakest moments, by the mean evidence of its objects."""
        known = [row.evidence for row in rows if row.evidence is not None]
        if not known:
            return
        evidence = float(np.mean(known))

        def make() -> ThumbnailedMoment:
            picture, picture_wh = thumbnail_of(explanation)
            frame = explanation.frame
            return ThumbnailedMoment(
                frame.frame_index, time_s, frame.name, evidence, _counted(rows), picture, picture_wh
            )

        self._strongest.offer(evidence, time_s, make)
        self._weakest.offer(evidence, time_s, make)

    def statistics(self, facts: RunFacts) -> RunStatistics:
        """Return the statistics of all frames so far, of which there must be one.

        Args:
            facts: what no frame tells.
        """
        timeline = self._timeline
        classes = sorted(self._classes.values(), key=lambda one: -one.binned.sums[:, Column.OBJECTS].sum())
        tracks = sorted(self._tracks.values(), key=lambda one: (-one.frames, one.track_id))
        strongest = self._strongest.kept()
        shown = {moment.frame_index for moment in strongest}
        thirds = thirds_of(len(timeline.frames))
        times = timeline.times
        return RunStatistics(
            facts=facts,
            frames=timeline.count,
            frames_with_objects=self._with_objects,
            frames_without_map=self._without_map,
            map_errors=tuple(self._errors),
            size_wh=next(iter(self._sizes)) if len(self._sizes) == 1 else None,
            times=times,
            frames_a_bin=timeline.size,
            whole=self._whole.statistics(timeline),
            classes=tuple(one.statistics(timeline) for one in classes),
            tracks=tuple(one.statistics(timeline) for one in tracks[:_SHOWN_TRACKS]),
            more_tracks=max(0, len(tracks) - _SHOWN_TRACKS) + self._forgotten,
            place=None if self._grid is None else self._grid.place(),
            strongest=strongest,
            weakest=tuple(m for m in self._weakest.kept() if m.frame_index not in shown),
            drifts=tuple(self._drifts(classes[:_SHOWN_DRIFTS])),
            thirds_s=None
            if thirds is None
            else tuple((float(times[third][0]), float(times[third][-1])) for third in thirds),  # type: ignore[arg-type]
        )

    def _drifts(self, classes: list[_Series]) -> list[Drift]:
        frames = self._timeline.frames
        series = [self._whole, *(classes if len(classes) > 1 else ())] if self._with_objects else []
        return [
            drift
            for one in series
            for drift in drifts_of(
                one.name or "all objects",
                one.binned.sums[: len(frames)],
                frames,
                one_by_one=self._is_slideshow,
            )
        ]


def _counted(rows: list[ObjectRow]) -> str:
    """Return the objects in words: ``2 dog, 1 kite``."""
    return ", ".join(f"{count} {name}" for name, count in Counter(row.class_name for row in rows).items())
