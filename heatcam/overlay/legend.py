"""What the colour bar says: what the colours are scaled by, and where there is one scale, its top with the unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heatcam.enums import Renorm
from heatcam.frames import SaliencyMap
from heatcam.measures import NOTHING, scope_of
from heatcam.text import printable

_CAPTIONS = {
    Renorm.BOX: "scaled in each box",
    Renorm.FRAME: "scaled over the frame",
    Renorm.FIXED: "one scale for all pictures",
}
_SHORT = {Renorm.BOX: "per box", Renorm.FRAME: "per frame", Renorm.FIXED: "fixed"}


@dataclass(frozen=True)
class Legend:
    """The words around the colour bar.

    Attributes:
        caption: what the evidence is for, where that is not each object's own class, and what the colours are scaled by.
        short: the same for small pictures.
        low: what the coldest colour stands for.
        high: what the hottest stands for: that much evidence, and more.
        unit: of ``low`` and ``high``, "" where they are no numbers.
        source: who says so: model and method; "" where another line says it.
    """

    caption: str
    short: str
    low: str = "low"
    high: str = "high"
    unit: str = ""
    source: str = ""

    @property
    def top(self) -> str:
        """What stands at the hot end: a number with its unit, or a word."""
        return f"{self.high} {self.unit}".strip()


def legend_of(
    saliency: SaliencyMap, renorm: Renorm, scales: Sequence[float], about: str = "", source: str = ""
) -> Legend:
    """What to write beside the colours of one map.

    Args:
        saliency: the map that is shown.
        renorm: scope of the scale that was asked for.
        scales: the evidence that is full heat, as ``scales_of`` gives it for ``renorm``.
        about: what the evidence is for; "" for each object's own class.
        source: model and method; "" to leave them out.
    """
    scope, about = scope_of(saliency, renorm), printable(about)
    caption = f"evidence for {about}" if about else "evidence"
    words = f"{caption}, {_CAPTIONS[scope]}", f"for {about}" if about else _SHORT[scope]
    if scope is Renorm.BOX or not scales or scales[0] <= NOTHING:
        return Legend(*words, source=source)
    return Legend(*words, "0", number(scales[0]), f"{saliency.unit}/cell", source)


def number(value: float) -> str:
    """A positive number in as few characters as show two digits of it: ``37``, ``3.0``, ``0.037``, ``3.7e-06``."""
    return f"{value:.0f}" if value >= 9.95 else f"{value:#.2g}"
