"""V4L2 device queries by four ioctls of ``linux/videodev2.h``: tell cameras from other devices, and list sizes and rates.

Queries do not disturb a camera that another program uses. Structures are in the machine's byte order and have no padding.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Ioctl = Callable[[int, bytearray], None]

_QUERYCAP, _QUERYCAP_SIZE = 0x80685600, 104
_ENUM_FMT, _ENUM_FMT_SIZE = 0xC0405602, 64
_ENUM_FRAMESIZES, _ENUM_FRAMESIZES_SIZE = 0xC02C564A, 44
_ENUM_FRAMEINTERVALS, _ENUM_FRAMEINTERVALS_SIZE = 0xC034564B, 52

_VIDEO_CAPTURE, _VIDEO_CAPTURE_MPLANE, _HAS_DEVICE_CAPS = 0x1, 0x1000, 0x80000000
_BUFFER_CAPTURE = 1
_DISCRETE = 1
_MOST_ENTRIES = 256  # a driver that never says "no more" must not hang us


@dataclass(frozen=True)
class Mode:
    """Capture mode of a camera.

    Attributes:
        kind: pixel format: ``MJPG``, ``YUYV``.
        size_wh: width and height in pixels.
        fps: the rates for that, in frames per second, fastest first; empty if unknown.
    """

    kind: str
    size_wh: tuple[int, int]
    fps: tuple[float, ...]


def is_camera(ioctl: Ioctl) -> bool:
    """Return True if the device gives pictures; a webcam's second device only gives metadata.

    Raises:
        OSError: it is no V4L2 device.
    """
    answer = bytearray(_QUERYCAP_SIZE)
    ioctl(_QUERYCAP, answer)
    of_all, of_this = struct.unpack_from("=II", answer, 84)
    capabilities = of_this if of_all & _HAS_DEVICE_CAPS else of_all
    return bool(capabilities & (_VIDEO_CAPTURE | _VIDEO_CAPTURE_MPLANE))


def modes(ioctl: Ioctl) -> tuple[Mode, ...]:
    """Return the device's modes; for a continuous range its largest size and its fastest rate."""
    return tuple(
        Mode(_letters(pixel_format), size_wh, _rates(ioctl, pixel_format, size_wh))
        for pixel_format in _formats(ioctl)
        for size_wh in _sizes(ioctl, pixel_format)
    )


def _formats(ioctl: Ioctl) -> Iterator[int]:
    for request in _entries(ioctl, _ENUM_FMT, struct.pack("=II56x", 0, _BUFFER_CAPTURE)):
        yield struct.unpack_from("=I", request, 44)[0]


def _sizes(ioctl: Ioctl, pixel_format: int) -> Iterator[tuple[int, int]]:
    for answer in _entries(ioctl, _ENUM_FRAMESIZES, struct.pack("=II36x", 0, pixel_format)):
        kind, *numbers = struct.unpack_from("=6I", answer, 8)
        if (
            kind != _DISCRETE
        ):  # smallest, largest and step of the width, then smallest and largest of the height
            yield numbers[1], numbers[4]
            return
        yield numbers[0], numbers[1]


def _rates(ioctl: Ioctl, pixel_format: int, size_wh: tuple[int, int]) -> tuple[float, ...]:
    found: set[float] = set()
    request = struct.pack("=IIII36x", 0, pixel_format, *size_wh)
    for answer in _entries(ioctl, _ENUM_FRAMEINTERVALS, request):
        kind, numerator, denominator = struct.unpack_from("=III", answer, 16)  # of the shortest interval
        if numerator:
            found.add(round(denominator / numerator, 2))
        if kind != _DISCRETE:
            break
    return tuple(sorted(found, reverse=True))


def _entries(ioctl: Ioctl, number: int, request: bytes) -> Iterator[bytearray]:
    """Yield the entries of a list, queried one by one until the device has no more."""
    for index in range(_MOST_ENTRIES):
        answer = bytearray(struct.pack("=I", index) + request[4:])
        try:
            ioctl(number, answer)
        except OSError:
            return
        yield answer


def _letters(pixel_format: int) -> str:
    return (pixel_format & 0x7FFFFFFF).to_bytes(4, "little").decode("ascii", "replace").strip("\0 ")
