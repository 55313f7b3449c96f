"""Readers of an explainer's passes: what they need of a picture is there anyway, so that it takes no second pass."""

from __future__ import annotations

from typing import Protocol

from heatcam.engine import Forward, TapGradients
from heatcam.geometry import Letterbox


class PassObserver(Protocol):
    """Reads more of a pass than the explanation does, while it is there. Called in the explainer's thread, within its pass."""

    def passed(self, forward: Forward, letterbox: Letterbox) -> None:
        """Take the pass of a picture, before its maps are made."""

    def differentiated(self, forward: Forward, number: int, gradients: TapGradients) -> None:
        """Take the gradients of one kept box at the taps, where each box has a map of its own."""
