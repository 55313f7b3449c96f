"""Protocols of deletion and insertion: the steps, the pixels put in place of removed ones, and the summary of a curve.

``d-rise`` is the evaluation of Petsiuk et al., "Black-box Explanation of Object Detectors via Saliency Maps", CVPR 2021, which
takes over deletion and insertion from RISE (BMVC 2018): all pixels in equal steps, area under the curve. Ours deviates in
taking 50 steps, because each is a pass through the network; the mean colour of the picture itself; insertion on that empty
picture too, where the code of RISE blurs; and the score (``curves``). Their maps are not cut to a box: ``--whole`` is closer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from heatcam.geometry import Uint8Array

BLUR_SIGMA = 20.0  # model pixels
_BLUR_STEPS, _EVEN_STEPS = 9, 50


@dataclass(frozen=True)
class Protocol:
    """Deletion and insertion of one kind.

    Attributes:
        name: value of ``--protocol``.
        text: a description in one sentence, for the documents.
        fractions: of the letterboxed picture's pixels, ascending, in ``[0, 1]``: a score is taken at each.
        backdrop: makes the pixels shown in place of removed ones from the letterboxed picture, both uint8 ``(H, W, 3)``.
        area: take the area under the curve by trapezoids; else the mean over the steps.
    """

    name: str
    text: str
    fractions: tuple[float, ...]
    backdrop: Callable[[Uint8Array], Uint8Array]
    area: bool = False

    @property
    def first_step(self) -> float:
        """The first fraction above 0. On an object that covers less, all maps cut to its box score the same."""
        return next(fraction for fraction in self.fractions if fraction > 0)

    def summary(self, scores: tuple[float, ...]) -> float:
        """Summarise the scores at all fractions in one number in ``[0, 1]``."""
        if self.area:
            heights, widths = np.asarray(scores), np.diff(self.fractions)
            return float((widths * (heights[1:] + heights[:-1]) / 2).sum())
        return float(np.mean(scores))


def blurred(boxed_bgr: Uint8Array) -> Uint8Array:
    """Blur the picture (uint8 ``(H, W, 3)``) until nothing can be recognised."""
    return np.asarray(cv2.GaussianBlur(boxed_bgr, (0, 0), BLUR_SIGMA), np.uint8)


def mean_coloured(boxed_bgr: Uint8Array) -> Uint8Array:
    """Return an empty picture of the same shape, in the picture's mean colour.

    The published code of RISE sets pixels of normalised pictures to zero, which is the mean colour of its data set. YOLO networks
    are not given normalised pictures; their zero is black, which is an object of its own.
    """
    mean: Any = boxed_bgr.mean((0, 1))
    return np.broadcast_to(np.rint(mean).astype(np.uint8), boxed_bgr.shape)


_SCORE = "score: maximum over all predictions of IoU with the box times class score"

#: Protocols by the value of ``--protocol``.
PROTOCOLS = {
    p.name: p
    for p in (
        Protocol(
            "blur",
            "pixels of the letterboxed picture ranked by the map; at fractions (k/9)^2, k = 1..8, blurred away (deletion) or "
            f"shown on the blurred picture (insertion); {_SCORE}; mean over steps",
            tuple((k / _BLUR_STEPS) ** 2 for k in range(1, _BLUR_STEPS)),
            blurred,
        ),
        Protocol(
            "d-rise",
            "after D-RISE (Petsiuk et al., CVPR 2021): pixels of the letterboxed picture ranked by the map; in 50 equal steps "
            "replaced by the picture's mean colour (deletion) or shown on an empty picture of that colour (insertion); "
            f"{_SCORE}; area under the curve",
            tuple(k / _EVEN_STEPS for k in range(_EVEN_STEPS + 1)),
            mean_coloured,
            area=True,
        ),
    )
}
