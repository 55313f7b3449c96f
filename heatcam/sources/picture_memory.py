"""Memory needed to read and show a picture, estimated from its header.

The factors were measured as the peak of a process that reads one picture of 16 megapixels; the tests measure them again.
"""

from __future__ import annotations

from typing import Any

from PIL import Image

#: Limit for one picture: a JPEG of 119 megapixels fits, a decompression bomb does not.
MAX_BYTES = 1 << 30

_RESULT = 3  # bytes per pixel: uint8 BGR
_SHOWN = 9  # the same, painted and encoded
_CHANNELS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}
_DECODED = {"1": 1, "L": 1, "P": 1}  # bytes per pixel in Pillow; two for 16 bit, else four
_WHOLE_FILE = ("WEBP", "AVIF", "HEIF", "JPEG2000")  # formats whose readers load the whole file first


def pillow_bytes(picture: Image.Image, kind: str, file_bytes: int) -> int:
    """Return the bytes needed to decode an opened picture with Pillow, and to convert and show it."""
    pixels = picture.size[0] * picture.size[1]
    decoded = 2 if picture.mode.startswith("I;16") else _DECODED.get(picture.mode, 4)
    reading = pixels * (decoded + _RESULT + _working(picture, kind))
    reading += file_bytes if kind in _WHOLE_FILE else 0
    tags = getattr(picture, "tag_v2", None)
    return max(pixels * _SHOWN, reading + (0 if tags is None else _strip_bytes(tags)))


def opencv_bytes(tags: dict[int, Any], file_bytes: int) -> int:
    """Return the bytes needed to decode a TIFF of these tags with OpenCV (the samples twice), and to convert and show it."""
    pixels = _number(tags, 256, 1) * _number(tags, 257, 1)
    reading = file_bytes + pixels * (2 * _pixel_bytes(tags) + _RESULT) + _strip_bytes(tags)
    return max(pixels * _SHOWN, reading)


def _working(picture: Image.Image, kind: str) -> int:
    """Return the bytes per pixel that the decoder takes beside the decoded picture."""
    channels = _CHANNELS.get(picture.mode, 4)
    if kind == "JPEG":  # a progressive one is buffered as coefficients of two bytes
        return 2 * channels if picture.info.get("progressive") else 0
    return {"WEBP": 10, "AVIF": 8, "HEIF": 8, "JPEG2000": 5 * channels}.get(kind, 0)


def _strip_bytes(tags: Any) -> int:
    """Return the size of the buffer for one strip or tile of a TIFF, which may exceed the picture."""
    width, height = _number(tags, 256, 1), _number(tags, 257, 1)
    across, down = _number(tags, 322, width), _number(tags, 323, min(height, _number(tags, 278, height)))
    return across * down * _pixel_bytes(tags)


def _pixel_bytes(tags: Any) -> int:
    bits = tags.get(258, 1)
    each = max(bits) if isinstance(bits, tuple) else bits
    return int(-(-_number(tags, 277, 1) * each // 8))


def _number(tags: Any, tag: int, default: int) -> int:
    value = tags.get(tag, default)
    return int(value[0] if isinstance(value, tuple) else value)
