"""Samples of a picture as its file has them: any number of channels, 8 or 16 bit or float, for the network alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

#: A picture HWC of any type, which functions that return one keep.
Pixels = TypeVar("Pixels", bound=npt.NDArray[Any])
#: Value that is 1.0 for a network, by the type of the samples: ultralytics divides 8 bits by 255.
FULL_SCALES = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}
#: Channels that OpenCV can resize together.
MOST_CHANNELS = 512
_AVERAGED = 4  # channels that OpenCV 5.0 averages together


@dataclass(frozen=True)
class SampleView:
    """The channels and values of samples that are shown.

    Attributes:
        channels: numbers of the channels, from 1: red, green and blue, or a single grey one.
        window: values that are black and white, in the samples' own unit.
        is_chosen: True if the user or the file has named the window; False for the full range, or percentiles.
        words: what is to be said of it; "" makes words from the rest.
    """

    channels: tuple[int, ...]
    window: tuple[float, float]
    is_chosen: bool = False
    words: str = ""


@dataclass(frozen=True, eq=False)  # (arrays do not compare)
class Samples:
    """Samples of one picture, in the order of its file.

    Attributes:
        values: uint8, uint16 or float32 ``(H, W, C)``, the right way up.
        full_scale: value that is 1.0 for the network; larger ones are 1.0 too.
        order: indices of the channels as a network of C channels reads them; None reads them as they come. ultralytics reads
            three colours as RGB, and four, of which the first three are colours, as BGR and the fourth.
        is_colour: True if the first three channels are red, green and blue.
        view: how they are shown.
    """

    values: npt.NDArray[Any]
    full_scale: float
    order: tuple[int, ...] | None = None
    is_colour: bool = False
    view: SampleView | None = None

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.values.shape[2])

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.values.shape[1], self.values.shape[0]

    def as_read_by(self, channels: int) -> npt.NDArray[Any] | None:
        """Return what a network of so many channels reads: ``(H, W, channels)`` in the type of ``values``, colours as RGB.

        A grey picture is three equal colours, and colours are weighed to grey as OpenCV does it, both without losing bits. None
        where the picture has another number of channels.
        """
        if channels == self.channels:
            return self.values if self.order is None else np.ascontiguousarray(self.values[..., self.order])
        if channels == 3 and self.channels == 1:
            return np.repeat(self.values, 3, 2)
        if channels == 1 and self.channels == 3 and self.is_colour:
            return np.asarray(cv2.cvtColor(self.values, cv2.COLOR_RGB2GRAY))[..., None]
        return None

    def in_8_bit(self) -> npt.NDArray[np.uint8] | None:
        """Return what a network of colour or grey pictures reads, rounded to uint8 ``(H, W, 3)`` BGR; None of other channels."""
        read = self.as_read_by(3)
        if read is None:
            return None
        scaled = np.nan_to_num(read[..., ::-1] * (255 / self.full_scale), nan=0.0)
        return np.ascontiguousarray(np.rint(scaled).clip(0, 255).astype(np.uint8))

    def file_channels(self, channels: int) -> tuple[int, ...]:
        """Return the number in the file, from 1, of each channel that a network of so many channels reads."""
        same = channels == self.channels and self.order is not None
        return tuple(n + 1 for n in (self.order or ())) if same else tuple(range(1, channels + 1))


def resized_picture(image: Pixels, size_wh: tuple[int, int], *, averaged: bool = False) -> Pixels:
    """Resize a picture HWC of any type and number of channels, rounded to its type: bilinear, or by area averaging."""
    how = cv2.INTER_AREA if averaged else cv2.INTER_LINEAR
    count = image.shape[2]
    if count <= _AVERAGED or not averaged:
        resized: Any = cv2.resize(image, size_wh, interpolation=how)
        return resized if resized.ndim == 3 else resized[..., None]  # type: ignore[no-any-return]
    parts = (np.ascontiguousarray(image[..., n : n + _AVERAGED]) for n in range(0, count, _AVERAGED))
    planes = [np.atleast_3d(cv2.resize(part, size_wh, interpolation=how)) for part in parts]
    return np.concatenate(planes, 2)  # type: ignore[return-value]


def resized_by_pillow(image: Pixels, size_wh: tuple[int, int], how: Image.Resampling) -> Pixels:
    """Resize a picture HWC of any type by a filter of Pillow's, rounded to its type; what is not 8-bit colour, plane by plane."""
    if image.dtype == np.uint8 and image.shape[2] == 3:
        return np.asarray(Image.fromarray(image).resize(size_wh, how), np.uint8)  # type: ignore[return-value]
    planes = (Image.fromarray(image[..., n].astype(np.float32)) for n in range(image.shape[2]))
    resized = np.stack([np.asarray(plane.resize(size_wh, how)) for plane in planes], 2)
    if image.dtype.kind != "f":
        resized = np.rint(resized).clip(0, np.iinfo(image.dtype).max)
    return resized.astype(image.dtype)  # type: ignore[return-value]
