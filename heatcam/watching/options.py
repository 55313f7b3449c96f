"""Options of watching a training."""

from __future__ import annotations

from dataclasses import dataclass

from heatcam.enums import Colormap
from heatcam.errors import UsageError
from heatcam.options import ExplainOptions

MOST_PICTURES = 50  # each is explained and drawn at every watched epoch


@dataclass(frozen=True, kw_only=True)
class WatchOptions:
    """Options of watching.

    Attributes:
        every: number of epochs between two looks; the first is before the training, the last after it.
        explain: which boxes are kept and how their evidence is mapped; ``imgsz`` None takes the training's.
        colormap: colours of the heat.
    """

    every: int = 5
    explain: ExplainOptions
    colormap: Colormap = Colormap.TURBO

    def require_valid(self) -> None:
        """Refuse invalid values.

        Raises:
            UsageError: ``every`` is below 1, the method is by trial, or as ``ExplainOptions``.
        """
        if self.every < 1:
            raise UsageError(f"every is {self.every}", "give a number of epochs from 1 on")
        if self.explain.by_trial:
            raise UsageError("quality='true' takes minutes for a picture", "take 'fine'")
        if self.explain.by_masks:
            raise UsageError(f"method={self.explain.method!r} takes a minute for a picture", "take 'fine'")
        self.explain.require_valid()
