"""Options of ``heatcam missed`` and ``heatcam cover``, and the checks of them that need no model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from heatcam.commands.options import ModelChoice, Output
from heatcam.enums import Fill
from heatcam.errors import UsageError
from heatcam.models import EVERYDAY
from heatcam.sinks import output_paths, refuse_existing, require_folder

Box = tuple[float, float, float, float]
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


def boxes_at(texts: Sequence[str], size_wh: tuple[int, int]) -> tuple[Box, ...]:
    """Read boxes, clipped to the picture.

    Args:
        texts: each ``x1,y1,x2,y2`` in pixels.
        size_wh: width and height of the picture.

    Raises:
        UsageError: one of them is no box, or lies outside of the picture.
    """
    return tuple(within(_box(text), size_wh, f"--at {text}") for text in texts)


def within(box: Box, size_wh: tuple[int, int], name: str) -> Box:
    """Clip a box to the picture.

    Raises:
        UsageError: nothing of it is in the picture; the message begins with ``name``.
    """
    wide, tall = size_wh
    x1, y1, x2, y2 = box
    clipped = max(x1, 0.0), max(y1, 0.0), min(x2, float(wide)), min(y2, float(tall))
    if clipped[2] <= clipped[0] or clipped[3] <= clipped[1]:
        raise UsageError(f"{name} lies outside of the picture", f"it has {wide}x{tall} pixels")
    return clipped


def _box(text: str) -> Box:
    try:
        x1, y1, x2, y2 = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"--at {text} is no box", "give x1,y1,x2,y2 in pixels of the picture") from None
    if not all(map(math.isfinite, (x1, y1, x2, y2))) or x2 <= x1 or y2 <= y1:
        raise UsageError(f"--at {text} is no box", "give x1,y1,x2,y2 with x1 below x2 and y1 below y2")
    return x1, y1, x2, y2


def planned_picture(photo: str, output: Output, word: str) -> Path:
    """Return the picture to write, ``NAME-word.png`` if none is named, and refuse files that are there.

    Raises:
        HeatcamError: a file exists already, is the photo itself, or cannot be written.
    """
    name = output.output or f"{Path(photo).stem}-{word}.png"
    (target,) = output_paths([Path(photo)], name)
    files = [target, *([Path(output.json)] if output.json and output.json != "-" else [])]
    if len({file.resolve() for file in (*files, Path(photo))}) <= len(files):
        raise UsageError(f"{files[-1]} would be overwritten", "choose another name")
    refuse_existing(files, output.overwrite)
    for file in files:
        require_folder(file.parent)
    return target


def require_detector(choice: ModelChoice) -> None:
    """Refuse the built-in classifier.

    Raises:
        UsageError: it is the one that was named, or a threshold is invalid.
    """
    choice.require_valid()
    if choice.model == EVERYDAY:
        raise UsageError(
            f"'{EVERYDAY}' finds classes, not boxes",
            "give 'markers' or a .pt model of ultralytics that finds boxes",
        )
