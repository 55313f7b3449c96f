"""Marks of everything that the window was asked about a frame: a place, and covers."""

from __future__ import annotations

from dataclasses import dataclass

from heatcam.overlay.cover_marks import CoverMarks
from heatcam.overlay.place_marks import PlaceMark


@dataclass(frozen=True, eq=False)
class AskedMarks:
    """Marks in the pixels of the picture that they are drawn on.

    Attributes:
        place: of a place that was asked about, the one whose label comes first in front; empty for none.
        covers: that lie on the frame; None for none.
    """

    place: tuple[PlaceMark, ...] = ()
    covers: CoverMarks | None = None


NOTHING_MARKED = AskedMarks()
