"""Options of ``heatcam export``, as small records."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from heatcam.enums import ExportFormat, ExportQuality
from heatcam.errors import UsageError
from heatcam.options import DetectOptions
from heatcam.sources import parse_size

MOST_OBJECTS = 100  # each costs a backward pass of the layers between the map and the head


@dataclass(frozen=True)
class ExportChoice:
    """The file to export, and what it is to tell.

    Attributes:
        format: of the file.
        heat: with the maps of the objects; without, boxes alone.
        objects: number of objects that it tells of at most.
        quality: the kind of map: live or fine.
        imgsz: longer side of the input in pixels; None takes the model's own.
        size: size of the pictures to come, ``1280x720``: the input is the letterbox of such a picture; "" for a square.
        iou: boxes of a class that overlap more than this are one.
    """

    format: ExportFormat = ExportFormat.ONNX
    heat: bool = True
    objects: int = 10
    quality: ExportQuality = ExportQuality.LIVE
    imgsz: int | None = None
    size: str = ""
    iou: float = 0.7

    def require_valid(self) -> None:
        """Refuse invalid values.

        Raises:
            UsageError: a number is outside its range, or a size is none.
        """
        DetectOptions(imgsz=self.imgsz, iou=self.iou).require_valid()
        if not 1 <= self.objects <= MOST_OBJECTS:
            raise UsageError(f"objects is {self.objects}", f"give a number from 1 to {MOST_OBJECTS}")
        parse_size(self.size)


@dataclass(frozen=True)
class ExportOutput:
    """Outputs of ``export``.

    Attributes:
        output: the file, or OpenVINO's folder; None names it after the model.
        overwrite: replace what is there.
        json: a file for the machine-readable result, ``-`` for standard output, None for none.
    """

    output: Path | None = None
    overwrite: bool = False
    json: str | None = None
