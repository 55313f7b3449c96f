"""Checks of ``heatcam missed`` and ``heatcam cover`` before a model is loaded. Does not import torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from heatcam.commands.options import ModelChoice, Output
from heatcam.errors import UsageError
from heatcam.models import EVERYDAY
from heatcam.sinks import output_paths, refuse_existing, require_folder

Box = tuple[float, float, float, float]


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
