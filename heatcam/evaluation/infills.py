"""Infills: the pixels shown in place of those that are taken away.

A map is to be believed as far as it holds under infills of different kinds. A blurred picture keeps colours and loses every edge,
so it flatters edge detectors; shuffled pixels keep the colours too and have edges everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from heatcam.geometry import Uint8Array
from heatcam.perturbation import INFILLS as COVERS


@dataclass(frozen=True)
class Infill:
    """One infill.

    Attributes:
        name: value of ``--infill``; maps by trial name the one that they are made with by the same names.
        text: a description in a few words, for the documents.
        backdrop: makes the pixels shown in place of removed ones from the letterboxed picture, both uint8 ``(H, W, 3)`` BGR; from
            the same picture always the same.
    """

    name: str
    text: str
    backdrop: Callable[[Uint8Array], Uint8Array]


def mean_coloured(boxed_bgr: Uint8Array) -> Uint8Array:
    """Return an empty picture of the same shape, in the picture's mean colour.

    The published code of RISE sets pixels of normalised pictures to zero, which is the mean colour of its data set. YOLO networks
    are not given normalised pictures; their zero is black, which is an object of its own.
    """
    mean: Any = boxed_bgr.mean((0, 1))
    return np.broadcast_to(np.rint(mean).astype(np.uint8), boxed_bgr.shape)


#: Infills by name.
INFILLS = {
    infill.name: infill
    for infill in (
        Infill("blur", "the blurred picture", COVERS["blur"]),
        Infill("noise", "the picture's pixels, shuffled", COVERS["noise"]),
        Infill("grey", "the letterbox's grey", COVERS["grey"]),
        Infill("mean", "the picture's mean colour", mean_coloured),
    )
}
