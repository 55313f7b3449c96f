"""Numbered pictures as a video: ``frames/%05d.png``, with ffmpeg's pattern."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from heatcam.errors import UnreadableInputError
from heatcam.frames import Frame
from heatcam.sources.base import Source, SourceBase, missing_in_words
from heatcam.sources.images import ImageSource
from heatcam.sources.options import PictureOptions
from heatcam.text import printable

_NUMBER = re.compile(r"%(0?)(\d*)d")


def is_pattern(spec: str) -> bool:
    """Return True if the file name in ``spec`` has one placeholder for a number, and no file has exactly that name."""
    return len(_NUMBER.findall(Path(spec).name)) == 1 and not Path(spec).exists()


def numbered_paths(spec: str) -> tuple[Path, ...]:
    """Return the files that match ``spec``, in the order of their numbers; numbers may be missing.

    ``%05d`` matches numbers of at least five digits, ``%d`` numbers of any length, ``%%`` is a percent sign.

    Raises:
        UnreadableInputError: no file matches.
    """
    found = _numbered(spec)
    if not found:
        raise UnreadableInputError(f"no pictures are called {spec}", "check the folder and the pattern")
    return found


def has_numbered(spec: str) -> bool:
    """Return True if there are files that match the pattern ``spec``."""
    return bool(_numbered(spec))


def _numbered(spec: str) -> tuple[Path, ...]:
    path = Path(spec)
    before, after = _NUMBER.split(path.name)[0], _NUMBER.split(path.name)[-1]
    zeros, width = _NUMBER.findall(path.name)[0]
    digits = rf"\d{{{width or 1},}}" if zeros else r"\d+"
    name = re.compile(f"{_literal(before)}({digits}){_literal(after)}", re.ASCII)
    found = {}
    for file in path.parent.iterdir() if path.parent.is_dir() else ():
        if match := name.fullmatch(file.name):
            found[int(match.group(1)), file.name] = file
    return tuple(found[key] for key in sorted(found))


class SequenceSource(SourceBase):
    """Numbered pictures at ``fps`` per second; unlike other sets of pictures it plays as a video.

    Args:
        pattern: see ``numbered_paths``.
        fps: pictures per second; None is 25.
        asked: how the pictures are read.

    Attributes:
        frames_read: number of pictures decoded; those that cannot be decoded are left out.

    Raises:
        UnreadableInputError: at construction, if no file matches; while iterating, if none can be decoded.
    """

    can_seek = True
    dropped = 0

    def __init__(self, pattern: str, fps: float | None = None, asked: PictureOptions | None = None) -> None:
        self.name = printable(Path(pattern).name)
        self._damaged: list[UnreadableInputError] = []
        self._pictures = ImageSource(
            numbered_paths(pattern), fps=fps or 25.0, on_unreadable=self._damaged.append, asked=asked
        )
        self.fps = self._pictures.fps
        self.frame_count: int | None = self._pictures.frame_count

    @property
    def frames_read(self) -> int:
        """Number of pictures decoded."""
        return self._pictures.frames_read

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the picture read last; ``(0, 0)`` before the first."""
        return self._pictures.size_wh

    @property
    def missing(self) -> int:
        """Number of pictures that could not be decoded."""
        return len(self._damaged)

    @property
    def duration_s(self) -> float | None:
        """Duration in seconds."""
        return self._pictures.duration_s

    def seek(self, to_s: float) -> None:
        """Seek to the picture at ``to_s`` seconds; see ``Source``."""
        self._pictures.seek(to_s)

    def shortfall(self) -> str:
        """Return a line about the pictures that could not be decoded; see ``Source``."""
        return missing_in_words(self.name, self.frames_read, self.missing)

    @property
    def accepts_rate(self) -> bool:
        """True: pictures have no times of their own."""
        return True

    def for_channels(self, channels: int) -> Source:
        """Read pictures of so many channels; see ``Source``."""
        self._pictures.for_channels(channels)
        return self

    def close(self) -> None:
        """End the iterator; see ``Source``."""
        self._pictures.close()

    def __enter__(self) -> SequenceSource:
        self._pictures.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing: no file stays open between two pictures."""

    def __iter__(self) -> Iterator[Frame]:
        yield from self._pictures
        if not self.frames_read and self._damaged:
            raise self._damaged[0]


def _literal(text: str) -> str:
    return re.escape(text.replace("%%", "%"))
