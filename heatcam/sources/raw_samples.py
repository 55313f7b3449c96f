"""Limits and types of samples that are read from files, whatever their format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from heatcam.errors import UnreadableInputError
from heatcam.samples import FULL_SCALES, Samples
from heatcam.sources.decoding import MAX_PIXELS
from heatcam.sources.options import PictureOptions
from heatcam.sources.picture_memory import MAX_BYTES

__all__ = ["MAX_PIXELS", "checked_memory", "made"]

_SHOWN = 9  # bytes a pixel of a picture that is painted and encoded


def checked_memory(path: Path | str, sample_bytes: int, pixels: int) -> None:
    """Refuse a picture whose samples would take too much memory, before they are read: they are there twice while they are made.

    Raises:
        UnreadableInputError: they would.
    """
    needed = 2 * sample_bytes + _SHOWN * pixels
    if needed > MAX_BYTES:
        raise UnreadableInputError(
            f"{path} would take {needed / 1e9:.1f} GB of memory, and {MAX_BYTES / 1e9:.1f} is the most for one picture",
            "scale it down first",
        )


def made(
    values: npt.NDArray[Any],
    asked: PictureOptions,
    name: str,
    *,
    order: tuple[int, ...] | None = None,
    is_colour: bool = False,
) -> Samples:
    """Return samples ``(H, W, C)`` of a type that networks are given, with the value that is 1.0.

    Raises:
        UnreadableInputError: they are of another type; or floats above 1.0, and nobody has said what is 1.0.
    """
    values = _in_known_type(values, name)
    usual = FULL_SCALES[values.dtype.name]
    if values.dtype.kind == "f" and asked.full_scale is None and (highest := np.nanmax(values)) > usual:
        raise UnreadableInputError(
            f"{name} has float samples up to {highest:.6g}, and 1.0 is the network's white",
            "say which value is: --full-scale 10000",
        )
    return Samples(values, asked.full_scale or usual, order, is_colour)


def _in_known_type(values: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    native = values.dtype.newbyteorder("=")
    if native.name in FULL_SCALES:
        return np.ascontiguousarray(values, native)
    if native.kind == "f":
        return np.ascontiguousarray(values, np.float32)
    raise UnreadableInputError(
        f"{name} has samples of the type {native.name}", "save it as uint8, uint16 or float32"
    )
