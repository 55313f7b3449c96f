"""Options of ``heatcam missed`` and ``heatcam cover``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from heatcam.commands.options import ModelChoice, Output
from heatcam.enums import Fill
from heatcam.errors import UsageError

MATCH_IOU = 0.5  # as ``probing.MATCH_IOU``, without loading it for the help


@dataclass(frozen=True, kw_only=True)
class ProbedModel(ModelChoice):
    """The detector that is asked about places, and its thresholds: see ``ModelChoice``, of which it offers a part."""


@dataclass(frozen=True, kw_only=True)
class AskedModel(ProbedModel):
    """The same without a choice of method: what speaks for and against a class is told by HiResCAM, which has both signs."""


@dataclass(frozen=True)
class PlacesChoice:
    """Places where something is missed.

    Attributes:
        at: boxes as ``x1,y1,x2,y2`` in pixels of the picture.
        class_name: what is missed there: one for all boxes, or one each; with labels, the only classes that count.
        labels: a file or folder of labels, instead of ``at``.
        match_iou: a box is on an object from this IoU on, in ``(0, 1]``.
    """

    at: tuple[str, ...] = ()
    class_name: tuple[str, ...] = ()
    labels: Path | None = None
    match_iou: float = MATCH_IOU

    def require_valid(self) -> None:
        """Refuse what contradicts itself.

        Raises:
            UsageError: so it does.
        """
        if bool(self.at) == (self.labels is not None):
            raise UsageError(
                "give --at or --labels",
                "for example: heatcam missed photo.jpg --at 40,60,200,310 --class dog",
            )
        if self.at and len(self.class_name) not in (1, len(self.at)):
            raise UsageError(
                f"{len(self.at)} --at and {len(self.class_name)} --class",
                "give one --class, or one for each --at",
            )
        if not 0 < self.match_iou <= 1:
            raise UsageError(f"match-iou is {self.match_iou}", "give a number above 0, to 1")


@dataclass(frozen=True)
class CoverChoice:
    """Places to cover.

    Attributes:
        at: boxes as ``x1,y1,x2,y2`` in pixels of the picture.
        fill: what they are covered with.
    """

    at: tuple[str, ...] = ()
    fill: Fill = Fill.BLUR


@dataclass(frozen=True)
class ProbedOutput(Output):
    """Outputs of ``missed`` and ``cover``: a picture, and the JSON document."""
