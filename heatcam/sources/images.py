"""Pictures as a source: one file, many, a folder or a glob."""

from __future__ import annotations

import glob
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

from heatcam.errors import UnreadableInputError
from heatcam.frames import Frame
from heatcam.printable import printable
from heatcam.sources.decoding import read_picture
from heatcam.sources.picture_formats import PICTURE_SUFFIXES
from heatcam.sources.seeking import Playhead, indices
from heatcam.sources.state import PLAYING

__all__ = ["PICTURE_SUFFIXES", "ImageSource", "is_glob", "list_pictures", "read_picture"]


def is_glob(spec: str) -> bool:
    """Whether ``spec`` has wildcards and no file of exactly that name exists."""
    return glob.has_magic(spec) and not Path(spec).exists()


def matching_paths(spec: str) -> list[Path]:
    """What a glob matches, ``**`` included, in no order. What exists by name goes first: of ``run[1]/*.jpg`` the folder does.

    Brackets of names further on are taken as such where nothing matches otherwise.
    """
    literal, pattern = _existing_part(spec)
    for tried in (pattern, pattern.replace("[", "[[]")):
        found = glob.glob(glob.escape(literal) + tried, recursive=True)  # noqa: PTH207 (Path.glob refuses absolute ones)
        if found:
            return [Path(match) for match in found]
    return []


def _existing_part(spec: str) -> tuple[str, str]:
    """The folders at the beginning of ``spec`` that are there by name, with their separator, and what follows."""
    for at in range(len(spec) - 1, 0, -1):
        if spec[at] in (os.sep, os.altsep) and Path(spec[:at]).is_dir():
            return spec[: at + 1], spec[at + 1 :]
    return "", spec


def list_pictures(inputs: Sequence[str | Path]) -> tuple[Path, ...]:
    """All pictures that files, folders and globs name, in the order given; inside a folder or glob by name, 2 before 10.

    Files named outright are taken whatever their suffix; folders (not their subfolders) and globs give only files with
    a suffix of ``PICTURE_SUFFIXES``, and never hidden ones.

    Raises:
        UnreadableInputError: a missing file, or a folder or glob without pictures.
    """
    return tuple(path for item in inputs for path in _pictures_of(str(item)))


def _pictures_of(spec: str) -> list[Path]:
    path = Path(spec)
    if path.is_dir():
        found = _only_pictures(path.iterdir())
        return found if found else _none_there(f"no pictures in the folder {path}")
    if is_glob(spec):
        found = _only_pictures(matching_paths(spec))
        return found if found else _none_there(f"no pictures match {spec}")
    if not path.exists():
        raise UnreadableInputError(f"there is no file {path}", "check the path")
    return [path]


def _only_pictures(paths: Iterable[Path]) -> list[Path]:
    pictures = (p for p in paths if p.suffix.lower() in PICTURE_SUFFIXES and not p.name.startswith("."))
    return sorted((p for p in pictures if p.is_file()), key=_natural_order)


def _natural_order(path: Path) -> tuple[str, list[str | int], str]:
    # re.split alternates text and digits, so numbers are only ever compared with numbers
    parts = [int(part) if i % 2 else part.lower() for i, part in enumerate(re.split(r"(\d+)", path.name))]
    return str(path.parent), parts, path.name


def _none_there(problem: str) -> list[Path]:
    raise UnreadableInputError(problem, f"pictures end in {', '.join(PICTURE_SUFFIXES)}")


class ImageSource:
    """Picture files one after the other, each in its own size.

    ``size_wh`` is that of the picture read last, ``(0, 0)`` before the first. ``Frame.name`` is the file's name, and
    ``frame_index`` its place in ``paths``.

    Args:
        inputs: files, folders and globs; see ``list_pictures``.
        fps: the rate at which the pictures count as a film.
        on_unreadable: called with the error of a picture that cannot be read, which is then left out; None raises it.

    Raises:
        UnreadableInputError: at construction for inputs that are not there; while iterating for damaged pictures.
    """

    is_live = False
    can_seek = True
    state = PLAYING
    dropped = 0

    def __init__(
        self,
        inputs: Sequence[str | Path],
        *,
        fps: float = 25.0,
        on_unreadable: Callable[[UnreadableInputError], None] | None = None,
    ) -> None:
        self.paths = list_pictures(inputs)
        self.fps = fps
        self.frames_read = 0
        self.size_wh = (0, 0)
        self._on_unreadable = on_unreadable
        self._playhead = Playhead()

    @property
    def name(self) -> str:
        """The file's name, or how many pictures there are."""
        return printable(self.paths[0].name) if len(self.paths) == 1 else f"{len(self.paths)} pictures"

    @property
    def frame_count(self) -> int | None:
        """How many pictures were found."""
        return len(self.paths)

    @property
    def duration_s(self) -> float | None:
        """How long they play, in seconds, one after the other."""
        return len(self.paths) / self.fps

    def seek(self, to_s: float) -> None:
        """Go to the picture at ``to_s`` seconds; see ``Source``."""
        self._playhead.ask(to_s)

    def __enter__(self) -> ImageSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing stays open between two pictures."""

    def __iter__(self) -> Iterator[Frame]:
        self.frames_read = 0
        for index in indices(self._playhead, len(self.paths), self.fps):
            path = self.paths[index]
            try:
                image = read_picture(path)
            except UnreadableInputError as error:
                if self._on_unreadable is None:
                    raise
                self._on_unreadable(error)
                continue
            self.frames_read += 1
            self.size_wh = image.shape[1], image.shape[0]
            yield Frame(image, index, time.monotonic(), index / self.fps, printable(path.name))
