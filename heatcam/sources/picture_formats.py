"""Picture formats, detected by a file's first bytes, never by its name.

The formats are those that Pillow reads by itself, HEIC by ``pi-heif``. Left out are EPS (Pillow would start Ghostscript),
formats that Pillow only identifies (WMF, GRIB, HDF5, MPEG), and those without a signature.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

from PIL import TiffImagePlugin, features

HEAD_BYTES = 64
PICTURE_SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".avif", ".heic", ".heif", ".jp2"),
    *(".bmp", ".tif", ".tiff", ".gif", ".ico", ".psd", ".ppm", ".pgm", ".qoi"),
)

_SIGNATURES = {
    name: re.compile(pattern, re.DOTALL)
    for name, pattern in {
        "JPEG": rb"\xff\xd8\xff",
        "PNG": rb"\x89PNG\r\n\x1a\n",
        "BMP": rb"BM.{12}[\x0c\x10(48@l|]\0\0\0",  # with the size of the second header, so that a text "BM..." does not match
        "GIF": rb"GIF8[79]a",
        "TIFF": rb"II[*+]\0|MM\0[*+]",
        "WEBP": rb"RIFF....WEBP",
        "JPEG2000": rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51",
        "ICO": rb"\0\0\x01\0[^\0]\0...\0[\0\x01]\0[\0\x01\x04\x08\x10\x18 ]\0",
        "ICNS": rb"icns",
        "PSD": rb"8BPS\0\x01",
        "QOI": rb"qoif",
        "DDS": rb"DDS \x7c\0\0\0",
        "PCX": rb"\n[\0\x02\x03\x05][\0\x01][\x01\x02\x04\x08]",
        "PPM": rb"P[1-6f]\s+(#|\d+\s)",
        "SGI": rb"\x01\xda[\0\x01][\x01\x02]\0[\x01-\x03]",
        "SUN": rb"\x59\xa6\x6a\x95",
        "FITS": rb"SIMPLE  = ",
        "XPM": rb"/\* XPM \*/",
    }.items()
}
ARRAY = b"\x93NUMPY"  # a .npy file: samples, which Pillow does not read
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"mif2"}
_AVIF_BRANDS = {b"avif", b"avis"}

_OPTIONAL_PARTS = {
    "AVIF": "avif",
    "WEBP": "webp",
    "JPEG2000": "jpg_2000",
}  # Pillow's features that some builds lack

_SUBFILE_TYPE, _PHOTOMETRIC, _SUB_DIRECTORIES, _DNG_VERSION = 254, 262, 330, 50706
_SENSOR_PIXELS = (32803, 34892)  # colour filter array and linear raw: not colours yet


def sniff_picture_format(head: bytes) -> str | None:
    """Return Pillow's name of the format by a file's first ``HEAD_BYTES`` bytes, or None for no picture."""
    if head[4:8] == b"ftyp":
        return _sniff_box_format(head)
    return next((name for name, signature in _SIGNATURES.items() if signature.match(head)), None)


def _sniff_box_format(head: bytes) -> str | None:
    """Return AVIF or HEIF by the brands in the first box; None for others, such as videos."""
    length = int.from_bytes(head[:4], "big")
    brands = {head[start : start + 4] for start in (8, *range(16, min(length, len(head)), 4))}
    if brands & _AVIF_BRANDS:
        return "AVIF"
    return "HEIF" if brands & _HEIF_BRANDS else None


def is_picture_file(path: Path) -> bool:
    """Return True if a regular file can be read as a picture, judged by its beginning; damage shows later.

    A file that cannot be opened, is empty or has other content counts if its name is a picture's, so that reading it reports it.
    """
    named = path.suffix.lower() in PICTURE_SUFFIXES
    try:
        with path.open("rb") as file:
            kind = sniff_picture_format(file.read(HEAD_BYTES))
            return (kind is not None or named) and not (kind == "TIFF" and is_camera_raw(file))
    except OSError:
        return named


def is_lone_array(path: Path) -> bool:
    """Return True for a ``.npy`` file that is no copy of a picture beside it, as ultralytics' ``cache=disk`` writes them."""
    try:
        with path.open("rb") as file:
            is_array = file.read(len(ARRAY)) == ARRAY
    except OSError:
        return False
    return is_array and not any(path.with_suffix(suffix).is_file() for suffix in PICTURE_SUFFIXES)


def is_camera_raw(file: Any) -> bool:
    """Return True if a TIFF file is a camera's raw file (DNG, NEF, CR2, ARW), of which Pillow reads only the thumbnail."""
    tags = tiff_tags(file)
    preview = tags.get(_SUBFILE_TYPE, 0) & 1 and _SUB_DIRECTORIES in tags
    file.seek(8)
    return bool(
        preview
        or _DNG_VERSION in tags
        or tags.get(_PHOTOMETRIC) in _SENSOR_PIXELS
        or file.read(2) == b"CR"  # Canon's
    )


def tiff_tags(file: Any) -> dict[int, Any]:
    """Read the first directory of an open TIFF file: numbers, or tuples of them; empty if it is damaged."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about other tags
            file.seek(0)
            header = file.read(8)
            if header[2:4] in (b"+\0", b"\0+"):
                header += file.read(8)
            directory = TiffImagePlugin.ImageFileDirectory_v2(header)
            file.seek(directory.next)
            directory.load(file)
            return {tag: directory[tag] for tag in directory if tag in _READ_TAGS}
    except Exception:  # noqa: BLE001 (Pillow raises struct.error, SyntaxError, KeyError, ... on damaged ones)
        return {}


#: Width, height, bits, photometric, samples, rows per strip, tile width and height, and the tags that mark raw files.
_READ_TAGS = {
    256, 257, 258, _PHOTOMETRIC, 277, 278, 284, 322, 323, 339, _SUBFILE_TYPE, _SUB_DIRECTORIES, _DNG_VERSION,
}  # fmt: skip


def prepare_reader(kind: str) -> str:
    """Make Pillow able to read ``kind``; return "" for success, else advice for the user."""
    if kind == "HEIF":
        try:
            from pi_heif import register_heif_opener  # noqa: PLC0415 (60 ms, for few pictures)
        except ImportError:
            return "pip install pi-heif, or export it as JPEG"
        register_heif_opener()
    elif kind in _OPTIONAL_PARTS and not features.check(_OPTIONAL_PARTS[kind]):
        return "pip install --upgrade pillow, or export it as JPEG"
    return ""
