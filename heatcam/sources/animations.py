"""Animations and multi-page pictures as videos: GIF, WebP, APNG and AVIF with each frame's own duration, TIFF at a rate."""

from __future__ import annotations

import functools
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from PIL import Image

from heatcam.errors import UnreadableInputError
from heatcam.frames import Frame
from heatcam.geometry import Uint8Array
from heatcam.sources.base import SourceBase, missing_in_words
from heatcam.sources.decoding import check_picture, orientation_of, white_is_zero_in
from heatcam.sources.images import ImageSource
from heatcam.sources.options import PictureOptions
from heatcam.sources.picture_formats import HEAD_BYTES, prepare_reader, sniff_picture_format
from heatcam.sources.pixels import bgr_of_pillow
from heatcam.sources.seeking import TOLERANCE_S, Playhead
from heatcam.text import printable

_TIMED = ("GIF", "WEBP", "PNG", "AVIF")
_PAGED = "TIFF"
_NO_DURATION_S = 0.1  # for a frame without a duration, as in browsers and players
_PAGE_FPS = 25.0  # pages have no times: the same rate as for numbered pictures
_TIFF_KIND, _REDUCED = 254, 1  # NewSubfileType: a smaller copy of another page


def is_animation(path: Path) -> bool:
    """Return True if a picture file holds several pictures to be shown one after the other.

    Pages of a TIFF that differ in size do not count: they are reduced copies, as cameras and maps have them.
    """
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = _opened(file)
            if picture is None or len(_shown(picture)) < 2:
                return False
            if picture.format != _PAGED:
                return True
            size_wh = picture.size
            picture.seek(1)
            tags: Any = getattr(picture, "tag_v2", {})
            return bool(picture.size == size_wh and not tags.get(_TIFF_KIND, 0) & _REDUCED)
    except Exception:  # noqa: BLE001 (damaged: reading its first picture tells how; Pillow raises many kinds)
        return False


class AnimationSource(SourceBase):
    """Animation, played once, each frame for its own duration; the pages of a TIFF at ``fps`` per second.

    Args:
        path: the file.
        fps: pages per second; None is 25. Ignored if frames have durations.

    Attributes:
        frames_read: number of frames decoded so far.
        missing: number of frames that could not be decoded, known after the end.

    Raises:
        UnreadableInputError: on entering, for a file that is damaged or too large.
    """

    can_seek = True
    dropped = 0

    def __init__(self, path: str | Path, fps: float | None = None) -> None:
        self._path = Path(path)
        self._page_s = 1.0 / (fps or _PAGE_FPS)
        self._playhead = Playhead()
        self._file: IO[bytes] | None = None
        self._picture: Any = None
        self._starts_s: tuple[float, ...] = ()
        self._duration_s = 0.0
        self._at = -1  # the picture loaded last
        self.size_wh = (0, 0)
        self.frames_read = self.missing = 0

    @property
    def name(self) -> str:
        """Name of the file."""
        return printable(self._path.name)

    @property
    def accepts_rate(self) -> bool:
        """True if its pictures have no times of their own (a TIFF)."""
        return bool(self._entered().format == _PAGED)

    @property
    def frame_count(self) -> int | None:
        """Number of its frames."""
        return len(self._starts_s)

    @property
    def duration_s(self) -> float | None:
        """Duration of one pass, in seconds."""
        return self._duration_s

    @property
    def fps(self) -> float:
        """Mean frame rate."""
        return len(self._starts_s) / self._duration_s

    def for_channels(self, channels: int) -> Any:
        """Return a source whose only picture has the pages of a TIFF as channels; see ``Source``."""
        if channels in (1, 3):
            return self
        return ImageSource([self._path], asked=PictureOptions(channels=channels))

    def seek(self, to_s: float) -> None:
        """Seek to the first frame at or after ``to_s`` seconds; see ``Source``."""
        self._playhead.ask(to_s)

    def shortfall(self) -> str:
        """Return a line about the frames that could not be decoded; see ``Source``."""
        return missing_in_words(self.name, self.frames_read, self.missing)

    def __enter__(self) -> AnimationSource:
        self.is_closed = False
        check_picture(self._path)
        found = self._path.stat()
        durations_s = _durations_s(str(self._path), self._page_s, found.st_size, found.st_mtime_ns)
        starts_s = [0.0]
        for duration_s in durations_s:
            starts_s.append(starts_s[-1] + duration_s)
        self._duration_s = starts_s.pop()
        self._starts_s = tuple(starts_s)
        self._file = self._path.open("rb")
        self._picture, self._at = _opened(self._file), -1
        self.size_wh = self._picture.size
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def __iter__(self) -> Iterator[Frame]:
        """Iterate over the frames once; after ``seek``, call ``iter`` again for another pass."""
        shown, index = _shown(self._entered()), 0
        while True:
            if (to_s := self._playhead.take()) is not None:
                index = self._index_at(to_s)
            if index >= len(self._starts_s) or self.is_closed:
                return
            image = self._read(shown[index])
            if image is None:
                self.missing = len(self._starts_s) - index
                return
            self.frames_read += 1
            self.size_wh = image.shape[1], image.shape[0]
            yield Frame(image, index, time.monotonic(), self._starts_s[index], self.name)
            index += 1

    def _index_at(self, to_s: float) -> int:
        later = (index for index, at_s in enumerate(self._starts_s) if at_s >= to_s - TOLERANCE_S)
        return next(later, len(self._starts_s) - 1)

    def _read(self, number: int) -> Uint8Array | None:
        """Decode the file's picture ``number``: uint8 ``(H, W, 3)`` BGR over white; None if it is damaged or cut off."""
        picture = self._picture
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._step_to(number)
                picture = self._picture
                return bgr_of_pillow(
                    picture, orientation_of(picture), white_is_zero=white_is_zero_in(picture)
                )
        except Exception as error:
            if number == _shown(picture)[0]:
                raise UnreadableInputError(
                    f"{self._path} is a damaged or truncated {picture.format} animation ({error})",
                    "fetch or export it again",
                ) from error
            return None

    def _step_to(self, number: int) -> None:
        """Load the file's picture ``number``, and those before it that it is drawn over (Pillow's APNG needs all)."""
        if number < self._at:
            assert self._file is not None  # (entered)
            self._file.seek(0)
            self._picture, self._at = _opened(self._file), -1
        for step in range(self._at + 1 if self._picture.format != _PAGED else number, number + 1):
            self._picture.seek(step)
            self._picture.load()
            self._at = step

    def _entered(self) -> Any:
        if self._picture is None:
            raise RuntimeError("enter the source first: with source: ...")
        return self._picture


def _opened(file: IO[bytes]) -> Any:
    """Open a file with Pillow; None for formats that hold one picture."""
    kind = sniff_picture_format(file.read(HEAD_BYTES))
    file.seek(0)
    if kind not in (*_TIMED, _PAGED) or prepare_reader(kind):
        return None
    return Image.open(file, formats=(kind,))


def _shown(picture: Any) -> range:
    """Return the numbers of the pictures to show; an APNG may begin with one only for programs without animation support."""
    return range(int(bool(picture.info.get("default_image"))), getattr(picture, "n_frames", 1))


@functools.lru_cache(maxsize=16)
def _durations_s(path: str, page_s: float, _size: int, _changed_ns: int) -> tuple[float, ...]:
    """Return the duration of each frame in seconds; a default for frames that cannot be read."""
    durations_s = []
    with Path(path).open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        picture = _opened(file)
        if picture.format == _PAGED:
            return tuple(page_s for _ in _shown(picture))
        for number in _shown(picture):
            try:
                picture.seek(number)
                if picture.format != "GIF":
                    picture.load()  # (durations are known only after that)
            except Exception:  # noqa: BLE001 (cut off here: reading reports it)
                durations_s.append(_NO_DURATION_S)
                continue
            durations_s.append(float(picture.info.get("duration") or 0) / 1000 or _NO_DURATION_S)
    return tuple(durations_s)
