"""TIFF files whose samples are not three channels of 8 bit: pages or planes of channels, 16 bit, float. Read by tifffile."""

from __future__ import annotations

import logging
import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from heatcam.errors import UnreadableInputError, first_line
from heatcam.samples import MOST_CHANNELS, Samples
from heatcam.sources.decoding import NotAPictureError
from heatcam.sources.options import PictureOptions
from heatcam.sources.picture_formats import HEAD_BYTES, is_camera_raw, sniff_picture_format, tiff_tags
from heatcam.sources.pixels import turned
from heatcam.sources.raw_samples import MAX_PIXELS, checked_memory, made

logger = logging.getLogger(__name__)

_BITS, _PHOTOMETRIC, _SAMPLES = 258, 262, 277
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB = 0, 1, 2
_BIG = 43  # version of a TIFF with offsets of 8 bytes
_REDUCED = 1  # NewSubfileType: a smaller copy of another page
_ORIENTATION = 274
_INSTALL = "pip install 'heatcam[science]'"


def tiff_samples(path: Path, asked: PictureOptions) -> Samples | None:
    """Read a TIFF's samples; None for one that is read as any other picture: three channels of 8 bit, or palettes and the like.

    With ``asked.pages_are_channels`` equal grey pages are the channels, as in ultralytics; else the first page is the picture.

    Raises:
        UnreadableInputError: it is damaged, truncated, too large, or tifffile is not there.
    """
    with path.open("rb") as file:
        if is_camera_raw(file):
            return None
        tags = tiff_tags(file)
    is_wide = _most(tags.get(_BITS, 1)) > 8
    if tags.get(_PHOTOMETRIC) not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB):
        return None
    if not (is_wide or asked.pages_are_channels) or _most(tags.get(_BITS, 1)) < 8:
        return None
    try:
        import tifffile  # noqa: PLC0415 (an extra)
    except ImportError as error:
        if asked.pages_are_channels or _most(tags.get(_SAMPLES, 1)) > 4:
            raise NotAPictureError(f"reading the channels of {path} needs tifffile", _INSTALL) from error
        logger.warning("%s is read with 8 of its bits; for all of them: %s", path.name, _INSTALL)
        return None
    with _told(path), tifffile.TiffFile(path) as tiff:
        _check_chain(tiff.filehandle, path)
        return _read(tiff, path, asked)


def has_more_in_tiff(path: Path) -> bool:
    """Return True for a TIFF whose pages or samples may be more than three channels of 8 bit."""
    with path.open("rb") as file:
        if sniff_picture_format(file.read(HEAD_BYTES)) != "TIFF" or is_camera_raw(file):
            return False
        tags = tiff_tags(file)
    return (
        _most(tags.get(_BITS, 1)) > 8
        or tags.get(_PHOTOMETRIC) in (_WHITE_IS_ZERO, _BLACK_IS_ZERO)
        or _most(tags.get(_SAMPLES, 1)) > 3
    )


def _read(tiff: Any, path: Path, asked: PictureOptions) -> Samples | None:
    pages = _pages(tiff, asked.pages_are_channels)
    first = pages[0]
    if first.dtype is None or first.axes not in ("YX", "YXS", "SYX"):
        raise UnreadableInputError(
            f"{path} has pages of the axes {first.axes}", "save it with pages of rows and columns"
        )
    _check(path, pages)
    planes = [_plane(page) for page in pages]
    values = planes[0] if len(planes) == 1 else np.concatenate(planes, 2)
    if first.photometric == _WHITE_IS_ZERO and values.dtype.kind == "u":
        values = np.iinfo(values.dtype).max - values
    is_colour = first.photometric == _RGB and len(pages) == 1
    if is_colour and values.shape[2] == 4 and asked.channels in (None, 1, 3) and not asked.view_channels:
        values = values[..., :3]
    return made(
        turned(values, _orientation(first)),
        asked,
        path.name,
        order=(2, 1, 0, 3) if is_colour and values.shape[2] == 4 else None,
        is_colour=is_colour,
    )


def _pages(tiff: Any, are_channels: bool) -> list[Any]:
    """Return the pages that hold the picture: all, where they are equal and grey and are channels; else the first."""
    first = tiff.pages[0]
    if not are_channels or first.samplesperpixel != 1 or len(tiff.pages) == 1:
        return [first]
    if len(tiff.pages) > MOST_CHANNELS:
        raise UnreadableInputError(
            f"{tiff.filename} has {len(tiff.pages)} pages, and {MOST_CHANNELS} channels are the most",
            "save fewer",
        )
    pages = [tiff.pages[n].aspage() for n in range(len(tiff.pages))]
    alike = all((page.shape, page.dtype) == (first.shape, first.dtype) for page in pages)
    return pages if alike and not any(int(page.subfiletype) & _REDUCED for page in pages[1:]) else [first]


def _check_chain(file: Any, path: Path) -> None:
    """Refuse a file whose next page lies behind its end: tifffile takes the pages before it for all.

    Raises:
        UnreadableInputError: the file is truncated.
    """
    order = "<" if _at(file, 0, 2) == b"II" else ">"
    is_big = struct.unpack(f"{order}H", _at(file, 2, 2))[0] == _BIG
    offset, count, entry = ("Q", "Q", 20) if is_big else ("I", "H", 12)

    def number(at: int, form: str) -> int:
        return int(struct.unpack(order + form, _at(file, at, struct.calcsize(form)))[0])

    try:
        page = number(8 if is_big else 4, offset)
        for _ in range(MOST_CHANNELS):
            if not page:
                return
            page = number(page + struct.calcsize(count) + entry * number(page, count), offset)
    except struct.error as error:
        raise UnreadableInputError(f"{path} is a truncated TIFF", "fetch or export it again") from error


def _at(file: Any, offset: int, count: int) -> bytes:
    file.seek(offset)
    return bytes(file.read(count))


def _check(path: Path, pages: list[Any]) -> None:
    """Refuse what is too large or ends too early, before anything is decoded."""
    first = pages[0]
    height, width = first.imagelength, first.imagewidth
    if height * width > MAX_PIXELS:
        raise UnreadableInputError(
            f"{path} has more than {MAX_PIXELS // 1_000_000} million pixels ({width}x{height})",
            "scale it down first",
        )
    checked_memory(path, len(pages) * math.prod(first.shape) * first.dtype.itemsize, height * width)
    ends = (
        at + count for page in pages for at, count in zip(page.dataoffsets, page.databytecounts, strict=True)
    )
    if max(ends, default=0) > path.stat().st_size:
        raise UnreadableInputError(f"{path} is a truncated TIFF", "fetch or export it again")


def _plane(page: Any) -> npt.NDArray[Any]:
    """Return one page's samples, ``(H, W, C)``."""
    values = np.asarray(page.asarray())
    if page.axes == "SYX":
        return np.moveaxis(values, 0, -1)
    return values if values.ndim == 3 else values[..., None]


def _orientation(page: Any) -> int:
    tag = page.tags.get(_ORIENTATION)
    value = 1 if tag is None else int(tag.value)
    return value if 1 <= value <= 8 else 1


def _most(value: Any) -> int:
    return max(value) if isinstance(value, tuple) else int(value)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn the errors that tifffile raises on damaged files, which are of many kinds, into one line; its own log is silent."""
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    try:
        yield
    except (UnreadableInputError, KeyboardInterrupt):
        raise
    except Exception as error:
        if "imagecodecs" in str(error):
            raise NotAPictureError(f"the compression of {path} needs imagecodecs", _INSTALL) from error
        raise UnreadableInputError(
            f"{path} is a damaged or truncated TIFF ({first_line(error, 80)})", "fetch or export it again"
        ) from error
