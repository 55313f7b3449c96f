"""Legend of the colour bar: the scope of the scale and, if there is a single scale, its top value with the unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heatcam.enums import ATTENTION_MAP, Renorm
from heatcam.frames import SaliencyMap
from heatcam.measures import NOTHING, relative_error, scope_of
from heatcam.text import printable

_CAPTIONS = {
    Renorm.BOX: "scaled in each box",
    Renorm.REGION: "scaled in each region",
    Renorm.FRAME: "scaled over the frame",
    Renorm.FIXED: "one scale for all pictures",
}
_SHORT = {
    Renorm.BOX: "per box",
    Renorm.REGION: "per region",
    Renorm.FRAME: "per frame",
    Renorm.FIXED: "fixed",
}


@dataclass(frozen=True)
class Legend:
    """Text around the colour bar.

    Attributes:
        caption: the target of the evidence, if that is not each object's own class, and the scope of the scale.
        short: the same for small pictures.
        low: value of the coldest colour.
        high: value of the hottest colour: that much evidence or more.
        unit: unit of ``low`` and ``high``, "" if they are words.
        source: model and method; "" if another line shows them.
        tells_end: name the hot end also on small pictures, though it is a word.
    """

    caption: str
    short: str
    low: str = "low"
    high: str = "high"
    unit: str = ""
    source: str = ""
    tells_end: bool = False

    @property
    def top(self) -> str:
        """Text at the hot end: a number with its unit, or a word."""
        return f"{self.high} {self.unit}".strip()


def legend_of(
    saliency: SaliencyMap,
    renorm: Renorm,
    scales: Sequence[float],
    about: str = "",
    source: str = "",
    object_maps: Sequence[SaliencyMap] = (),
) -> Legend:
    """Return the legend of one map.

    Args:
        saliency: the map that is shown.
        renorm: requested scope of the scale.
        scales: the evidence that is full heat, as ``scales_of`` gives it for ``renorm``.
        about: target of the evidence; "" for each object's own class.
        source: model and method; "" to leave them out.
        object_maps: that it is made of; some may be by trial already where it is not.
    """
    scope, about = scope_of(saliency, renorm), printable(about)
    trials = by_trials(saliency) or _some_by_trial(object_maps)
    what = "attention" if saliency.method == ATTENTION_MAP else "evidence"
    caption = (f"{what} for {about}" if about else what) + trials
    short = f"for {about}" if about else trials.strip(" ,") or _SHORT[scope]
    words = f"{caption}, {_CAPTIONS[scope]}", short
    if scope in (Renorm.BOX, Renorm.REGION) or not scales or scales[0] <= NOTHING:
        return Legend(*words, source=source)
    return Legend(*words, "0", number(scales[0]), f"{saliency.unit}/cell", source)


def by_trials(saliency: SaliencyMap) -> str:
    """Return `` by 200 trials`` for a map that was made so; "" for one from gradients.

    Of a map by masks it is `` by 200 masks, ± 9 % of its peak, 31 s``: with its error, and the time that it took.
    """
    count = saliency.trials
    if count and saliency.seconds:
        error = relative_error(saliency)
        about = "" if error is None else f", ± {number(100 * error)} % of its peak"
        return f" by {count} masks{about}, {number(saliency.seconds)} s"
    return f" by {count} trial{'s' * (count != 1)}" if count else ""


def _some_by_trial(object_maps: Sequence[SaliencyMap]) -> str:
    """Return ``, 2 of 5 by trial`` for objects of which only some have a map by trial; "" for none."""
    count = sum(own.trials > 0 for own in object_maps)
    return f", {count} of {len(object_maps)} by trial" if count else ""


def number(value: float) -> str:
    """Format a positive number with two significant digits, briefly: ``37``, ``3.0``, ``0.037``, ``3.7e-06``."""
    return f"{value:.0f}" if value >= 9.95 else f"{value:#.2g}"
