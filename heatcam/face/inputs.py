"""Pictures in any form that Python has them in, as frames: files, NumPy, Pillow, torch.

To add a form: a function that returns None for all others, and its place in ``_READERS``.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from heatcam.errors import UsageError
from heatcam.frames import Frame
from heatcam.geometry import Uint8Array
from heatcam.sources import (
    PictureOptions,
    PicturePixels,
    pillow_to_bgr,
    pixels_of_array,
    read_pixels,
    to_bgr,
)

_CHANNELS = (1, 3, 4)
_FORMS = "give a path, NumPy uint8 (H, W, 3) in BGR order, a Pillow image, or a torch tensor (3, H, W) in RGB order"


class TensorLike(Protocol):
    """Picture as a torch tensor, ``(C, H, W)`` or ``(1, C, H, W)``: this room does not import torch."""

    def detach(self) -> Any:
        """Return it without its graph."""
        ...


#: Forms of a picture; see ``Model.explain``.
ImageLike = str | os.PathLike[str] | npt.NDArray[np.uint8] | Image.Image | TensorLike | Frame


def frame_of(image: ImageLike, number: int = 0, channels: int = 3) -> Frame:
    """Return a picture of any form as a frame; pixels are copied, so that later changes of them change no explanation.

    Args:
        image: see ``Model.explain``. A frame stays itself.
        number: the frame's index.
        channels: of the pictures that the network reads.

    Raises:
        UsageError: it is none of these forms.
        UnreadableInputError: the file cannot be read.
    """
    if isinstance(image, Frame):
        return image
    read = _with_samples(image, channels)
    if read is not None:
        return Frame(read.image_bgr, number, time.monotonic(), 0.0, name_of(image), read.samples)
    for reader in _READERS:
        if (pixels := reader(image)) is not None:
            return Frame(pixels, number, time.monotonic(), 0.0, name_of(image))
    raise UsageError(f"{_described(image)} is no picture", _FORMS)


def name_of(image: object) -> str:
    """Return the path of a picture for people; "" for pictures in memory."""
    if isinstance(image, str | os.PathLike):
        return os.fspath(image)
    return str(getattr(image, "filename", "") or "") if isinstance(image, Image.Image) else ""


def _with_samples(image: object, channels: int) -> PicturePixels | None:
    """Read a file, or an array of 16 bits or of the network's own channels where those are not colours; None for others.

    Raises:
        UnreadableInputError: the file or the array cannot be read.
    """
    asked = PictureOptions(channels=channels)
    if isinstance(image, str | os.PathLike):
        return read_pixels(Path(image), asked)
    is_wide = isinstance(image, np.ndarray) and (image.dtype == np.uint16 or channels not in (1, 3))
    return pixels_of_array(np.array(image), asked) if is_wide else None


def _of_pillow(image: object) -> Uint8Array | None:
    return pillow_to_bgr(image) if isinstance(image, Image.Image) else None


def _of_numpy(image: object) -> Uint8Array | None:
    """Convert grey ``(H, W)``, BGR or BGRA ``(H, W, C)``.

    Raises:
        UsageError: the array has another shape or type.
    """
    if not isinstance(image, np.ndarray):
        return None
    has_channels = image.ndim == 2 or (image.ndim == 3 and image.shape[2] in _CHANNELS)
    if image.dtype != np.uint8 or not has_channels or not image.size:
        raise UsageError(
            f"{_described(image)} is no picture",
            "give uint8 (H, W, 3) in BGR order, as OpenCV reads it; (H, W) is grey and (H, W, 4) BGRA",
        )
    return np.array(to_bgr(image), np.uint8, order="C")


def _of_torch(image: object) -> Uint8Array | None:
    """Convert grey, RGB or RGBA ``(C, H, W)`` or ``(1, C, H, W)``, uint8 or float in ``[0, 1]``.

    Raises:
        UsageError: the tensor has another shape or type, or numbers outside of the range.
    """
    torch: Any = sys.modules.get("torch")  # (a tensor cannot be there before it is)
    if torch is None or not isinstance(image, torch.Tensor):
        return None
    tensor: Any = image.detach()
    if tensor.ndim == 4 and len(tensor) == 1:
        tensor = tensor[0]
    if tensor.ndim != 3 or tensor.shape[0] not in _CHANNELS or not tensor.numel():
        raise UsageError(
            f"{_described(image)} is no picture",
            "give one of (3, H, W) or (1, 3, H, W) in RGB order; several go to explain_many, one by one",
        )
    values = (tensor.float() if tensor.is_floating_point() else tensor).cpu().numpy()
    return _of_numpy(_blue_first(_in_8_bit(values, image)))


def _in_8_bit(values: npt.NDArray[Any], image: object) -> npt.NDArray[Any]:
    """Return uint8 as it is, and floats in ``[0, 1]`` in 255 steps.

    Raises:
        UsageError: they are outside, or of another type.
    """
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind != "f" or not ((values >= 0) & (values <= 1)).all():
        lies = (
            f" with values from {values.min():.4g} to {values.max():.4g}" if values.dtype.kind == "f" else ""
        )
        raise UsageError(f"{_described(image)}{lies} is no picture", "give uint8, or floats from 0 to 1")
    return np.asarray(np.rint(values * 255), np.uint8)


def _blue_first(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Convert ``(C, H, W)`` with red first to ``(H, W, C)`` with blue first."""
    order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[len(pixels)]
    return np.moveaxis(pixels[order], 0, -1)


def _described(image: object) -> str:
    """Return type and shape of what was given."""
    kind, shape = type(image).__name__, getattr(image, "shape", None)
    return kind if shape is None else f"{kind} {getattr(image, 'dtype', '')} {tuple(shape)}"


_READERS: tuple[Callable[[object], Uint8Array | None], ...] = (_of_pillow, _of_numpy, _of_torch)
