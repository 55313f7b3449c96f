"""Pictures as networks read them and as people see them: any number of channels, 8 or 16 bit or float.

To add a format: its first bytes and a function that returns None for files that ``read_picture`` reads as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from heatcam.geometry import Uint8Array
from heatcam.samples import Samples, SampleView
from heatcam.sources import arrays
from heatcam.sources.decoding import check_picture, read_picture
from heatcam.sources.dicom import DicomFrame, dicom_frame, frames_in, is_dicom, read_dicom
from heatcam.sources.options import PictureOptions
from heatcam.sources.picture_formats import ARRAY
from heatcam.sources.tiff_samples import has_more_in_tiff, tiff_samples
from heatcam.sources.view import drawn, view_of
from heatcam.sources.wide_png import MAGIC, has_more_in_png, png_samples

_HEAD_BYTES = 132


@dataclass(frozen=True)
class PicturePixels:
    """Pixels of one picture.

    Attributes:
        image_bgr: uint8 ``(H, W, 3)`` BGR, to show.
        samples: what the network reads instead; None if it reads ``image_bgr``.
    """

    image_bgr: Uint8Array
    samples: Samples | None = None


Reader = Callable[[Path, PictureOptions], Samples | None]
#: First bytes of the formats whose samples may be other than three channels of 8 bit, and their readers.
READERS: tuple[tuple[bytes, Reader], ...] = (
    (ARRAY, arrays.read_array),
    (MAGIC, png_samples),
    *((magic, tiff_samples) for magic in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
)


def read_pixels(path: str | Path, asked: PictureOptions | None = None) -> PicturePixels:
    """Read a picture file for a network and for people; most are as ``read_picture`` reads them.

    Raises:
        UnreadableInputError: it cannot be read; see ``read_picture``.
        UsageError: it has no such channels as are to be shown.
    """
    path, asked = Path(path), asked or PictureOptions()
    named = dicom_frame(path) or ((path, 1) if is_dicom(path) else None)
    if named is not None:
        return _of_dicom(read_dicom(*named), asked, path.name)
    samples = _samples(path, asked)
    if samples is None:
        image = read_picture(path)
        if not (asked.view_channels or asked.window):
            return PicturePixels(image)
        samples = Samples(np.ascontiguousarray(image[..., ::-1]), 255, is_colour=True)
    return _shown(samples, asked, path.name)


def _of_dicom(frame: DicomFrame, asked: PictureOptions, name: str) -> PicturePixels:
    """Show a frame through its own window, or through the one that was asked for, in the file's unit."""
    own = frame.samples
    if own.is_colour and own.values.dtype == np.uint8 and not (asked.view_channels or asked.window):
        return PicturePixels(np.ascontiguousarray(own.values[..., ::-1]))
    if frame.shown is None:
        return _shown(own, replace(asked, window=asked.window or (0.0, own.full_scale)), name)
    if asked.window is None:
        return PicturePixels(drawn(own, SampleView((1,), (0.0, 1.0))), own)
    view = view_of(frame.shown, asked, name)
    image = drawn(frame.shown, view)
    return PicturePixels(255 - image if frame.is_inverted else image, replace(own, view=view))


def pixels_of_array(values: npt.NDArray[Any], asked: PictureOptions) -> PicturePixels:
    """Do the same with an array ``(H, W, C)`` or ``(H, W)`` of samples; three channels are BGR.

    Raises:
        UnreadableInputError: its shape or type is none of a picture.
    """
    return _shown(arrays.samples_of_array(values, asked), asked, "the array")


def is_read_alike(path: str | Path, asked: PictureOptions) -> bool:
    """Return True if a picture file has the same pixels for every network: it can be read before one is known."""
    return not (asked.view_channels or asked.window or _has_more(Path(path)))


def check_pixels(path: str | Path) -> None:
    """Check a picture file by its header; of a TIFF of other samples only that it can be opened.

    Raises:
        UnreadableInputError: see ``check_picture``.
    """
    path = Path(path)
    named = dicom_frame(path)
    if named is not None or is_dicom(path):
        frames_in(path if named is None else named[0])
    elif not _has_more(path):
        check_picture(path)
    elif arrays.is_array(path):
        arrays.check_array(path)


def _has_more(path: Path) -> bool:
    """Return True if a file may hold other samples than three channels of 8 bit; False for one that cannot be opened."""
    try:
        return (
            dicom_frame(path) is not None
            or is_dicom(path)
            or arrays.is_array(path)
            or has_more_in_png(path)
            or has_more_in_tiff(path)
        )
    except (OSError, ValueError):
        return False


def _shown(samples: Samples, asked: PictureOptions, name: str) -> PicturePixels:
    view = view_of(samples, asked, name)
    return PicturePixels(drawn(samples, view), replace(samples, view=view))


def _samples(path: Path, asked: PictureOptions) -> Samples | None:
    head = _head(path)
    reader = next((read for magic, read in READERS if head.startswith(magic)), None)
    return None if reader is None else reader(path, asked)


def _head(path: Path) -> bytes:
    """Return the first bytes; none of what cannot be read, whose error ``read_picture`` tells."""
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except (OSError, ValueError):
        return b""
