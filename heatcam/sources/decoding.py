"""Decoding of one picture, a file or its bytes, to pixels, upright and in the right colours, or an error of one line.

Pillow decodes, because it tells a truncated file from a complete one (OpenCV 5.0 fills the rest with grey), applies
palettes, transparency and CMYK, and names the problem. Where it was measured to be wrong (Pillow 13), we step in:
``convert`` clips 16-bit grey to white; 16-bit TIFFs with separate planes come out with red and blue exchanged, and it cannot
read float colour TIFFs at all: OpenCV reads those two.

A small file can expand to gigabytes, so the memory that reading needs is estimated from the header before it is allocated.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from heatcam.errors import UnreadableInputError, reason_of
from heatcam.geometry import Uint8Array
from heatcam.sources.picture_formats import (
    ARRAY,
    HEAD_BYTES,
    is_camera_raw,
    prepare_reader,
    sniff_picture_format,
    tiff_tags,
)
from heatcam.sources.picture_memory import MAX_BYTES, opencv_bytes, pillow_bytes
from heatcam.sources.pixels import bgr_of_pillow, bgr_of_samples

MAX_PIXELS = (
    178_956_970  # Pillow's own limit against decompression bombs; some tools turn off Pillow's, not this
)
MAX_FILE_BYTES = 1 << 30
_MAX_SLOW_PIXELS = 16_000_000  # for formats that Pillow decodes in Python, at up to 2 microseconds per pixel

_EXIF_ORIENTATION = 0x0112
_TIFF_BITS_PER_SAMPLE = 258
_TIFF_PHOTOMETRIC = 262
_TIFF_PLANAR_CONFIGURATION = 284

T = TypeVar("T")


class NotAPictureError(UnreadableInputError):
    """Bytes that are no picture, or one of a format that cannot be read here."""


_TURNED = (5, 6, 7, 8)  # EXIF orientations by a quarter


@dataclass(frozen=True)
class _Named:
    """A picture's name in messages, as ``str()``, and its limit.

    Attributes:
        name: the name.
        most_pixels: width times height that it may have.
    """

    name: str
    most_pixels: int = MAX_PIXELS

    def __str__(self) -> str:
        return self.name


def read_picture(path: str | Path) -> Uint8Array:
    """Read one picture file: uint8 ``(H, W, 3)``, BGR, rotated as its EXIF says, transparency blended over white.

    16-bit and float samples are scaled to 8 bits by their full range (float: 1.0 is white, or the brightest sample if that is
    brighter). Animated or multi-page files give their first picture. Embedded colour profiles are not applied, as detectors do
    not apply them either.

    Raises:
        UnreadableInputError: the file is missing, empty, truncated, damaged, not a picture, larger than ``MAX_PIXELS``, or would
            take more than ``MAX_BYTES`` of memory to read or to show.
    """
    return _with_picture(Path(path), _decode, _decode_with_opencv)


def decode_picture(data: bytes, name: str, most_pixels: int = MAX_PIXELS) -> Uint8Array:
    """Decode a picture file's bytes as ``read_picture`` does.

    Args:
        data: the whole file.
        name: of the picture, in messages.
        most_pixels: width times height that it may have; checked before anything is decoded.

    Raises:
        NotAPictureError: the bytes are no picture, or one of a format that cannot be read here.
        UnreadableInputError: see ``read_picture``.
    """
    named = _Named(name, min(most_pixels, MAX_PIXELS))
    if not data:
        raise NotAPictureError(f"{name} is empty", "fetch or export it again")
    return _with_open(io.BytesIO(data), named, _decode, _decode_with_opencv)


def pillow_to_bgr(picture: Image.Image) -> Uint8Array:
    """Convert a picture that Pillow has opened or made, as ``read_picture`` does it for a file: uint8 ``(H, W, 3)``, BGR.

    Raises:
        UnreadableInputError: its file is truncated or damaged, or its mode cannot be shown.
    """
    try:
        picture.load()  # then the orientation: see ``_decode``
        return bgr_of_pillow(picture, orientation_of(picture), white_is_zero=white_is_zero_in(picture))
    except (OSError, SyntaxError, ValueError) as error:
        raise UnreadableInputError(
            f"the picture of Pillow cannot be read ({reason_of(error)})", "open or export it again"
        ) from error


def check_picture(path: str | Path) -> None:
    """Check a picture file by its header, in a thousandth of the time of ``read_picture``: nothing is decoded.

    Raises:
        UnreadableInputError: as ``read_picture``, except for damage after the header.
    """
    _with_picture(Path(path), lambda *_: None, lambda *_: None)


def picture_size(path: str | Path) -> tuple[int, int]:
    """Return width and height that ``read_picture`` will give a file, in pixels, from its header: in a thousandth of the time.

    Raises:
        UnreadableInputError: as ``check_picture``.
    """
    return _with_picture(Path(path), _size_shown, _size_decoded)


def _size_shown(picture: Image.Image, _file: IO[bytes], _named: _Named) -> tuple[int, int]:
    wide, tall = picture.size
    return (tall, wide) if orientation_of(picture) in _TURNED else (wide, tall)


def _size_decoded(file: IO[bytes], named: _Named, how: int, orientation: int) -> tuple[int, int]:
    shape = _decode_with_opencv(file, named, how, orientation).shape
    return shape[1], shape[0]


def _with_picture(
    path: Path,
    use: Callable[[Image.Image, IO[bytes], _Named], T],
    otherwise: Callable[[IO[bytes], _Named, int, int], T],
) -> T:
    """Open a picture and return the result of ``use``, or of ``otherwise`` for a TIFF that Pillow cannot read."""
    with _open(path) as file:
        return _with_open(file, _Named(str(path)), use, otherwise)


def _with_open(
    file: IO[bytes],
    named: _Named,
    use: Callable[[Image.Image, IO[bytes], _Named], T],
    otherwise: Callable[[IO[bytes], _Named, int, int], T],
) -> T:
    """Do the same with an open file."""
    kind = _kind(file, named)
    try:
        with warnings.catch_warnings():
            # damaged metadata and big pictures: the pixels decide, not the warnings
            warnings.simplefilter("ignore")
            return _use_pillow(file, kind, named, use, otherwise)
    except (UnreadableInputError, KeyboardInterrupt):
        raise
    except MemoryError as error:
        raise UnreadableInputError(
            f"{named} needs more memory than there is", "scale it down first"
        ) from error
    except Image.DecompressionBombError as error:
        raise _too_large(named) from error
    except Exception as error:  # (on damaged files Pillow raises OSError, SyntaxError, struct.error, ...)
        is_named = isinstance(error, UnidentifiedImageError)  # (by the object that was read)
        reason = "its header" if is_named else str(error) or type(error).__name__
        raise UnreadableInputError(
            f"{named} is a damaged or truncated {kind} picture ({reason})", "fetch or export it again"
        ) from error


def _use_pillow(
    file: IO[bytes],
    kind: str,
    named: _Named,
    use: Callable[[Image.Image, IO[bytes], _Named], T],
    otherwise: Callable[[IO[bytes], _Named, int, int], T],
) -> T:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    try:
        picture = Image.open(file, formats=(kind,))
    except (UnidentifiedImageError, ModuleNotFoundError):
        # the latter after ultralytics has patched Image.open
        if kind != "TIFF":
            raise
        _check_memory(opencv_bytes(tiff_tags(file), size), named)
        return otherwise(file, named, cv2.IMREAD_UNCHANGED, 1)
    _check_size(picture.size, named)
    _check_memory(pillow_bytes(picture, kind, size), named)
    if _has_wide_planes(picture):
        _check_memory(opencv_bytes(tiff_tags(file), size), named)
    _check_time(picture, named)
    return use(picture, file, named)


@contextmanager
def _open(path: Path) -> Iterator[IO[bytes]]:
    """Open the file for reading.

    Raises:
        UnreadableInputError: the path is missing, a folder, not a regular file, too large, not readable, or empty.
    """
    try:
        if path.is_dir():
            raise UnreadableInputError(f"{path} is a folder, not a picture", "name a file in it")
        if not path.exists():
            raise UnreadableInputError(f"there is no file {path}", "check the path")
        if not path.is_file():
            raise UnreadableInputError(f"{path} is not a plain file", "name a picture file")
        size = path.stat().st_size
        file = path.open("rb")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnreadableInputError(
            f"cannot read {path} ({reason})", "check its name and permissions"
        ) from error
    with file:
        if size > MAX_FILE_BYTES:
            raise UnreadableInputError(f"{path} is larger than 1 GiB", "scale it down first")
        if not size:
            raise UnreadableInputError(f"{path} is empty", "fetch or export it again")
        yield file


def _kind(file: IO[bytes], named: _Named) -> str:
    """Return Pillow's name of the file's format, after checking that it can be read.

    Raises:
        NotAPictureError: it is no picture, a camera's raw file, or of a format that cannot be read here.
    """
    try:
        head = file.read(HEAD_BYTES)
    except OSError as error:
        raise UnreadableInputError(f"cannot read {named} ({error.strerror})", "check the disk") from error
    kind = sniff_picture_format(head)
    if head.startswith(ARRAY):
        raise NotAPictureError(
            f"{named} is an array of samples, which is not read here",
            "heatcam snapshot, record and live read it; or save it as PNG",
        )
    if kind is None:
        raise NotAPictureError(
            f"{named} is not a picture",
            "give a JPEG, PNG, WebP, AVIF, HEIC, JPEG 2000, BMP, TIFF or GIF file",
        )
    if kind == "TIFF" and is_camera_raw(file):
        raise NotAPictureError(f"{named} is a camera's raw file", "export it as JPEG or TIFF")
    if missing := prepare_reader(kind):
        raise NotAPictureError(f"{named} is a {kind} picture, which cannot be read here", missing)
    return kind


def _decode(picture: Image.Image, file: IO[bytes], named: _Named) -> Uint8Array:
    if _has_wide_planes(picture):
        return _decode_with_opencv(file, named, cv2.IMREAD_COLOR, orientation_of(picture))
    picture.load()
    _check_size(picture.size, named)  # in a container, the picture inside may be larger than stated
    # Read after load: for TIFF, Pillow rotates the pixels itself and removes the tag.
    return bgr_of_pillow(picture, orientation_of(picture), white_is_zero=white_is_zero_in(picture))


def _decode_with_opencv(file: IO[bytes], named: _Named, how: int, orientation: int) -> Uint8Array:
    """Decode a TIFF by OpenCV's flag ``how``: IMREAD_UNCHANGED mixes up separate planes, IMREAD_COLOR refuses float samples."""
    file.seek(0)
    data = np.frombuffer(file.read(), np.uint8)
    samples: Any = cv2.imdecode(data, how | cv2.IMREAD_IGNORE_ORIENTATION)
    if samples is None:
        raise UnreadableInputError(f"{named} is a damaged TIFF or of a kind we cannot read", "save it as PNG")
    _check_size((samples.shape[1], samples.shape[0]), named)
    return bgr_of_samples(samples, orientation)


def _check_size(size_wh: tuple[int, int], named: _Named) -> None:
    if size_wh[0] * size_wh[1] > named.most_pixels:
        raise _too_large(named, size_wh)
    if min(size_wh) < 1:
        raise UnreadableInputError(
            f"{named} holds a picture of {size_wh[0]}x{size_wh[1]} pixels", "export it again"
        )


def _check_memory(needed: int, named: _Named) -> None:
    if needed > MAX_BYTES:
        raise UnreadableInputError(
            f"{named} would take {needed / 1e9:.1f} GB of memory, and {MAX_BYTES / 1e9:.1f} is the most for one picture",
            "scale it down first",
        )


def _check_time(picture: Image.Image, named: _Named) -> None:
    slow = any(tile[0] in Image.DECODERS for tile in picture.tile) if hasattr(picture, "tile") else False
    if slow and picture.size[0] * picture.size[1] > _MAX_SLOW_PIXELS:
        raise UnreadableInputError(
            f"{named} is a {picture.format} picture of {picture.size[0]}x{picture.size[1]}, which takes minutes to read",
            "save it as PNG",
        )


def _too_large(named: _Named, size_wh: tuple[int, int] | None = None) -> UnreadableInputError:
    size = f" ({size_wh[0]}x{size_wh[1]})" if size_wh else ""
    most = named.most_pixels
    limit = f"{most // 1_000_000} million" if most >= 1_000_000 else str(most)
    return UnreadableInputError(f"{named} has more than {limit} pixels{size}", "scale it down first")


def orientation_of(picture: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1 if there is none or the EXIF block is damaged."""
    try:
        value = picture.getexif().get(_EXIF_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 (a damaged EXIF block must not cost the picture; Pillow raises many kinds)
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _has_wide_planes(picture: Image.Image) -> bool:
    tags: Any = getattr(picture, "tag_v2", {})
    wide = max(tags.get(_TIFF_BITS_PER_SAMPLE, (8,))) > 8
    return bool(wide and tags.get(_TIFF_PLANAR_CONFIGURATION) == 2)


def white_is_zero_in(picture: Image.Image) -> bool:
    """Return True if 0 is white in a TIFF's greys (WhiteIsZero)."""
    tags: Any = getattr(picture, "tag_v2", {})
    return bool(tags.get(_TIFF_PHOTOMETRIC, 1) == 0)
