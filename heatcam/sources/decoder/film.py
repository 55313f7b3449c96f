"""Video opened by PyAV: its facts, its frames in order with their times, and exact seeking."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

import av
from av.stream import Disposition

from heatcam.errors import UnreadableInputError, reason_of
from heatcam.sources.decoder.pictures import Deinterlacer, Picture, quarters_of, upright
from heatcam.sources.decoder_messages import DecodeJob, FilmFacts
from heatcam.sources.h264 import only_whole_frames
from heatcam.sources.seeking import TOLERANCE_S

_FAILURES = (av.error.FFmpegError, OSError, ValueError)  # (FFmpeg's end of file is no OSError)
_FALLBACK_FPS = 25.0
_NO_TIMESTAMPS = 0x80  # AVFMT_NOTIMESTAMPS: raw streams
_INTERLACED_ORDERS = (2, 3, 4, 5)  # AVFieldOrder: the values for interlaced video
_MOST_BAD_PACKETS = 1000  # in a row
_STEP_BACK_S = 2.0
_OPEN_S, _READ_S = 10.0, 8.0  # timeouts for addresses
# Formats that are no videos: playlists of other files and addresses, text drawn as on a terminal, single pictures.
_NO_FILMS = {
    *("tty", "hls", "concat", "concatf", "dash", "imf", "sdp", "rtsp", "ffmetadata", "image2", "lavfi"),
    "bin",
}
# Formats for which OpenCV's frames were verified to equal PyAV's. For others it may return uninitialised memory.
_OPENCV_CODECS = {"h264", "hevc", "vp8", "vp9", "mjpeg"}
_OPENCV_PIXELS = {
    *("yuv420p", "yuv422p", "yuv444p", "yuvj420p", "yuvj422p", "yuvj444p"),
    *("yuv420p10le", "yuv422p10le", "yuv444p10le"),
}


@dataclass(frozen=True)
class ShownFrame:
    """One frame.

    Attributes:
        picture: uint8 ``(H, W, 3)``, BGR, upright.
        pts_s: seconds from the video's first frame.
    """

    picture: Picture
    pts_s: float


class Film:
    """Open video.

    Args:
        job: the video to decode.

    Attributes:
        facts: the properties that it states.

    Raises:
        UnreadableInputError: it is no video, or none of its frames can be decoded.
    """

    def __init__(self, job: DecodeJob) -> None:
        self._job = job
        self._container = _opened(job)
        self._frames: Iterator[Any] = iter(())
        self._stand_at_the_beginning()
        first = next(self._frames, None)
        if first is None:
            raise UnreadableInputError("no frame can be decoded")
        self._frames = itertools.chain([first], self._frames)
        self._knows_times = first.pts is not None and not self._container.format.flags & _NO_TIMESTAMPS
        self._origin_s = float(first.pts * first.time_base) if first.pts is not None else 0.0
        self.facts = self._facts_of(first)
        self._length_s = _length_s(self._container, self._stream)
        self._interval_s = 1.0 / (self.facts.fps or _FALLBACK_FPS)
        self._begun = False

    def frames(self, from_s: float = 0.0) -> Generator[ShownFrame, None, None]:
        """Yield the first frame at or after ``from_s`` seconds and all that follow; past the end, the last one.

        Close the iterator before starting another.
        """
        if self._begun or from_s > 0:
            self._go_before(from_s)
        self._begun = True
        last = None
        for frame, pts_s in self._timed():
            if pts_s >= from_s - TOLERANCE_S:
                last, from_s = None, -1.0
                yield ShownFrame(upright(frame, self.facts.size_wh), pts_s)
            else:
                last = frame, pts_s
        if last is not None:
            yield ShownFrame(upright(last[0], self.facts.size_wh), last[1])

    def _open_anew(self) -> None:
        """Reopen the video at its beginning."""
        self._container.close()
        self._container = _opened(self._job)
        self._stand_at_the_beginning()

    def _stand_at_the_beginning(self) -> None:
        """Select the video stream of a container just opened, and start to decode at its beginning."""
        self._stream = _best_video(self._container)
        self._stream.thread_type = "AUTO"
        self._frames = self._decoded(self._container.demux(self._stream))

    def _timed(self) -> Iterator[tuple[Any, float]]:
        """Yield the deinterlaced frames from the current position, each with its time; times only rise."""
        deinterlacer = Deinterlacer(self._deinterlace_all)
        pts_s = -self._interval_s
        for frame in deinterlacer.whole(self._frames):
            claimed_s = -1.0 if frame.pts is None else float(frame.pts * frame.time_base) - self._origin_s
            pts_s = claimed_s if claimed_s > pts_s and claimed_s >= 0 else pts_s + self._interval_s
            yield frame, pts_s

    def _decoded(self, packets: Iterator[Any]) -> Iterator[Any]:
        """Yield PyAV's frames; packets that cannot be decoded are skipped."""
        bad = 0
        while bad < _MOST_BAD_PACKETS:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                frames = packet.decode()
            except av.error.EOFError:
                return
            except _FAILURES:
                bad += 1
                continue
            bad = 0 if frames else bad
            yield from frames

    def _go_before(self, to_s: float) -> None:
        """Seek to a position from which the frame at ``to_s`` and the one before it can be decoded completely."""
        step_s = 2 * self._interval_s
        if (
            self._length_s and to_s > self._length_s - 1.0
        ):  # (durations are inexact, and the frame before the last is needed too)
            to_s, step_s = min(to_s, self._length_s), 1.0
        while self._knows_times and to_s > step_s:
            key_s = self._seek(to_s - step_s)
            if key_s is not None and key_s <= to_s - self._interval_s:
                return
            step_s = max(_STEP_BACK_S, step_s * 2)
        self._open_anew()

    def _seek(self, to_s: float) -> float | None:
        """Seek to the first key packet found, which may be after ``to_s``; return its time, None if there is none.

        Containers without an index land anywhere in a group of pictures: packets before its key packet cannot be decoded.
        """
        ticks = math.floor((to_s + self._origin_s) / self._stream.time_base)
        try:
            self._container.seek(ticks, stream=self._stream, backward=True)
            packets = self._container.demux(self._stream)
            for packet in packets:
                if packet.size and packet.is_keyframe and packet.pts is not None:
                    self._frames = self._decoded(itertools.chain([packet], packets))
                    return float(packet.pts * packet.time_base) - self._origin_s
        except _FAILURES:
            pass
        return None

    def _facts_of(self, frame: Any) -> FilmFacts:
        stream, context = self._stream, self._stream.codec_context
        said = context.field_order in _INTERLACED_ORDERS
        self._deinterlace_all = (
            said and not frame.interlaced_frame
        )  # (only the container says so, not the frames)
        interlaced = said or bool(frame.interlaced_frame)
        size_wh = (frame.width, frame.height)
        fps = _rate_of(stream)
        count = stream.frames or round(_length_s(self._container, stream) * fps) or None
        return FilmFacts(
            size_wh[::-1] if quarters_of(frame) % 2 else size_wh,
            fps,
            count,
            bool(stream.frames),
            self._container.format.name,
            context.name,
            frame.format.name,
            interlaced,
            not interlaced and _opencv_reads(context, frame) and _has_text_name(self._job),
        )


def _opened(job: DecodeJob) -> Any:
    """Open the container.

    Raises:
        UnreadableInputError: the file or address cannot be opened, or holds no video of its own.
    """
    # addresses as OpenCV opens them: RTSP over TCP, which firewalls let through
    options = {"rtsp_transport": "tcp"} if job.is_url else {"protocol_whitelist": "file,pipe,crypto,data"}
    try:
        container = av.open(
            _address(job), options=options, timeout=(_OPEN_S, _READ_S) if job.is_url else None
        )
    except _FAILURES as error:
        raise UnreadableInputError(reason_of(error)) from error
    if container.format.name.endswith("_pipe") or (
        not job.is_url and _NO_FILMS & set(container.format.name.split(","))
    ):
        raise UnreadableInputError(f"it holds no film, but {container.format.long_name}")
    return container


def _has_text_name(job: DecodeJob) -> bool:
    try:
        job.target.encode()
    except UnicodeEncodeError:
        return False
    return True


def _address(job: DecodeJob) -> Any:
    """Return the address for PyAV, or for a name that is not UTF-8 the open file."""
    if not _has_text_name(job):
        return open(os.fsencode(job.target), "rb")  # noqa: PTH123 (PyAV's from here on)
    return job.target if job.is_url else f"file:{job.target}"


def _best_video(container: Any) -> Any:
    """Return the best video stream that is no cover art.

    Raises:
        UnreadableInputError: there is none.
    """
    films = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
    if not films:
        raise UnreadableInputError("it holds no pictures")
    best = container.streams.best("video")
    return best if best in films else films[0]


def _rate_of(stream: Any) -> float:
    """Return the frame rate that FFmpeg guesses, the same as OpenCV's; 0 if there is no plausible one."""
    for rate in (stream.guessed_rate, stream.average_rate, stream.base_rate):
        if rate and 0.01 < float(rate) < 1000:
            return float(rate)
    return 0.0


def _length_s(container: Any, stream: Any) -> float:
    if stream.duration:
        return float(stream.duration * stream.time_base)
    return float((container.duration or 0) / av.time_base)


def _opencv_reads(context: Any, frame: Any) -> bool:
    if context.name not in _OPENCV_CODECS or frame.format.name not in _OPENCV_PIXELS:
        return False
    extradata = bytes(context.extradata or b"")
    if context.name in ("h264", "hevc") and extradata[:1] != b"\x01":
        return False  # (its parameter sets come with the frames, and may change there, as in broadcasts)
    return context.name != "h264" or only_whole_frames(extradata)
