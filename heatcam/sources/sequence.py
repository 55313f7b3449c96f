"""Numbered pictures as a film: ``frames/%05d.png``, as ffmpeg writes the pattern."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from heatcam.errors import UnreadableInputError
from heatcam.frames import Frame
from heatcam.sources.base import SourceBase, missing_in_words
from heatcam.sources.images import ImageSource
from heatcam.text import printable

_NUMBER = re.compile(r"%(0?)(\d*)d")


def is_pattern(spec: str) -> bool:
    """Whether the file name in ``spec`` has one place for a number, and there is no file of exactly that name."""
    return len(_NUMBER.findall(Path(spec).name)) == 1 and not Path(spec).exists()


def numbered_paths(spec: str) -> tuple[Path, ...]:
    """The files that ``spec`` stands for, in the order of their numbers; numbers may be missing.

    ``%05d`` takes numbers of at least five digits filled with zeros, ``%d`` numbers of any length, ``%%`` is a per cent sign.

    Raises:
        UnreadableInputError: there are none.
    """
    found = _numbered(spec)
    if not found:
        raise UnreadableInputError(f"no pictures are called {spec}", "check the folder and the pattern")
    return found


def has_numbered(spec: str) -> bool:
    """Whether there are files that the pattern ``spec`` stands for."""
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
    """Numbered pictures, ``fps`` of them a second; unlike other sets of pictures it plays, and ends.

    Args:
        pattern: see ``numbered_paths``.
        fps: pictures a second; None is 25.

    Attributes:
        frames_read: how many were decoded; those that cannot be are left out.

    Raises:
        UnreadableInputError: at construction, when no file has such a name; while iterating, when none can be decoded.
    """

    can_seek = True
    dropped = 0

    def __init__(self, pattern: str, fps: float | None = None) -> None:
        self.name = printable(Path(pattern).name)
        self._damaged: list[UnreadableInputError] = []
        self._pictures = ImageSource(
            numbered_paths(pattern), fps=fps or 25.0, on_unreadable=self._damaged.append
        )
        self.fps = self._pictures.fps
        self.frame_count: int | None = self._pictures.frame_count

    @property
    def frames_read(self) -> int:
        """How many were decoded."""
        return self._pictures.frames_read

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the picture read last; ``(0, 0)`` before the first."""
        return self._pictures.size_wh

    @property
    def missing(self) -> int:
        """How many could not be decoded."""
        return len(self._damaged)

    @property
    def duration_s(self) -> float | None:
        """How long they play, in seconds."""
        return self._pictures.duration_s

    def seek(self, to_s: float) -> None:
        """Go to the picture at ``to_s`` seconds; see ``Source``."""
        self._pictures.seek(to_s)

    def shortfall(self) -> str:
        """See ``Source``."""
        return missing_in_words(self.name, self.frames_read, self.missing)

    @property
    def accepts_rate(self) -> bool:
        """Pictures have no times of their own."""
        return True

    def close(self) -> None:
        """See ``Source``."""
        self._pictures.close()

    def __enter__(self) -> SequenceSource:
        self._pictures.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing stays open between two pictures."""

    def __iter__(self) -> Iterator[Frame]:
        yield from self._pictures
        if not self.frames_read and self._damaged:
            raise self._damaged[0]


def _literal(text: str) -> str:
    return re.escape(text.replace("%%", "%"))
