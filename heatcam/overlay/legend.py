"""What the colour bar says: what the colours are scaled by, and where there is one scale, its top with the unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heatcam.choices import Renorm
from heatcam.evidence import NOTHING
from heatcam.frames import SaliencyMap
from heatcam.overlay.scales import scope_of

_CAPTIONS = {
    Renorm.BOX: "evidence, scaled in each box",
    Renorm.FRAME: "evidence, scaled over the frame",
    Renorm.FIXED: "evidence, one scale for all pictures",
}
_SHORT = {Renorm.BOX: "per box", Renorm.FRAME: "per frame", Renorm.FIXED: "fixed"}


@dataclass(frozen=True)
class Legend:
    """The words around the colour bar.

    Attributes:
        caption: what the colours are scaled by.
        short: the same for small pictures.
        low: what the coldest colour stands for.
        high: what the hottest stands for: that much evidence, and more.
        unit: of ``low`` and ``high``, "" where they are no numbers.
    """

    caption: str
    short: str
    low: str = "low"
    high: str = "high"
    unit: str = ""

    @property
    def top(self) -> str:
        """What stands at the hot end: a number with its unit, or a word."""
        return f"{self.high} {self.unit}".strip()


def legend_of(saliency: SaliencyMap, renorm: Renorm, scales: Sequence[float]) -> Legend:
    """What to write beside the colours of one map.

    Args:
        saliency: the map that is shown.
        renorm: scope of the scale that was asked for.
        scales: the evidence that is full heat, as ``scales_of`` gives it for ``renorm``.
    """
    scope = scope_of(saliency, renorm)
    words = _CAPTIONS[scope], _SHORT[scope]
    if scope is Renorm.BOX or not scales or scales[0] <= NOTHING:
        return Legend(*words)
    return Legend(*words, "0", number(scales[0]), f"{saliency.unit}/cell")


def number(value: float) -> str:
    """A positive number in as few characters as show two digits of it: ``37``, ``3.0``, ``0.037``, ``3.7e-06``."""
    return f"{value:.0f}" if value >= 9.95 else f"{value:#.2g}"
