"""Source of pictures: one file, many, a folder or a glob."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from heatcam.errors import UnreadableInputError
from heatcam.frames import Frame
from heatcam.sources.base import Source, SourceBase
from heatcam.sources.options import PictureOptions
from heatcam.sources.picture_files import find_pictures, is_glob, matching_paths
from heatcam.sources.picture_formats import PICTURE_SUFFIXES
from heatcam.sources.picture_pixels import read_pixels
from heatcam.sources.seeking import Playhead, indices
from heatcam.text import printable

__all__ = ["PICTURE_SUFFIXES", "ImageSource", "is_glob", "list_pictures", "matching_paths"]


def list_pictures(inputs: Sequence[str | Path]) -> tuple[Path, ...]:
    """Return the paths of the pictures in files, folders and globs, without sub-folders; see ``find_pictures``.

    Raises:
        UnreadableInputError: a file is missing, or none is a picture.
    """
    return find_pictures(inputs, takes_samples=True).paths


class ImageSource(SourceBase):
    """Picture files one after the other, each in its own size.

    ``size_wh`` is that of the picture read last, ``(0, 0)`` before the first. ``Frame.name`` is the file's name, and
    ``frame_index`` its index in ``paths``.

    Args:
        inputs: files, folders and globs; see ``list_pictures``.
        fps: the rate for the pictures' times.
        on_unreadable: called with the error of a picture that cannot be read, which is then left out; None raises it.
        asked: how they are read.

    Raises:
        UnreadableInputError: at construction for inputs that do not exist; while iterating for damaged pictures.
    """

    can_seek = True
    dropped = 0
    is_slideshow = True

    def __init__(
        self,
        inputs: Sequence[str | Path],
        *,
        fps: float = 25.0,
        on_unreadable: Callable[[UnreadableInputError], None] | None = None,
        asked: PictureOptions | None = None,
    ) -> None:
        self.paths = list_pictures(inputs)
        self.fps = fps
        self.frames_read = 0
        self.size_wh = (0, 0)
        self._on_unreadable = on_unreadable
        self._asked = asked or PictureOptions()
        self._playhead = Playhead()

    @property
    def name(self) -> str:
        """Name of the file, or the number of pictures."""
        return printable(self.paths[0].name) if len(self.paths) == 1 else f"{len(self.paths)} pictures"

    @property
    def frame_count(self) -> int | None:
        """Number of pictures found."""
        return len(self.paths)

    @property
    def duration_s(self) -> float | None:
        """Duration of all pictures at ``fps``, in seconds."""
        return len(self.paths) / self.fps

    def for_channels(self, channels: int) -> Source:
        """Read pictures of so many channels; see ``Source``."""
        self._asked = replace(self._asked, channels=channels)
        return self

    def seek(self, to_s: float) -> None:
        """Seek to the picture at ``to_s`` seconds; see ``Source``."""
        self._playhead.ask(to_s)

    def __enter__(self) -> ImageSource:
        self.is_closed = False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing: no file stays open between two pictures."""

    def __iter__(self) -> Iterator[Frame]:
        self.frames_read = 0
        for index in indices(self._playhead, len(self.paths), self.fps):
            if self.is_closed:
                return
            path = self.paths[index]
            try:
                pixels = read_pixels(path, self._asked)
            except UnreadableInputError as error:
                if self._on_unreadable is None:
                    raise
                self._on_unreadable(error)
                continue
            self.frames_read += 1
            image, now = pixels.image_bgr, time.monotonic()
            self.size_wh = image.shape[1], image.shape[0]
            yield Frame(image, index, now, index / self.fps, printable(path.name), pixels.samples)
