"""One picture file to pixels: the right way up, in the right colours, or one line that says why not.

Pillow decodes, because it tells a truncated file from a whole one (OpenCV 5.0 fills the rest with grey), applies
palettes, transparency and CMYK, and names what is wrong. Where it was measured to be wrong (Pillow 13), we step in:
``convert`` clips 16-bit grey to white; 16-bit TIFFs with separate planes come out with red and blue exchanged, and float
colour TIFFs are not known to it at all: OpenCV reads those two.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from heatcam.errors import UnreadableInputError
from heatcam.geometry import Uint8Array

MAX_PIXELS = (
    178_956_970  # Pillow's own limit for a decompression bomb; some tools switch that one off, not this one
)
MAX_FILE_BYTES = 1 << 30

_EXIF_ORIENTATION = 0x0112
_TIFF_PLANAR_CONFIGURATION = 284
_TIFF_BITS_PER_SAMPLE = 258
_TIFF_PHOTOMETRIC = 262
_WHITE = 255


def sniff_picture_format(head: bytes) -> str | None:
    """Pillow's name of the format that a file's first 16 bytes announce, or None for anything but a picture we read."""
    signatures = (
        (b"\xff\xd8\xff", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"BM", "BMP"),
        (b"GIF8", "GIF"),
        (b"II*\x00", "TIFF"),
        (b"MM\x00*", "TIFF"),
        (b"II+\x00", "TIFF"),
        (b"MM\x00+", "TIFF"),
    )
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    return next((name for start, name in signatures if head.startswith(start)), None)


def read_picture(path: str | Path) -> Uint8Array:
    """The pixels of one picture file: uint8 ``(H, W, 3)``, BGR, turned as its EXIF says, transparency laid over white.

    16-bit and float samples are scaled to 8 bits by their full range (float: 1.0 is white, or the brightest sample when
    that is brighter). Of animated or paged files, the first picture. Embedded colour profiles are not applied, as
    detectors do not apply them either.

    Raises:
        UnreadableInputError: missing, empty, truncated, damaged, not a picture, or larger than ``MAX_PIXELS``.
    """
    path = Path(path)
    data = _read_bytes(path)
    kind = sniff_picture_format(data[:16])
    if kind is None:
        raise UnreadableInputError(
            f"{path} is not a picture", "give a JPEG, PNG, WebP, BMP, TIFF or GIF file"
        )
    try:
        return _decode(data, kind, path)
    except UnreadableInputError:
        raise
    except MemoryError as error:
        raise UnreadableInputError(
            f"{path} needs more memory than there is", "scale it down first"
        ) from error
    except Exception as error:  # (on damaged files Pillow raises OSError, SyntaxError, struct.error, ...)
        reason = str(error) or type(error).__name__
        raise UnreadableInputError(
            f"{path} is a damaged or truncated {kind} picture ({reason})", "fetch or export it again"
        ) from error


def _read_bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise UnreadableInputError(f"{path} is a folder, not a picture", "name a file in it")
        if not path.exists():
            raise UnreadableInputError(f"there is no file {path}", "check the path")
        if not path.is_file():
            raise UnreadableInputError(f"{path} is not a plain file", "name a picture file")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UnreadableInputError(f"{path} is larger than 1 GiB", "scale it down first")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnreadableInputError(
            f"cannot read {path} ({reason})", "check its name and permissions"
        ) from error
    if not data:
        raise UnreadableInputError(f"{path} is empty", "fetch or export it again")
    return data


def _decode(data: bytes, kind: str, path: Path) -> Uint8Array:
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # damaged metadata and big pictures: the pixels decide, not the warnings
        try:
            with Image.open(io.BytesIO(data), formats=(kind,)) as picture:
                _check_size(picture.size, path)
                if kind == "TIFF" and _has_wide_planes(picture):
                    return _upright(_decode_with_opencv(data, path, cv2.IMREAD_COLOR), _orientation(picture))
                picture.load()
                # Asked after load: for TIFF, Pillow turns the pixels by itself and takes the tag away.
                return _upright(_pillow_to_bgr(picture), _orientation(picture))
        except Image.DecompressionBombError as error:
            raise _too_large(path) from error
        except (
            UnidentifiedImageError,
            ModuleNotFoundError,
        ):  # the latter once ultralytics has patched Image.open
            if kind != "TIFF":
                raise
            return _decode_with_opencv(data, path, cv2.IMREAD_UNCHANGED)


def _check_size(size_wh: tuple[int, int], path: Path) -> None:
    if size_wh[0] * size_wh[1] > MAX_PIXELS:
        raise _too_large(path, size_wh)
    if min(size_wh) < 1:
        raise UnreadableInputError(
            f"{path} holds a picture of {size_wh[0]}x{size_wh[1]} pixels", "export it again"
        )


def _too_large(path: Path, size_wh: tuple[int, int] | None = None) -> UnreadableInputError:
    size = f" ({size_wh[0]}x{size_wh[1]})" if size_wh else ""
    limit = MAX_PIXELS // 1_000_000
    return UnreadableInputError(f"{path} has more than {limit} million pixels{size}", "scale it down first")


def _orientation(picture: Image.Image) -> int:
    """EXIF orientation 1 to 8; 1 where there is none or the EXIF block is damaged."""
    try:
        value = picture.getexif().get(_EXIF_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 (a damaged EXIF block must not cost the picture; Pillow raises many kinds)
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _upright(image: Uint8Array, orientation: int) -> Uint8Array:
    """``image`` ``(H, W, 3)`` turned and mirrored as EXIF orientation 1 to 8 asks; contiguous."""
    mirrored, turned_quarters = {
        1: (False, 0),
        2: (True, 0),
        3: (False, 2),
        4: (True, 2),
        5: (True, 1),
        6: (False, 3),
        7: (True, 3),
        8: (False, 1),
    }[orientation]
    flipped = image[:, ::-1] if mirrored else image
    return np.ascontiguousarray(np.rot90(flipped, turned_quarters))


def _has_wide_planes(picture: Image.Image) -> bool:
    tags: Any = getattr(picture, "tag_v2", {})
    wide = max(tags.get(_TIFF_BITS_PER_SAMPLE, (8,))) > 8
    return bool(wide and tags.get(_TIFF_PLANAR_CONFIGURATION) == 2)


def _white_is_zero(picture: Image.Image) -> bool:
    tags: Any = getattr(picture, "tag_v2", {})
    return bool(tags.get(_TIFF_PHOTOMETRIC, 1) == 0)


def _pillow_to_bgr(picture: Image.Image) -> Uint8Array:
    if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):
        grey = _to_8_bit(np.asarray(picture))
        return _to_bgr(_WHITE - grey if _white_is_zero(picture) else grey)
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        rgba = picture.convert("RGBA")
        return _over_white(np.asarray(rgba)[..., [2, 1, 0, 3]])
    rgb = picture if picture.mode == "RGB" else picture.convert("RGB")
    # a third of the time of [..., ::-1]: 35 instead of 100 ms for 12 megapixels
    return np.asarray(cv2.cvtColor(np.asarray(rgb), cv2.COLOR_RGB2BGR), np.uint8)


def _decode_with_opencv(data: bytes, path: Path, how: int) -> Uint8Array:
    """``how``: IMREAD_UNCHANGED mixes up separate planes, IMREAD_COLOR refuses float samples; neither does both."""
    samples: Any = cv2.imdecode(np.frombuffer(data, np.uint8), how | cv2.IMREAD_IGNORE_ORIENTATION)
    if samples is None:
        raise UnreadableInputError(f"{path} is a damaged TIFF or of a kind we cannot read", "save it as PNG")
    _check_size((samples.shape[1], samples.shape[0]), path)
    return _to_bgr(_to_8_bit(samples))


def _to_8_bit(samples: npt.NDArray[Any]) -> Uint8Array:
    """Samples of any type, full range to 0..255; 32-bit integers are how Pillow hands over 16-bit greys."""
    if samples.dtype == np.uint8:
        return samples
    if samples.dtype.kind == "f":
        finite = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        scale = _WHITE / max(1.0, float(finite.max(initial=0.0)))
        return np.asarray(np.rint(np.clip(finite, 0, None) * scale), np.uint8)
    return np.asarray(np.rint(np.clip(samples, 0, 65535) / 257.0), np.uint8)


def _to_bgr(image: Uint8Array) -> Uint8Array:
    """Grey ``(H, W)``, BGR or BGRA ``(H, W, C)`` to BGR ``(H, W, 3)``."""
    if image.ndim == 2 or image.shape[2] == 1:
        return np.repeat(image.reshape(*image.shape[:2], 1), 3, axis=2)
    if image.shape[2] == 4:
        return _over_white(image)
    return np.ascontiguousarray(image[..., :3])


def _over_white(image_bgra: Uint8Array) -> Uint8Array:
    """``(H, W, 4)`` laid over white, so that colours hidden behind transparency never show; ``(H, W, 3)``, a new array."""
    alpha = image_bgra[..., 3:].astype(np.float32) / _WHITE
    return np.rint(image_bgra[..., :3] * alpha + _WHITE * (1 - alpha)).astype(np.uint8)
