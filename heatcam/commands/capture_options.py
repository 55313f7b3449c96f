"""Choices about a source: size, rate and start, and how picture files are read and shown."""

from __future__ import annotations

from dataclasses import dataclass, replace

from heatcam.sources import (
    CaptureOptions,
    PictureOptions,
    parse_size,
    parse_time,
    parse_view_channels,
    parse_window,
)


@dataclass(frozen=True)
class CaptureChoice:
    """Size and rate to ask a source for.

    Attributes:
        size: ``WIDTHxHEIGHT`` in pixels; "" takes the source's own.
        fps: frames a second; None takes the source's own. For a source that cannot be asked, such as a file, it is the rate of
            the recording.
        view_channels: of picture files, numbers of the channels that are shown, with commas; "" takes the first.
        window: the values that are shown black and white, ``LO,HI``; "" takes all of 8 bits, of more percentiles.
        full_scale: the sample that is 1.0 for the network; None takes the type's largest, of floats 1.0.
    """

    size: str = ""
    fps: float | None = None
    view_channels: str = ""
    window: str = ""
    full_scale: float | None = None

    def options(self) -> CaptureOptions:
        """Return the options as sources take them.

        Raises:
            UsageError: the size is not ``WIDTHxHEIGHT``, or there are no such channels or window.
        """
        pictures = PictureOptions(
            parse_view_channels(self.view_channels), parse_window(self.window), self.full_scale
        )
        return CaptureOptions(parse_size(self.size), self.fps, pictures=pictures)


@dataclass(frozen=True)
class FilmChoice(CaptureChoice):
    """Size, rate and start to ask a source for that may be a file.

    Attributes:
        start: where a file begins to play, as ffmpeg writes times; "" is its beginning.
    """

    start: str = ""

    def options(self) -> CaptureOptions:
        """Return the options as sources take them.

        Raises:
            UsageError: the size or the time is invalid.
        """
        return replace(super().options(), start_s=parse_time(self.start))


@dataclass(frozen=True)
class RecordedFilm(FilmChoice):
    """The same for a recording, whose rate ``fps`` sets where the source cannot be asked for it."""
