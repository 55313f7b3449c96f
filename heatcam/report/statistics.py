"""Frozen results of a run, which every renderer reads: the page, the document and the lines for a terminal."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import numpy.typing as npt

from heatcam.frames import Int64Array

Float64Array = npt.NDArray[np.float64]


class Measure(str, Enum):
    """Quantities that are followed over time."""

    EVIDENCE = "evidence"
    ENERGY = "energy_in_box"
    CONFIDENCE = "confidence"
    OBJECTS = "objects_per_frame"


@dataclass(frozen=True)
class RunFacts:
    """Facts about a run that no frame tells.

    Attributes:
        source: the source's name for people; never with credentials.
        model, method, layer, backend: names, for people.
        unit: unit of the evidence.
        imgsz: longer side of the network's input, in pixels.
        conf: the confidence above which boxes are kept.
        version: heatcam's.
        made_at: when the report was made, as text.
        is_slideshow: True if frames are unrelated pictures: time is then their number.
        tracker: the tracker's name; "" without one.
        about: what the maps are evidence for, where it is not each object's own class; else "".
        every: one frame of so many was looked at.
        notes: what went wrong on the way, such as pictures that could not be read, a line each.
        interrupted: True if Ctrl-C or another signal ended the run.
    """

    source: str
    model: str
    method: str
    layer: str
    backend: str
    unit: str
    imgsz: int
    conf: float
    version: str
    made_at: str
    is_slideshow: bool = False
    tracker: str = ""
    about: str = ""
    every: int = 1
    notes: tuple[str, ...] = ()
    interrupted: bool = False


@dataclass(frozen=True)
class OverTime:
    """A series over the bins of a run, NaN where a bin has nothing to average; each float64 ``(bins,)``.

    Attributes:
        evidence: mean positive evidence of an object, in the maps' unit.
        energy_in_box: mean share of it inside the object's box, in ``[0, 1]``.
        confidence: mean, in ``[0, 1]``.
        objects_per_frame: mean number of objects a frame; never NaN.
    """

    evidence: Float64Array
    energy_in_box: Float64Array
    confidence: Float64Array
    objects_per_frame: Float64Array

    def of(self, measure: Measure) -> Float64Array:
        """Return one measure's series."""
        values: Float64Array = getattr(self, measure.value)
        return values


@dataclass(frozen=True)
class SeriesStatistics:
    """Statistics of all objects, of one class's or of one track.

    Attributes:
        name: the class's name; "" for all objects.
        track_id: the track's number; 0 for a class or all objects.
        objects: number of detections, counted in each frame anew.
        frames: number of frames with at least one of them.
        first_s, last_s: when it was first and last seen, in the time of ``RunStatistics.times``.
        evidence, energy_in_box, confidence: means over its detections; None where no detection has that number.
        low_evidence: number of detections whose evidence is low; None where that is not known of any.
        energies: int64 ``(ENERGY_BINS,)``, its detections by energy in box, from 0 to 1.
        over_time: the means in each bin of the run.
    """

    name: str
    track_id: int
    objects: int
    frames: int
    first_s: float
    last_s: float
    evidence: float | None
    energy_in_box: float | None
    confidence: float | None
    low_evidence: int | None
    energies: Int64Array
    over_time: OverTime

    @property
    def title(self) -> str:
        """Name for people: ``all objects``, ``dog``, ``dog 3``."""
        return f"{self.name} {self.track_id}" if self.track_id else self.name or "all objects"


@dataclass(frozen=True)
class HeatPlace:
    """Place of a run's heat in the frame.

    Attributes:
        shares: float64 ``(rows, columns)``, sums to 1: the share of all positive evidence in each cell of a grid over the frame.
        picture: WebP, the heat over the mean frame, or over dark where frames are unrelated.
        picture_wh: its width and height in pixels.
        half_in: the share of the frame, in ``(0, 1]``, that holds half of the heat, taken where it is densest.
        centre_xy: the heat's centroid, each in ``[0, 1]`` from the frame's upper left corner.
        words: where the centroid lies: ``upper left`` ... ``in the middle``.
    """

    shares: Float64Array
    picture: bytes
    picture_wh: tuple[int, int]
    half_in: float
    centre_xy: tuple[float, float]
    words: str


@dataclass(frozen=True)
class ThumbnailedMoment:
    """A frame whose objects have very much evidence, or very little.

    Attributes:
        frame_index: as the source counts.
        time_s: in seconds; for unrelated pictures their number.
        name: the frame's name, such as its file's.
        evidence: mean positive evidence of an object in it, in the maps' unit.
        objects: its objects in words: ``2 dog, 1 kite``.
        picture: WebP, the frame with its heat and boxes.
        picture_wh: its width and height in pixels.
    """

    frame_index: int
    time_s: float
    name: str
    evidence: float
    objects: str
    picture: bytes
    picture_wh: tuple[int, int]


@dataclass(frozen=True)
class Drift:
    """Difference between the last and the first third of a run, in one measure of one series.

    Attributes:
        title: whose: see ``SeriesStatistics.title``.
        measure: which.
        first, last: the means; None where there is nothing to average.
        interval: 95 % interval of last minus first; None where it cannot be told.
        blocks: numbers of blocks that it was drawn from, in the first and in the last third.
    """

    title: str
    measure: Measure
    first: float | None
    last: float | None
    interval: tuple[float, float] | None = None
    blocks: tuple[int, int] = (0, 0)

    @property
    def difference(self) -> float | None:
        """Last minus first; None where one is not known."""
        return None if self.first is None or self.last is None else self.last - self.first

    @property
    def is_clear(self) -> bool:
        """True if the interval leaves 0 out."""
        return self.interval is not None and not self.interval[0] <= 0 <= self.interval[1]


@dataclass(frozen=True)
class RunStatistics:
    """Statistics of a run.

    Attributes:
        facts: what no frame tells.
        frames: number of frames that were explained, at least 1.
        frames_with_objects: number of them in which something was detected.
        frames_without_map: number of them whose map failed.
        map_errors: the reasons, each once.
        size_wh: width and height of the first frame; None where frames have several sizes.
        times: float64 ``(bins,)``, the mean time of each bin's frames, in seconds, or for unrelated pictures their number.
        frames_a_bin: number of frames in each bin but the last.
        whole: of all objects.
        classes: of each class, the most frequent first.
        tracks: of the tracks with the most frames.
        more_tracks: number of tracks that were left out, being shorter.
        place: where the heat lies; None without heat.
        strongest, weakest: frames of most and least evidence an object, in order of strength.
        drifts: differences between the last and the first third; empty where the run is too short.
        thirds_s: beginning and end of the first and of the last third; None where the run is too short.
    """

    facts: RunFacts
    frames: int
    frames_with_objects: int
    frames_without_map: int
    map_errors: tuple[str, ...]
    size_wh: tuple[int, int] | None
    times: Float64Array
    frames_a_bin: int
    whole: SeriesStatistics
    classes: tuple[SeriesStatistics, ...] = ()
    tracks: tuple[SeriesStatistics, ...] = ()
    more_tracks: int = 0
    place: HeatPlace | None = None
    strongest: tuple[ThumbnailedMoment, ...] = ()
    weakest: tuple[ThumbnailedMoment, ...] = ()
    drifts: tuple[Drift, ...] = ()
    thirds_s: tuple[tuple[float, float], tuple[float, float]] | None = None
    energy_edges: Float64Array = field(default_factory=lambda: np.linspace(0, 1, ENERGY_BINS + 1))

    @property
    def has_maps(self) -> bool:
        """True if some object's evidence is known."""
        return self.whole.evidence is not None


ENERGY_BINS = 20
