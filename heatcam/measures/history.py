"""Evidence over time: the share of each object's evidence inside its box in the last frames, and the current heat histogram.

Numbers are of raw maps: pass explanations as they come from the explainer, not smoothed ones.
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

_Key = tuple[bool, int]  # (True if a tracker gave the number, the number)


@dataclass(frozen=True)
class ObjectEvidence:
    """One object's history.

    Attributes:
        name: its class's name, when it was last seen.
        class_id: its class.
        track_id: its track's number; 0 without tracking.
        energies: float32 ``(n,)``, at most as long as the history, the newest last: the share of evidence in its box, in
            ``[0, 1]``; NaN in frames without it, or without a map.
        is_seen: True if it is in the newest frame.
        unseen_s: seconds of the source's time from when it was last seen to the newest frame.
    """

    name: str
    class_id: int
    track_id: int
    energies: Float32Array
    is_seen: bool
    unseen_s: float = 0.0

    @property
    def last(self) -> float | None:
        """Energy of the newest frame that has one; None if no frame has."""
        known = self.energies[~np.isnan(self.energies)]
        return float(known[-1]) if known.size else None


@dataclass
class _Line:
    """Record of one object; frames are counted by the history."""

    energies: deque[float]
    name: str = ""
    class_id: int = 0
    seen_in: int = field(default=0)
    seen_s: float = 0.0


class EvidenceHistory:
    """Evidence history of one stream's last frames. Called from one thread.

    Objects are told apart by their track numbers; without tracking, by class and overlap with the frame before. Boxes without a
    track number yet are left out. Objects that are not seen for ``length`` frames are forgotten.

    Args:
        length: number of frames to remember, at least 1.
    """

    def __init__(self, length: int = 120) -> None:
        self.length = max(1, length)
        self._lines: dict[_Key, _Line] = {}
        self._tracks = OverlapTracks()
        self._frames = 0
        self._now_s = 0.0
        self._heat: Int64Array = np.zeros(BINS, np.int64)

    def add(self, explanation: Explanation) -> None:
        """Add the next frame. Without a map its objects are remembered with unknown energies.

        The energy in a box is that of the object's own map if there is one, else the share of the whole picture's evidence that
        lies in the box.
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
        """Return the remembered objects: those in the newest frame first, then by their numbers."""
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
        """Heat histogram of the newest map: see ``heat_counts``."""
        return self._heat

    def _keys(self, explanation: Explanation) -> list[_Key | None]:
        """Return the key of each detection's object; None for a box without a track number."""
        found = explanation.detections
        if found.track_ids is None:
            return [(False, number) for number in self._tracks.ids_of(found)]
        return [(True, int(number)) if number > 0 else None for number in found.track_ids]


def _energy(explanation: Explanation, n: int) -> float:
    """Return the share of evidence in the ``n``-th box; NaN if there is no map or no evidence."""
    box = explanation.detections.boxes_xyxy[n]
    if explanation.object_maps:
        own = energy_in_box(explanation.object_maps[n], box)
        return math.nan if own is None else own
    if explanation.saliency is None:
        return math.nan
    share = share_of_all(explanation.saliency, box)
    return math.nan if share is None else share
