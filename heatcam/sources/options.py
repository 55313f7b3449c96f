"""Options of a source. Light to import, because the command line does so."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from heatcam.errors import HeatcamError, UsageError


@dataclass(frozen=True)
class PictureOptions:
    """Reading of picture files that may hold other samples than three channels of 8 bit.

    Attributes:
        view_channels: numbers of the channels that are shown, from 1: three as red, green and blue, or one as grey; empty takes
            the first three or the only one. With it, equal pages of a TIFF are channels, whatever the model.
        window: values that are shown black and white; None takes all of 8 bits, of more the 1st and 99th percentile.
        full_scale: value that is 1.0 for the network; None takes 255, 65535, or 1.0 of floats.
        channels: number of channels that the network reads; None where that is not known yet.
    """

    view_channels: tuple[int, ...] = ()
    window: tuple[float, float] | None = None
    full_scale: float | None = None
    channels: int | None = None

    @property
    def pages_are_channels(self) -> bool:
        """True if the pages of a TIFF are channels; with a colour or grey model they are pictures, as in ultralytics."""
        return bool(self.view_channels) or self.channels not in (None, 1, 3)


@dataclass(frozen=True)
class CaptureOptions:
    """Settings to request from a source.

    Attributes:
        size_wh: width and height in pixels, of a camera or of raw frames; None for the default.
        fps: frames per second, of a camera, a screen, numbered pictures or standard input; None for the default.
        start_s: start position in a file, in seconds from its first frame.
        on_unreadable: called with the error of one of many pictures that cannot be read, which is then left out; None raises it.
        pictures: reading of picture files.
    """

    size_wh: tuple[int, int] | None = None
    fps: float | None = None
    start_s: float = 0.0
    on_unreadable: Callable[[HeatcamError], None] | None = None
    pictures: PictureOptions = field(default_factory=PictureOptions)


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


def parse_view_channels(text: str, option: str = "--view-channels") -> tuple[int, ...]:
    """Parse ``4,3,2`` or ``1`` to channel numbers from 1; () from "".

    Raises:
        UsageError: they are neither one nor three, or not such numbers.
    """
    if not text:
        return ()
    parts = [part.strip() for part in text.split(",")]
    numbers = tuple(int(part) for part in parts if re.fullmatch(r"\d{1,3}", part, re.ASCII))
    if len(numbers) != len(parts) or len(numbers) not in (1, 3) or min(numbers) < 1:
        raise UsageError(
            f"{option} {text} names no channels", f"write three for red, green, blue, or one: {option} 4,3,2"
        )
    return numbers


def parse_window(text: str, option: str = "--window") -> tuple[float, float] | None:
    """Parse ``LO,HI``, the values that are shown black and white; None from "".

    Raises:
        UsageError: they are not two numbers, the smaller one first.
    """
    if not text:
        return None
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low = high = math.nan
    if not (low < high and math.isfinite(low) and math.isfinite(high)):
        raise UsageError(f"{option} {text} is no window", f"write black and white: {option} 200,4000")
    return low, high
