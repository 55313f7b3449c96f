"""The end of trials: an object's map that more of them no longer move."""

from __future__ import annotations

import numpy as np

from heatcam.geometry import Float32Array
from heatcam.perturbation.refinement import ObjectTrials

LOOK_EVERY = 24  # trials between two looks at a map
STILL = 0.99  # correlation of the maps at two looks from which the map has not moved
_CALM_LOOKS = 2  # so many looks in a row at which it has not, since one may be chance


class Settling:
    """Watches an object's map, and tells when trials no longer move it.

    It is settled when the posterior's mean has correlated with itself 24 trials earlier by 0.99 or more at two looks in a row.
    Trials of random sets do not count, since what they leave open is what drawn rankings ask next.
    """

    def __init__(self) -> None:
        #: True once the map is settled; it stays so.
        self.is_settled = False
        self._before: Float32Array | None = None
        self._next_look = 0
        self._calm = 0

    def look(self, tried: ObjectTrials) -> bool:
        """Look at the map if it is time to, and return ``is_settled``; call it after each batch."""
        if self.is_settled or not tried.draws or tried.trials < self._next_look:
            return self.is_settled
        self._next_look = tried.trials + LOOK_EVERY
        now, before = tried.state().values, self._before
        self._before = now
        self._calm = self._calm + 1 if before is not None and alike(now, before) >= STILL else 0
        self.is_settled = self._calm >= _CALM_LOOKS
        return self.is_settled


def alike(one: Float32Array, other: Float32Array) -> float:
    """Return the correlation of two maps of one shape; 1 where both are the same everywhere, 0 where one of them is."""
    deviations = float(one.std()), float(other.std())
    if not all(deviations):
        return float(not any(deviations))
    return float(np.mean((one - one.mean()) * (other - other.mean())) / (deviations[0] * deviations[1]))
