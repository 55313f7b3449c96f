"""PNG files of 16 bits, and of 8 with a fourth channel for networks that read it. OpenCV decodes what Pillow cuts to 8 bits."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from heatcam.errors import UnreadableInputError, first_line
from heatcam.samples import Samples
from heatcam.sources.decoding import MAX_PIXELS, orientation_of
from heatcam.sources.options import PictureOptions
from heatcam.sources.pixels import turned
from heatcam.sources.raw_samples import checked_memory, made

MAGIC = b"\x89PNG\r\n\x1a\n"
_RGBA = 6  # colour type
_CHANNELS = {0: 1, 2: 3, 4: 4, 6: 4}  # as OpenCV decodes them, by colour type; palettes have 8 bits at most


def png_samples(path: Path, asked: PictureOptions) -> Samples | None:
    """Read a PNG's samples; None for one that is read as any other picture.

    Colours that are transparent lie on white, unless the network reads four channels.

    Raises:
        UnreadableInputError: it is damaged, truncated or too large.
    """
    with path.open("rb") as file:
        header = file.read(26)
    if len(header) < 26 or not _is_wanted(header[24], header[25], asked):
        return None
    width, height = struct.unpack(">II", header[16:24])
    if width * height > MAX_PIXELS:
        raise UnreadableInputError(
            f"{path} has more than {MAX_PIXELS // 1_000_000} million pixels ({width}x{height})",
            "scale it down first",
        )
    checked_memory(path, width * height * _CHANNELS.get(header[25], 4) * header[24] // 8, width * height)
    values = turned(_decoded(path), _checked_orientation(path))
    if values.shape[2] == 4 and not (asked.channels == 4 or max(asked.view_channels, default=0) == 4):
        values = _over_white(values)
    order = (2, 1, 0, 3) if values.shape[2] == 4 else None
    return made(values, asked, path.name, order=order, is_colour=values.shape[2] > 1)


def has_more_in_png(path: Path) -> bool:
    """Return True for a PNG of 16 bits or four channels."""
    with path.open("rb") as file:
        header = file.read(26)
    return (
        len(header) == 26
        and header.startswith(MAGIC)
        and _is_wanted(header[24], header[25], PictureOptions(channels=4))
    )


def _is_wanted(bits: int, colour_type: int, asked: PictureOptions) -> bool:
    return bits == 16 or (bits == 8 and colour_type == _RGBA and asked.channels == 4)


def _decoded(path: Path) -> npt.NDArray[Any]:
    """Return uint8 or uint16 ``(H, W, C)``, red first."""
    data = np.fromfile(path, np.uint8)
    values: Any = cv2.imdecode(data, cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    if values is None:
        raise UnreadableInputError(f"{path} is a damaged PNG picture", "fetch or export it again")
    if values.ndim == 2:
        return np.asarray(values)[..., None]
    how = cv2.COLOR_BGRA2RGBA if values.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(values, how))


def _checked_orientation(path: Path) -> int:
    """Return the EXIF orientation of a file whose checksums are right: OpenCV fills the rest of a truncated one with grey."""
    try:
        with Image.open(path, formats=("PNG",)) as picture:
            picture.verify()
        with Image.open(path, formats=("PNG",)) as picture:  # (verified ones cannot be read any more)
            return orientation_of(picture)
    except Exception as error:  # (Pillow raises many kinds)
        raise UnreadableInputError(
            f"{path} is a damaged or truncated PNG picture ({first_line(error, 80)})",
            "fetch or export it again",
        ) from error


def _over_white(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Blend ``(H, W, 4)`` over white, rounded to its type; ``(H, W, 3)``."""
    white = np.float32(np.iinfo(values.dtype).max)
    alpha = values[..., 3:].astype(np.float32) / white
    return np.asarray(np.rint(values[..., :3] * alpha + white * (1 - alpha)), values.dtype)
