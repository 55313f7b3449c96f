"""A video file as a source: every frame, in order, with the time it was made for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import cv2

from heatcam.errors import SourceError, UnreadableInputError
from heatcam.frames import Frame
from heatcam.sources.addresses import is_url, public_url
from heatcam.sources.capture import Capture, open_stream, open_video
from heatcam.sources.lengths import MP4_SUFFIXES, presentation_s
from heatcam.sources.seeking import TOLERANCE_S, Playhead
from heatcam.sources.state import PLAYING

VIDEO_SUFFIXES = (
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg"),
    *(".ts", ".mts", ".m2ts", ".wmv", ".flv", ".ogv", ".3gp", ".mjpeg", ".mjpg"),
)
_FALLBACK_FPS = 25.0
_FORGIVEN = 1  # counts that are rounded from a length


@dataclass(frozen=True)
class _Claims:
    """What a file says of itself when it is opened; still known after it is closed."""

    size_wh: tuple[int, int]
    fps: float
    frame_count: int | None

    @classmethod
    def of(cls, capture: Capture) -> _Claims:
        size_wh = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        fps, count = capture.get(cv2.CAP_PROP_FPS), int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        return cls(size_wh, fps if 0.01 < fps < 1000 else _FALLBACK_FPS, count if count > 0 else None)


class VideoSource:
    """One video file, or the address of one. Nothing is skipped; a damaged file yields what it has.

    Frames carry the presentation time that the file gives them, counted from its first frame, so variable rates are
    kept. Where a file gives none or runs backwards, the nominal interval is added to the time before.

    After the last frame ``missing`` tells how many a damaged or cut file lacks.

    Args:
        target: path, or ``http(s)://`` address, of the video.
        open_capture: how a path or address is opened; tests put fakes here.

    Raises:
        UnreadableInputError: on entering, for a file that is missing, empty or not a video.
        SourceError: on entering, for an address that does not answer with a video.
    """

    is_live = False
    can_seek = True
    state = PLAYING
    dropped = 0

    def __init__(self, target: str | Path, *, open_capture: Callable[[str], Capture] | None = None) -> None:
        self._target = str(target)
        self._is_url = is_url(self._target)
        self._open_capture = open_capture or (open_stream if self._is_url else open_video)
        self._capture: Capture | None = None
        self._claims: _Claims | None = None
        self.frames_read = 0
        self._ended_at_s: float | None = None
        self._longest_gap_s = 0.0
        self._playhead = Playhead()
        self._sought = False

    @property
    def name(self) -> str:
        """The file's name; an address without credentials."""
        return public_url(self._target) if self._is_url else Path(self._target).name

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the frames as they come out, rotation applied."""
        return self._claimed().size_wh

    @property
    def fps(self) -> float:
        """The mean rate that the file claims, or 25 where it claims nothing believable."""
        return self._claimed().fps

    @property
    def frame_count(self) -> int | None:
        """How many frames the file claims to hold; None when it does not say."""
        return self._claimed().frame_count

    @property
    def duration_s(self) -> float | None:
        """How long it plays by what it claims, in seconds; None when it does not say."""
        claims = self._claimed()
        return None if claims.frame_count is None else claims.frame_count / claims.fps

    def seek(self, to_s: float) -> None:
        """Go to the first frame at or after ``to_s`` seconds; see ``Source``."""
        self._playhead.ask(to_s)

    @property
    def missing(self) -> int:
        """How many frames it lacks of what it claims, 0 before its end was reached; one is forgiven.

        A count that the container holds is believed, less what an edit list leaves out. Other containers only tell how long
        they are: frames are missing then where the film ends more than half a second too early, whatever its rate.
        """
        claims = self._claims
        if self._ended_at_s is None or claims is None or claims.frame_count is None:
            return 0
        by_count = claims.frame_count - self.frames_read
        counted = Path(self._target).suffix.lower() in (*MP4_SUFFIXES, ".avi") and not self._is_url
        if counted and not self._sought:
            shown_s = presentation_s(Path(self._target))
            left_out = 0 if shown_s is None else max(0, claims.frame_count - round(shown_s * claims.fps))
            missing = by_count - left_out
        else:
            early_s = claims.frame_count / claims.fps - self._ended_at_s
            by_time = round(early_s * claims.fps) if early_s > max(0.5, 2 * self._longest_gap_s) else 0
            # no variable rate, that is; what was passed over by seeking is not counted
            agreed = by_time and not self._sought and abs(by_count - by_time) <= claims.frame_count / 10
            missing = by_count if agreed else by_time
        return missing if missing > _FORGIVEN else 0

    def __enter__(self) -> VideoSource:
        if not self._is_url:
            _check_file(Path(self._target))
        self._capture = self._open_capture(self._target)
        if not self._capture.isOpened():
            self._release()
            raise self._not_a_video()
        self._claims = _Claims.of(self._capture)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()

    def __iter__(self) -> Iterator[Frame]:
        """One pass over the file; another one after ``seek``."""
        if self._capture is None:
            raise RuntimeError("enter the source first: with source: ...")
        interval_s = 1.0 / self.fps
        index, pts_s = 0, -interval_s
        skip_to_s = -1.0
        while True:
            if (to_s := self._playhead.take()) is not None:
                skip_to_s, self._sought = to_s, True
                if to_s <= pts_s or (not index and self.frames_read):
                    self._capture.release()
                    self._capture = self._open_capture(self._target)
                    index, pts_s = 0, -interval_s
            if not self._capture.grab():
                break
            claimed_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
            before_s, pts_s = pts_s, claimed_s if claimed_s > pts_s and claimed_s >= 0 else pts_s + interval_s
            self._longest_gap_s = max(self._longest_gap_s, pts_s - before_s)
            index += 1
            if pts_s < skip_to_s - TOLERANCE_S:
                continue
            decoded, image = self._capture.retrieve()
            if not decoded:
                break
            self.frames_read += 1
            yield Frame(image, index - 1, time.monotonic(), pts_s, self.name)
        if self.frames_read == 0:
            raise self._not_a_video()
        self._ended_at_s = pts_s + interval_s

    def _claimed(self) -> _Claims:
        if self._claims is None:
            raise RuntimeError("enter the source first: with source: ...")
        return self._claims

    def _release(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _not_a_video(self) -> SourceError | UnreadableInputError:
        if self._is_url:
            return SourceError(
                f"no video comes from {self.name}", "check the address, and that its server runs"
            )
        return UnreadableInputError(
            f"{self._target} is not a video that can be decoded, or is cut off before its first frame",
            "fetch or export it again, as MP4 for example",
        )


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
