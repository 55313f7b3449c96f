"""Source of a video file: every frame, in order, with its presentation time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from heatcam.errors import SourceError, UnreadableInputError
from heatcam.frames import Frame
from heatcam.sources.base import SourceBase, missing_in_words
from heatcam.sources.capture import Capture, open_video
from heatcam.sources.cv2_film import Cv2Film
from heatcam.sources.decoder_messages import FilmFacts
from heatcam.sources.decoder_process import DecoderProcess
from heatcam.sources.mp4_duration import MP4_SUFFIXES, presentation_s
from heatcam.sources.seeking import Playhead
from heatcam.sources.urls import is_url, public_url
from heatcam.text import printable

VIDEO_SUFFIXES = (
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg"),
    *(".ts", ".mts", ".m2ts", ".wmv", ".flv", ".ogv", ".3gp", ".mjpeg", ".mjpg"),
)
_FALLBACK_FPS = 25.0
_FORGIVEN = 1  # frame: counts may be rounded from a duration
_COUNTING_SUFFIXES = (*MP4_SUFFIXES, ".avi")
_MOST_KNOWN = 64


@dataclass(frozen=True)
class _Claims:
    """Claims of a video about itself when it is opened; still known after it is closed.

    ``counts_frames``: True if ``frame_count`` is a count, not derived from the duration.
    """

    size_wh: tuple[int, int]
    fps: float
    frame_count: int | None
    counts_frames: bool

    @classmethod
    def of_facts(cls, facts: FilmFacts) -> _Claims:
        return cls(facts.size_wh, facts.fps or _FALLBACK_FPS, facts.frame_count, facts.counts_frames)


class VideoSource(SourceBase):
    """Video file, or the address of one. Nothing is skipped; a damaged video yields the frames that it has.

    The format is detected by content, not by the suffix. OpenCV reads the formats that it is known to read correctly; all others
    (interlaced ones, for which it returns uninitialised memory, and names that are not UTF-8, on which it crashes) are decoded
    and deinterlaced by PyAV in a process of its own. So is every video after a seek, because OpenCV's seeking is exact for few
    formats.

    Frames have the video's presentation times, counted from its first frame, so variable rates are kept. If it has none, or they
    run backwards, the nominal interval is added to the time before.

    After the last frame ``missing`` is the number of frames that a damaged or truncated video lacks.

    Args:
        target: path, or ``http(s)://`` address, of the video.
        open_capture: opens a path or address with OpenCV without format detection; tests pass fakes.

    Raises:
        UnreadableInputError: on entering, for a file that is missing, empty or not a video.
        SourceError: on entering, for an address that does not give a video; while iterating, if its decoder dies.
    """

    can_seek = True
    dropped = 0

    def __init__(self, target: str | Path, *, open_capture: Callable[[str], Capture] | None = None) -> None:
        self._target = str(target)
        self._is_url = is_url(self._target)
        self._open_capture = open_capture
        self._film: Cv2Film | DecoderProcess | None = None
        self._claims: _Claims | None = None
        self.frames_read = 0
        self._ended_at_s: float | None = None
        self._longest_gap_s = 0.0
        self._playhead = Playhead()
        self._sought = False
        self._is_over = False

    @property
    def name(self) -> str:
        """Name of the file; for an address, the address without credentials."""
        return public_url(self._target) if self._is_url else printable(Path(self._target).name)

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the frames in pixels, rotation applied."""
        return self._claimed().size_wh

    @property
    def fps(self) -> float:
        """Mean rate that the file claims, or 25 if it claims no plausible one."""
        return self._claimed().fps

    @property
    def frame_count(self) -> int | None:
        """Number of frames that the file claims to hold; None if unknown."""
        return self._claimed().frame_count

    @property
    def duration_s(self) -> float | None:
        """Duration by the claimed frame count and rate, in seconds; None if unknown."""
        claims = self._claimed()
        return None if claims.frame_count is None else claims.frame_count / claims.fps

    def seek(self, to_s: float) -> None:
        """Seek to the first frame at or after ``to_s`` seconds; see ``Source``."""
        self._playhead.ask(to_s)

    @property
    def missing(self) -> int:
        """Number of claimed frames that are missing; 0 before its end was reached. A single missing frame is ignored.

        A count stored in the container is trusted, less the frames that an edit list leaves out. Other containers only state a
        duration: frames count as missing if the video ends more than half a second too early, whatever its rate.
        """
        claims = self._claims
        if self._ended_at_s is None or claims is None or claims.frame_count is None:
            return 0
        by_count = claims.frame_count - self.frames_read
        if claims.counts_frames and not self._is_url and not self._sought:
            shown_s = presentation_s(Path(self._target))
            left_out = 0 if shown_s is None else max(0, claims.frame_count - round(shown_s * claims.fps))
            missing = by_count - left_out
        else:
            early_s = claims.frame_count / claims.fps - self._ended_at_s
            by_time = round(early_s * claims.fps) if early_s > max(0.5, 2 * self._longest_gap_s) else 0
            # agreement means a constant rate; frames skipped by seeking make the count useless
            agreed = by_time and not self._sought and abs(by_count - by_time) <= claims.frame_count / 10
            missing = by_count if agreed else by_time
        return missing if missing > _FORGIVEN else 0

    def shortfall(self) -> str:
        """Return a line about the missing frames; see ``Source``."""
        return missing_in_words(self.name, self.frames_read, self.missing)

    def __enter__(self) -> VideoSource:
        self.is_closed = self._is_over = self._sought = False
        self.frames_read, self._ended_at_s = 0, None
        if not self._is_url:
            _check_file(Path(self._target))
        self._film = self._opened()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()

    def __iter__(self) -> Iterator[Frame]:
        """Iterate over the video once; after ``seek``, call ``iter`` again for another pass."""
        if self._film is None:
            raise RuntimeError("enter the source first: with source: ...")
        interval_s, index, pts_s = 1.0 / self.fps, 0, None
        while True:
            if (to_s := self._playhead.take()) is not None:
                self._go(to_s)
                pts_s = None
            if self._is_over or self.is_closed or (shown := self._film.next()) is None:
                break
            if self._sought and pts_s is None:
                index = round(shown.pts_s * self.fps)
            self._longest_gap_s = max(
                self._longest_gap_s, shown.pts_s - pts_s if pts_s is not None else interval_s
            )
            pts_s = shown.pts_s
            self.frames_read += 1
            yield Frame(shown.image_bgr, index, time.monotonic(), pts_s, self.name)
            index += 1
        self._is_over = True
        if self.frames_read == 0:
            raise self._not_a_video()
        if pts_s is not None:
            self._ended_at_s = pts_s + interval_s

    def _go(self, to_s: float) -> None:
        """Seek so that the next frame is the one at ``to_s``."""
        if isinstance(self._film, Cv2Film):
            self._release()
            self._film = self._decoder()
        assert self._film is not None  # (entered)
        self._film.go(to_s)
        self._is_over, self._sought = False, True

    def _opened(self) -> Cv2Film | DecoderProcess:
        """Open the reader that decodes this video correctly, at its beginning."""
        if self._open_capture is not None:
            return self._opened_by(self._open_capture)
        known = _known(self._target)
        decoder = None if known is not None and known.opencv_reads_it else self._decoder()
        facts = decoder.facts if decoder is not None else known
        assert facts is not None  # (known, or else from the decoder)
        self._claims = _Claims.of_facts(facts)
        if facts.opencv_reads_it and not self._is_url and not self._playhead.is_asked:
            if decoder is not None:
                decoder.close()
            return self._opened_by(open_video)
        decoder = decoder or self._decoder()
        if not self._playhead.is_asked:
            decoder.go(0.0)
        return decoder

    def _opened_by(self, open_capture: Callable[[str], Capture]) -> Cv2Film:
        film = Cv2Film(open_capture(self._target))
        if not film.is_open:
            film.close()
            raise self._not_a_video()
        if self._claims is None:
            counts = Path(self._target).suffix.lower() in _COUNTING_SUFFIXES and not self._is_url
            self._claims = _Claims(film.size_wh, film.fps, film.frame_count, counts)
        return film

    def _decoder(self) -> DecoderProcess:
        try:
            decoder = DecoderProcess(self._target, is_url=self._is_url)
        except UnreadableInputError as error:
            raise self._not_a_video(error.problem) from error
        _remember(self._target, decoder.facts)
        return decoder

    def _claimed(self) -> _Claims:
        if self._claims is None:
            raise RuntimeError("enter the source first: with source: ...")
        return self._claims

    def _release(self) -> None:
        if self._film is not None:
            self._film.close()
            self._film = None

    def _not_a_video(self, reason: str = "") -> SourceError | UnreadableInputError:
        why = f" ({reason})" if reason else ""
        if self._is_url:
            return SourceError(
                f"no video comes from {self.name}{why}", "check the address, and that its server runs"
            )
        return UnreadableInputError(
            f"{self._target} is not a video that can be decoded, or is cut off before its first frame{why}",
            "fetch or export it again, as MP4 for example",
        )


# Cached facts of videos: a command opens one several times, and reading the facts takes half a second each time.
_facts_by_file: dict[tuple[str, int, int], FilmFacts] = {}


def _known(target: str) -> FilmFacts | None:
    key = _file_key(target)
    return None if key is None else _facts_by_file.get(key)


def _remember(target: str, facts: FilmFacts) -> None:
    if (key := _file_key(target)) is not None:
        while len(_facts_by_file) >= _MOST_KNOWN:
            _facts_by_file.pop(next(iter(_facts_by_file)))
        _facts_by_file[key] = facts


def _file_key(target: str) -> tuple[str, int, int] | None:
    """Return a key that changes with a file's content; None for addresses and missing files."""
    if is_url(target):
        return None
    try:
        found = Path(target).stat()
    except OSError:
        return None
    return str(Path(target).absolute()), found.st_size, found.st_mtime_ns


def _check_file(path: Path) -> None:
    if not path.exists():
        raise UnreadableInputError(f"there is no file {path}", "check the path")
    if not path.is_file():
        raise UnreadableInputError(f"{path} is not a plain file", "name a video file")
    if path.stat().st_size == 0:
        raise UnreadableInputError(f"{path} is empty", "fetch or export it again")
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise UnreadableInputError(
            f"cannot read {path} ({error.strerror})", "check its permissions"
        ) from error
