"""NumPy's ``.npy`` files as pictures: height, width, channels. Nothing in them is executed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from heatcam.errors import UnreadableInputError
from heatcam.samples import MOST_CHANNELS, Samples
from heatcam.sources.options import PictureOptions
from heatcam.sources.picture_formats import ARRAY as MAGIC
from heatcam.sources.raw_samples import MAX_PIXELS, checked_memory, made


def read_array(path: Path, asked: PictureOptions) -> Samples:
    """Read a ``.npy`` file of ``(H, W, C)`` or ``(H, W)``; three channels are BGR, as ultralytics writes and reads them.

    Raises:
        UnreadableInputError: it is damaged, truncated, holds objects or numbers that are no samples, or has another shape.
    """
    return samples_of_array(_mapped(path), asked, path.name)


def samples_of_array(values: npt.NDArray[Any], asked: PictureOptions, name: str = "the array") -> Samples:
    """Return a copy of an array as samples; see ``read_array``."""
    shape = _checked_shape(values.shape, asked.channels, name)
    checked_memory(name, math.prod(shape) * values.dtype.itemsize, shape[0] * shape[1])
    order = (2, 1, 0) if shape[2] == 3 else None
    return made(np.array(values.reshape(shape)), asked, name, order=order)


def is_array(path: Path) -> bool:
    """Return True if a file is one of NumPy's."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def check_array(path: Path) -> None:
    """Check a ``.npy`` file by its header; errors as of ``read_array``, but for its samples and channels."""
    _checked_shape(_mapped(path).shape, None, str(path))


def _mapped(path: Path) -> npt.NDArray[Any]:
    """Return a view of the file, of which nothing is read yet."""
    try:
        values: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, MemoryError, OverflowError) as error:
        is_objects = "object" in str(error).lower()
        problem = (
            "holds Python objects, which are never loaded"
            if is_objects
            else "is a damaged or truncated array"
        )
        raise UnreadableInputError(
            f"{path} {problem}", "save it again as uint8, uint16 or float32"
        ) from error
    return values


def _checked_shape(shape: tuple[int, ...], wanted: int | None, name: str) -> tuple[int, int, int]:
    """Return height, width and channels; refuse channels that stand first, and sizes that no picture has."""
    if len(shape) not in (2, 3) or 0 in shape:
        raise UnreadableInputError(
            f"{name} has the shape {shape}", "a picture is of the shape (height, width, channels)"
        )
    height, width, channels = (*shape, 1)[:3]
    if (height == wanted and channels != wanted) or channels > MOST_CHANNELS >= height:
        raise UnreadableInputError(
            f"{name} has the shape {shape}: its channels stand first", "save numpy.moveaxis(array, 0, -1)"
        )
    if channels > MOST_CHANNELS:
        raise UnreadableInputError(
            f"{name} has {channels} channels, and {MOST_CHANNELS} are the most",
            "save fewer, as the last axis",
        )
    if height * width > MAX_PIXELS:
        raise UnreadableInputError(
            f"{name} has more than {MAX_PIXELS // 1_000_000} million pixels ({width}x{height})",
            "scale it down first",
        )
    return height, width, channels
