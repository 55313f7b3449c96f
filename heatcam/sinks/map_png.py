"""Maps as 16-bit PNG, which medical and scientific viewers open, with the way back to the map's unit."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from heatcam.frames import SaliencyMap
from heatcam.sinks.files import refuse_existing, write_whole
from heatcam.sinks.picture_names import fitting_name

_HIGHEST = 65_535


@dataclass(frozen=True)
class MapScale:
    """Scale of a map in 16-bit pixels: ``(pixel - zero) * scale`` is the map's value.

    Attributes:
        zero: the pixel that stands for exactly 0, in ``[0, 65535]``.
        scale: the map's value per step of a pixel.
        unit: unit of the map's values.
    """

    zero: int
    scale: float
    unit: str


def map_path(picture: Path) -> Path:
    """Return the path of a picture's map: ``out.png.map.png``, because ``out.jpg`` may exist beside it."""
    return picture.with_name(fitting_name(picture.name, ".map.png"))


def write_map_png(path: Path, saliency: SaliencyMap, overwrite: bool = False) -> MapScale:
    """Write a map as a grey PNG of 16 bits in the picture's own pixels, scaled linearly, negative evidence included.

    Its text chunks ``zero``, ``scale``, ``unit`` and ``Description`` tell the way back: ``(pixel - zero) * scale``.

    Returns:
        The same for a JSON document.

    Raises:
        UsageError: an existing file without ``overwrite``.
        SinkError: the file cannot be written; nothing is left behind.
    """
    refuse_existing([path], overwrite)
    values = saliency.in_image()
    scale = scale_of(saliency, float(values.min()), float(values.max()))
    pixels = np.rint(values.astype(np.float64) / scale.scale + scale.zero).clip(0, _HIGHEST).astype(np.uint16)
    about = PngInfo()
    about.add_text("zero", str(scale.zero))
    about.add_text("scale", repr(scale.scale))
    about.add_text("unit", scale.unit)
    about.add_text("Description", f"(pixel - {scale.zero}) * {scale.scale!r} is the evidence in {scale.unit}")
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", pnginfo=about)
    write_whole(path, buffer.getvalue())
    return scale


def scale_of(saliency: SaliencyMap, low: float, high: float) -> MapScale:
    """Return the finest scale that holds all values and has a pixel for exactly 0.

    Args:
        saliency: the map; it has the unit.
        low: its smallest value.
        high: its largest value.
    """
    low, high = min(low, 0.0), max(high, 0.0)
    step = (high - low) / (_HIGHEST - 1) or 1.0  # one pixel spare, for the rounding of zero
    return MapScale(min(_HIGHEST, max(0, round(-low / step))), step, f"{saliency.unit} per cell")
