"""Conversion of a TIFF's samples to the three channels of 8 bits that models are given here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from heatcam.geometry import Uint8Array
from heatcam.sources import to_bgr

_WHITE = 255


@dataclass(frozen=True)
class SampleRange:
    """Range of a picture's samples.

    Attributes:
        brightest: the sample that is white.
    """

    brightest: int

    def to_8_bit(self, samples: npt.NDArray[Any]) -> Uint8Array:
        """Return samples, unsigned integers of any shape, scaled to 0..255; those of 8 bits as they are."""
        if samples.dtype == np.uint8 and self.brightest == _WHITE:
            return np.asarray(samples, np.uint8)
        scaled = samples.astype(np.float32) * np.float32(_WHITE / self.brightest)
        return np.asarray(np.rint(np.minimum(scaled, _WHITE)), np.uint8)


def bgr_of(samples: Uint8Array, *, white_is_zero: bool = False) -> Uint8Array:
    """Return grey ``(h, w, 1)``, RGB or RGBA ``(h, w, C)`` as BGR ``(h, w, 3)``, transparency over white."""
    if samples.shape[2] == 1:
        return to_bgr(_WHITE - samples if white_is_zero else samples)
    if samples.shape[2] == 4:
        return to_bgr(samples[..., [2, 1, 0, 3]])
    return np.ascontiguousarray(samples[..., ::-1])
