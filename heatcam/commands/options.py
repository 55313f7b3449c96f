"""What the commands share: the choices of the command line as small records."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from heatcam.choices import DEFAULT_SMOOTH, Backend, Colormap, MethodName, Precision, Quality, Renorm


@dataclass(frozen=True)
class ModelChoice:
    """Which model explains, and how.

    Attributes:
        model: a ``.pt`` file or an embedded model's name; None is the embedded one, with a word about others.
        device: None chooses.
        imgsz: longer side of the network's input in pixels; None takes the model's own.
        conf, iou: thresholds in ``[0, 1]``.
        classes: names or numbers to keep, with commas; empty keeps all.
        method: the CAM method.
        quality: the map for video, or the finest.
        backend: what runs the network; ``auto`` takes the fastest for video and torch for pictures.
        precision: the numbers that the network calculates with.
        why: explain this class at every box instead of its own.
        target: what is explained of each object, with a part of it behind a colon.
        layers: indices or names to map, with commas; empty takes those of ``quality``.
    """

    model: str | None = None
    device: str | None = None
    imgsz: int | None = None
    conf: float = 0.25
    iou: float = 0.7
    classes: str = ""
    method: MethodName = MethodName.LIVE
    quality: Quality = Quality.LIVE
    backend: Backend = Backend.AUTO
    precision: Precision = Precision.AUTO
    why: str = ""
    layers: str = ""
    target: str = "class"


@dataclass(frozen=True)
class Look:
    """How the overlay looks.

    Attributes:
        renorm: what the map is scaled by.
        colormap: how heat becomes colour.
        alpha: opacity of the hottest pixel, in ``[0, 1]``.
        boxes: draw boxes and labels.
        hud: draw the top line and the colour bar.
    """

    renorm: Renorm = Renorm.BOX
    colormap: Colormap = Colormap.TURBO
    alpha: float = 0.7
    boxes: bool = True
    hud: bool = True


@dataclass(frozen=True)
class Motion:
    """What only moving pictures have.

    Attributes:
        smooth: how much heat is steadied from frame to frame, in ``[0, 1]``; 0 shows each frame's raw map.
    """

    smooth: float = DEFAULT_SMOOTH


@dataclass(frozen=True)
class Output:
    """Where results go.

    Attributes:
        output: the picture, folder or video to write; None lets the command name it.
        overwrite: replace what is there.
        json: a file for the machine-readable result, ``-`` for standard output, None for none.
    """

    output: Path | None = None
    overwrite: bool = False
    json: str | None = None


@dataclass(frozen=True)
class Extent:
    """How long to run; None means to the end of the source.

    Attributes:
        max_frames: at most so many frames.
        seconds: at most so many seconds.
    """

    max_frames: int | None = None
    seconds: float | None = None
