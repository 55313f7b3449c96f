"""Attention of the newest minute: the share of evidence in each object's box over time, for the page's graphs."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

from heatcam.live import HistoryEntry
from heatcam.measures import energy_in_box
from heatcam.overlay import Colour, object_colour
from heatcam.text import printable
from heatcam.web.live_documents import AttentionDocument, AttentionSeries

KEPT_S = 60.0
_APART_S = 0.2  # a graph of a minute shows no more, and twelve objects stay 100 kB of JSON
_MOST_OBJECTS = 12
_MOST_POINTS = int(KEPT_S / _APART_S)


@dataclass
class _Series:
    """One object's points: times in seconds on the clock of ``add``, and energies."""

    name: str
    colour: Colour
    points: deque[tuple[float, float | None]] = field(default_factory=lambda: deque(maxlen=_MOST_POINTS))


class Attention:
    """Energies of the objects that were shown, from their own maps. From any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._series: dict[int, _Series] = {}
        self._last_s = -_APART_S

    def clear(self) -> None:
        """Forget all objects: the next frame does not follow the one before."""
        with self._lock:
            self._series, self._last_s = {}, -_APART_S

    def add(self, entry: HistoryEntry, now_s: float) -> None:
        """Add a frame that is shown at ``now_s``; one close to another, or without a map of each object, is passed over."""
        explanation = entry.explanation
        if not explanation.object_maps or now_s - self._last_s < _APART_S:
            return
        boxes = explanation.detections.boxes_xyxy
        energies = [energy_in_box(own, box) for own, box in zip(explanation.object_maps, boxes, strict=True)]
        with self._lock:
            self._last_s = now_s
            for n, (object_id, energy) in enumerate(zip(entry.object_ids, energies, strict=True)):
                name = printable(explanation.detections.class_names[n])
                colour = object_colour(explanation.detections, n)
                series = self._series.setdefault(object_id, _Series(name, colour))
                series.name, series.colour = name, colour
                series.points.append((now_s, energy))
            self._series = {
                object_id: series
                for object_id, series in self._series.items()
                if now_s - series.points[-1][0] < KEPT_S
            }

    def document(self, now_s: float) -> AttentionDocument:
        """Return the series, those of the objects seen last first; ``now_s`` is on the clock of ``add``."""
        with self._lock:
            found = sorted(self._series.items(), key=lambda entry: (-entry[1].points[-1][0], entry[0]))
            return AttentionDocument(
                objects=[_document(object_id, series, now_s) for object_id, series in found[:_MOST_OBJECTS]]
            )


def hex_colour(colour: Colour) -> str:
    """Return a colour, BGR, as CSS writes it: ``#00ff7f``."""
    blue, green, red = colour
    return f"#{red:02x}{green:02x}{blue:02x}"


def _document(object_id: int, series: _Series, now_s: float) -> AttentionSeries:
    points = [(at_s, energy) for at_s, energy in series.points if now_s - at_s < KEPT_S]
    return AttentionSeries(
        object_id=object_id,
        class_name=series.name,
        colour=hex_colour(series.colour),
        seconds=[round(at_s - now_s, 2) for at_s, _ in points],
        energy_in_box=[None if energy is None else round(energy, 4) for _, energy in points],
    )
