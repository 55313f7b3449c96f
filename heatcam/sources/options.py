"""Options of a source. Light to import, because the command line does so."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from heatcam.errors import HeatcamError, UsageError


@dataclass(frozen=True)
class CaptureOptions:
    """Settings to request from a source.

    Attributes:
        size_wh: width and height in pixels, of a camera or of raw frames; None for the default.
        fps: frames per second, of a camera, a screen, numbered pictures or standard input; None for the default.
        start_s: start position in a file, in seconds from its first frame.
        on_unreadable: called with the error of one of many pictures that cannot be read, which is then left out; None raises it.
    """

    size_wh: tuple[int, int] | None = None
    fps: float | None = None
    start_s: float = 0.0
    on_unreadable: Callable[[HeatcamError], None] | None = None


def parse_size(text: str, option: str = "--size") -> tuple[int, int] | None:
    """Parse width and height from ``1280x720``; None from "". ``option`` is the option's name, for errors.

    Raises:
        UsageError: the text has another form, or a side is 0.
    """
    if not text:
        return None
    match = re.fullmatch(r"(\d{1,5})[x×X](\d{1,5})", text.strip(), re.ASCII)
    size_wh = (int(match.group(1)), int(match.group(2))) if match else (0, 0)
    if min(size_wh) < 1:
        raise UsageError(f"{option} {text} is not a valid size", f"write it like {option} 1280x720")
    return size_wh


_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):([0-5]?\d(?:\.\d*)?)", re.ASCII)
_SECONDS = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(s|ms|us)?", re.ASCII)
_UNITS_S = {None: 1.0, "s": 1.0, "ms": 1e-3, "us": 1e-6}


def parse_time(text: str, option: str = "--start") -> float:
    """Parse a time in ffmpeg's syntax to seconds: ``80``, ``1:20``, ``0:01:20.5``, ``200ms``; 0 for "".

    Raises:
        UsageError: the text has another form.
    """
    text = text.strip()
    if not text:
        return 0.0
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds = clock.groups()
        if hours is None or int(minutes) < 60:
            return int(hours or 0) * 3600.0 + int(minutes) * 60.0 + float(seconds)
    if plain := _SECONDS.fullmatch(text):
        return float(plain.group(1)) * _UNITS_S[plain.group(2)]
    raise UsageError(f"{option} {text} is not a valid time", f"write it like {option} 80, 1:20 or 0:01:20.5")
