"""Attention over time: how much of each object's evidence lay in its box in the last frames, and how hot the picture is now.

Numbers are of raw maps: give it explanations as they come from the explainer, not steadied ones.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from heatcam.frames import Explanation, Int64Array
from heatcam.geometry import Float32Array
from heatcam.measures.matching import OverlapTracks
from heatcam.measures.statistics import BINS, energy_in_box, heat_counts, share_of_all

_Key = tuple[bool, int]  # whether a tracker gave the number, and the number


@dataclass(frozen=True)
class ObjectEvidence:
    """One object's history.

    Attributes:
        name: its class's name, when it was last seen.
        class_id: its class.
        track_id: its track's number; 0 without tracking.
        energies: float32 ``(n,)``, at most as long as the history, the newest last: the share of evidence in its box, in
            ``[0, 1]``; NaN in frames without it, or without a map.
        is_seen: whether it is in the newest frame.
        unseen_s: how long before the newest frame it was last seen, in seconds of the source's time.
    """

    name: str
    class_id: int
    track_id: int
    energies: Float32Array
    is_seen: bool
    unseen_s: float = 0.0

    @property
    def last(self) -> float | None:
        """The energy of the newest frame that has one; None where none has."""
        known = self.energies[~np.isnan(self.energies)]
        return float(known[-1]) if known.size else None


@dataclass
class _Line:
    """What is kept of one object: frames are counted by the history."""

    energies: deque[float]
    name: str = ""
    class_id: int = 0
    seen_in: int = field(default=0)
    seen_s: float = 0.0


class EvidenceHistory:
    """The last frames of one stream. Called from one thread.

    Objects are told apart by their track numbers; without tracking, by class and overlap with the frame before. Boxes that no
    track has taken yet are left out. Objects that are not seen for ``length`` frames are forgotten.

    Args:
        length: how many frames are remembered, at least 1.
    """

    def __init__(self, length: int = 120) -> None:
        self.length = max(1, length)
        self._lines: dict[_Key, _Line] = {}
        self._tracks = OverlapTracks()
        self._frames = 0
        self._now_s = 0.0
        self._heat: Int64Array = np.zeros(BINS, np.int64)

    def add(self, explanation: Explanation) -> None:
        """Take the next frame. Without a map its objects are remembered, their energies are unknown.

        The energy in a box is of the object's own map where there is one; else it is the share of all evidence of the picture
        that lies in the box.
        """
        self._frames += 1
        self._now_s = explanation.frame.pts_s
        found = explanation.detections
        for line in self._lines.values():
            line.energies.append(math.nan)
        for n, key in enumerate(self._keys(explanation)):
            if key is None:
                continue
            line = self._lines.setdefault(key, _Line(deque([math.nan], maxlen=self.length)))
            line.name, line.class_id = found.class_names[n], int(found.class_ids[n])
            line.energies[-1], line.seen_in = _energy(explanation, n), self._frames
            line.seen_s = self._now_s
        oldest = self._frames - self.length
        self._lines = {key: line for key, line in self._lines.items() if line.seen_in > oldest}
        self._heat = heat_counts(explanation.saliency)

    def objects(self) -> list[ObjectEvidence]:
        """The remembered objects: those in the newest frame first, then by their numbers."""
        lines = sorted(self._lines.items(), key=lambda entry: (entry[1].seen_in != self._frames, entry[0]))
        return [
            ObjectEvidence(
                line.name,
                line.class_id,
                number if is_track else 0,
                np.array(line.energies, np.float32),
                line.seen_in == self._frames,
                max(0.0, self._now_s - line.seen_s),
            )
            for (is_track, number), line in lines
        ]

    @property
    def heat(self) -> Int64Array:
        """Cells of the newest map at each heat: see ``heat_counts``."""
        return self._heat

    def _keys(self, explanation: Explanation) -> list[_Key | None]:
        """Which object each detection is; None for what no track has taken."""
        found = explanation.detections
        if found.track_ids is None:
            return [(False, number) for number in self._tracks.ids_of(found)]
        return [(True, int(number)) if number > 0 else None for number in found.track_ids]


def _energy(explanation: Explanation, n: int) -> float:
    """The share of evidence in the ``n``-th box; NaN where there is no map or no evidence."""
    box = explanation.detections.boxes_xyxy[n]
    if explanation.object_maps:
        own = energy_in_box(explanation.object_maps[n], box)
        return math.nan if own is None else own
    if explanation.saliency is None:
        return math.nan
    share = share_of_all(explanation.saliency, box)
    return math.nan if share is None else share
