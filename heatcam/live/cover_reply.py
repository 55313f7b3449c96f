"""Answer about the covers that lie on one frame: where they lie, and what they change there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatcam.enums import Fill
from heatcam.geometry import Float32Array
from heatcam.probing import CoverEffect, CoverPatch, Foretold

NO_PLACES: Float32Array = np.zeros((0, 4), np.float32)
NOTHING_FORETOLD = Foretold(0, None)


@dataclass(frozen=True, eq=False)
class CoverReply:
    """Covers on one frame, and what they change together.

    Attributes:
        numbers: number of each stroke whose cover lies here.
        places_xyxy: float32 ``(N, 4)``, where each of them lies, in frame pixels.
        fill: what they cover with.
        patches: the pixels that the model saw in their places; empty if it was not asked.
        effect: of all of them together; None if the model was not asked.
        foretold: how well maps made like this frame's foretold the effects of the strokes so far.
        maps: what made these maps, in a word; "" without any.
        cost_ms: of covering the frame and of the pass over it, in milliseconds, beside the frame's explanation.
        reason: why the model was not asked, in one line; "" if it was.
    """

    numbers: tuple[int, ...]
    places_xyxy: Float32Array
    fill: Fill
    patches: tuple[CoverPatch, ...] = ()
    effect: CoverEffect | None = None
    foretold: Foretold = NOTHING_FORETOLD
    maps: str = ""
    cost_ms: float = 0.0
    reason: str = ""

    @property
    def bytes(self) -> int:
        """Memory that its pixels take, in bytes."""
        return sum(patch.pixels.nbytes for patch in self.patches)
