"""Protocols of deletion and insertion: the steps, the summary of a curve, and what both are taken of unless asked otherwise.

``d-rise`` is the evaluation of Petsiuk et al., "Black-box Explanation of Object Detectors via Saliency Maps", CVPR 2021, which
takes over deletion and insertion from RISE (BMVC 2018): all pixels in equal steps, area under the curve. Ours deviates in
taking 50 steps, because each is a pass through the network; the mean colour of the picture itself; insertion on that empty
picture too, where the code of RISE blurs; and the score (``curves``). Their maps are not cut to a box: ``--whole`` is closer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heatcam.evaluation.choices import FractionsOf
from heatcam.evaluation.infills import Infill

_GROWING_STEPS, _EVEN_STEPS = 9, 50


@dataclass(frozen=True)
class Protocol:
    """Deletion and insertion of one kind.

    Attributes:
        name: value of ``--protocol``.
        steps: a description of the steps, for the documents.
        fractions: of the pixels of the box or of the letterboxed picture, ascending, in ``[0, 1]``: a score is taken at each.
        infills: names of the infills, unless others are asked for.
        fractions_of: what ``fractions`` are of, unless asked otherwise.
        area: take the area under the curve by trapezoids; else the mean over the steps.
    """

    name: str
    steps: str
    fractions: tuple[float, ...]
    infills: tuple[str, ...]
    fractions_of: FractionsOf
    area: bool = False

    @property
    def first_step(self) -> float:
        """The first fraction above 0. Of the picture, all maps cut to the box of an object that covers less score the same."""
        return next(fraction for fraction in self.fractions if fraction > 0)

    def summary(self, scores: tuple[float, ...]) -> float:
        """Summarise the scores at all fractions in one number in ``[0, 1]``."""
        if self.area:
            heights, widths = np.asarray(scores), np.diff(self.fractions)
            return float((widths * (heights[1:] + heights[:-1]) / 2).sum())
        return float(np.mean(scores))

    def text(self, infills: Sequence[Infill], fractions_of: FractionsOf) -> str:
        """Describe a measurement by this protocol in one sentence, for the documents."""
        covers = " or by ".join(infill.text for infill in infills)
        return (
            f"pixels ranked by the map, equal ones in random order; {self.steps} of the pixels of {_OF[fractions_of]}, "
            f"replaced by {covers} (deletion) or shown on it alone (insertion); score: maximum over all predictions of IoU with "
            f"the box times class score; {'area under the curve' if self.area else 'mean over steps'}"
        )


_OF = {FractionsOf.BOX: "the box", FractionsOf.PICTURE: "the letterboxed picture"}

#: Protocols by the value of ``--protocol``.
PROTOCOLS = {
    p.name: p
    for p in (
        Protocol(
            "growing",
            "fractions (k/9)^2, k = 1..8,",
            tuple((k / _GROWING_STEPS) ** 2 for k in range(1, _GROWING_STEPS)),
            ("blur", "noise"),
            FractionsOf.BOX,
        ),
        Protocol(
            "d-rise",
            "after D-RISE (Petsiuk et al., CVPR 2021) 50 equal steps",
            tuple(k / _EVEN_STEPS for k in range(_EVEN_STEPS + 1)),
            ("mean",),
            FractionsOf.PICTURE,
            area=True,
        ),
    )
}
