"""The recorder's other half: a process of its own that reads raw frames from standard input and writes a video file.

Why a process: PyAV imported beside cv2 makes the first ``imshow`` hang for ever, and what was handed over must survive
the main process. So this one ignores Ctrl-C, and finishes its file when the pipe closes, however that came about.

The pipe carries one line of JSON (``Job``), then for each frame its time as a little-endian double, in seconds, and its
``height * width * 3`` bytes of BGR. The answer, one line of JSON (``Outcome``), goes to standard output at the end.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import queue
import signal
import struct
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import ColorRange, Colorspace

_QUEUE_BYTES = 48 << 20  # frames waiting for the encoder; the pipe makes the sender wait beyond that
_PIPE_BYTES = 1 << 20  # Linux' default of 64 KiB costs 42 rounds of waking up for each frame of 1280x720
_FINEST_TICKS_PER_S = 90_000
_SNAP_S = 0.0006  # times rounded to whole milliseconds (MKV, WebM) count as on the grid of the nominal rate
_BT709 = 1
_LIMITED_RANGE = 1
_HYBRID_SINCE = (61, 7)  # libavformat of FFmpeg 7.1

TimedFrame = tuple[float, npt.NDArray[np.uint8]]


@dataclass(frozen=True)
class Job:
    """What to write.

    Attributes:
        path: the file to write, existing or not; what it is called while unfinished.
        muxer: FFmpeg's name of the container: mp4, mov, matroska or webm.
        size_wh: width and height of every frame, in pixels.
        fps: nominal rate as ``(numerator, denominator)``.
        crf: constant rate factor: x264's scale for H.264, VP9's own for WebM.
        audio_from: file whose first sound track is copied unchanged, or "".
    """

    path: str
    muxer: str
    size_wh: tuple[int, int]
    fps: tuple[int, int]
    crf: int
    audio_from: str

    @property
    def frame_bytes(self) -> int:
        """Bytes of one raw frame."""
        return self.size_wh[0] * self.size_wh[1] * 3


@dataclass(frozen=True)
class Outcome:
    """How it went.

    Attributes:
        frames: frames in the file.
        error: why the file ends early, or "".
        note: what else is worth saying, or "": sound that could not be carried over.
    """

    frames: int
    error: str = ""
    note: str = ""


class Clock:
    """Times in seconds to ticks of a time base in which the nominal rate is exact, strictly rising."""

    def __init__(self, fps: Fraction) -> None:
        self._fps = fps
        self.ticks_per_s = fps.numerator * math.ceil(_FINEST_TICKS_PER_S / fps.numerator)
        self.ticks_per_frame = int(self.ticks_per_s / fps)
        self.origin_s: float | None = None
        self._last = -1

    def ticks(self, pts_s: float) -> int:
        """``pts_s`` from the first frame's on; a time not after the one before is put one tick after it."""
        if self.origin_s is None:
            self.origin_s = pts_s
        offset_s = pts_s - self.origin_s
        on_grid = round(offset_s * self._fps)
        snaps = abs(offset_s - on_grid / self._fps) <= _SNAP_S
        exact = on_grid * self.ticks_per_frame if snaps else round(offset_s * self.ticks_per_s)
        self._last = max(exact, self._last + 1)
        return self._last

    @property
    def end_s(self) -> float:
        """When the frame last seen will have been shown."""
        return (self._last + self.ticks_per_frame) / self.ticks_per_s


class SoundTrack:
    """The first sound track of a file, its packets copied unchanged, in step with the frames."""

    def __init__(self, path: str, output: Any) -> None:
        self.note = ""
        self._output = output
        self._source: Any = None
        self._packets: Iterator[Any] = iter(())
        self._next: Any = None
        self._video_start_s = 0.0
        if path:
            self._open(path)

    def _open(self, path: str) -> None:
        try:
            self._source = av.open(path)
        except (OSError, ValueError) as error:
            self.note = f"no sound: {error}"
            return
        tracks = self._source.streams.audio
        if not tracks:
            return
        codec = tracks[0].codec_context.name
        try:
            self._track = self._output.add_stream_from_template(tracks[0])
        except (OSError, ValueError):
            self.note = f"no sound: this container cannot hold {codec}; record to .mkv to keep it"
            return
        for video in self._source.streams.video[:1]:
            self._video_start_s = float((video.start_time or 0) * video.time_base)
        self._packets = self._source.demux(tracks[0])

    def write_until(self, end_s: float, origin_s: float) -> None:
        """Copy what sounds before ``end_s``, in seconds from the first frame; ``origin_s`` is that frame's time."""
        start_s = self._video_start_s + origin_s
        while True:
            packet = self._next or next(self._packets, None)
            self._next = None
            if packet is None:
                return
            if packet.dts is None:
                continue
            at_s = float(packet.pts * packet.time_base) - start_s
            if at_s >= end_s:
                self._next = packet
                return
            if at_s >= 0:
                offset = round(start_s / packet.time_base)
                packet.pts, packet.dts = packet.pts - offset, packet.dts - offset
                packet.stream = self._track
                self._output.mux(packet)


class VideoFile:
    """The file being written: one video stream, perhaps one sound track."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._clock = Clock(Fraction(*job.fps))
        self._output = av.open(job.path, "w", format=job.muxer, options=_container_options(job.muxer))
        # kept here: the stream's own becomes the container's when its header is written, 1/1000 s for MKV
        self._time_base = Fraction(1, self._clock.ticks_per_s)
        self._stream = self._add_stream()
        self.sound = SoundTrack(job.audio_from, self._output)
        self.frames = 0

    def _add_stream(self) -> Any:
        job = self._job
        rate = Fraction(*job.fps)
        is_vp9 = job.muxer == "webm"
        stream: Any = self._output.add_stream("libvpx-vp9" if is_vp9 else "libx264", rate=rate)
        stream.width, stream.height = job.size_wh
        # 4:2:0 halves both sides; x264 refuses odd ones, where VP9 rounds up
        odd = job.size_wh[0] % 2 or job.size_wh[1] % 2
        stream.pix_fmt = "yuv444p" if odd and not is_vp9 else "yuv420p"
        context = stream.codec_context
        stream.time_base = context.time_base = self._time_base
        context.framerate = rate
        context.gop_size = max(1, math.floor(rate / 2))  # a killed process loses at most the last half second
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        context.color_range = _LIMITED_RANGE
        stream.options = _codec_options(is_vp9, job.crf)
        return stream

    def write(self, pts_s: float, image_bgr: npt.NDArray[np.uint8]) -> None:
        """Encode one frame, uint8 ``(H, W, 3)`` BGR."""
        picture = av.VideoFrame.from_ndarray(image_bgr, format="bgr24").reformat(
            format=self._stream.pix_fmt, dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        picture.colorspace, picture.color_range = _BT709, _LIMITED_RANGE
        picture.pts = self._clock.ticks(pts_s)
        picture.time_base = self._time_base
        self._mux(self._stream.encode(picture))
        self.frames += 1

    def finish(self) -> None:
        """Write what the encoder still holds, and the index.

        Should the disk be too full for the index, the fragments before it still play (tried with 0 to 12 kB left).
        """
        self._mux(self._stream.encode(None))
        self.sound.write_until(self._clock.end_s, self._clock.origin_s or 0.0)
        self._output.close()

    def _mux(self, packets: list[Any]) -> None:
        for packet in packets:
            self.sound.write_until(float(packet.pts * packet.time_base), self._clock.origin_s or 0.0)
            self._output.mux(packet)


def _container_options(muxer: str) -> dict[str, str]:
    common = {"flush_packets": "1", "max_interleave_delta": "200000"}
    if muxer in ("matroska", "webm"):
        return {**common, "cluster_time_limit": "500"}
    if av.library_versions["libavformat"][:2] >= _HYBRID_SINCE:
        return {**common, "movflags": "hybrid_fragmented"}
    return {**common, "movflags": "+frag_keyframe+empty_moov+default_base_moof"}


def _codec_options(is_vp9: bool, crf: int) -> dict[str, str]:
    if is_vp9:
        return {
            "crf": str(crf + 11),
            "b": "0",
            "deadline": "realtime",
            "cpu-used": "7",
            "row-mt": "1",
            "lag-in-frames": "0",
        }
    return {"crf": str(crf), "preset": "veryfast", "bf": "0"}


def read_frames(pipe: BinaryIO, job: Job) -> Iterator[TimedFrame]:
    """The frames on the pipe until it closes; one that was cut off is left out."""
    while True:
        stamp = _read_exactly(pipe, 8)
        raw = _read_exactly(pipe, job.frame_bytes) if stamp is not None else None
        if stamp is None or raw is None:
            return
        image = np.frombuffer(raw, np.uint8).reshape(job.size_wh[1], job.size_wh[0], 3)
        yield struct.unpack("<d", stamp)[0], image


def _read_exactly(pipe: BinaryIO, count: int) -> bytearray | None:
    data = bytearray(count)
    view = memoryview(data)
    while view:
        got = pipe.readinto(view)  # type: ignore[attr-defined]
        if not got:
            return None
        view = view[got:]
    return data


def _read_ahead(frames: Iterator[TimedFrame], waiting: queue.Queue[TimedFrame | None]) -> None:
    """Runs in a thread: takes frames off the pipe while the encoder works, then puts None."""
    for frame in frames:
        waiting.put(frame)
    waiting.put(None)


def _queued(frames: Iterator[TimedFrame], job: Job) -> Iterator[TimedFrame]:
    waiting: queue.Queue[TimedFrame | None] = queue.Queue(max(2, min(32, _QUEUE_BYTES // job.frame_bytes)))
    threading.Thread(target=_read_ahead, args=(frames, waiting), daemon=True).start()
    while (frame := waiting.get()) is not None:
        yield frame


def record(frames: Iterator[TimedFrame], job: Job) -> Outcome:
    """Write ``frames`` to ``job.path``. On an error the file is left as it is: playable up to the last whole fragment."""
    video: VideoFile | None = None
    try:
        video = VideoFile(job)
        for pts_s, image in frames:
            video.write(pts_s, image)
        if video.frames:
            video.finish()
    except (OSError, ValueError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return Outcome(video.frames if video else 0, reason, video.sound.note if video else "")
    return Outcome(video.frames, "", video.sound.note)


def _ignore_signals() -> None:
    """Ctrl-C and a polite end go to the main process; it closes the pipe, or dies and the system closes it."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def _widen(pipe: BinaryIO) -> None:
    if sys.platform == "linux":
        import fcntl  # noqa: PLC0415 (not there on Windows)

        with contextlib.suppress(OSError):  # a limit of the system: the pipe stays as it is, only slower
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def main() -> None:
    """Read the job and its frames from standard input, write the file, answer on standard output, end the process."""
    _ignore_signals()
    pipe = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115 (unbuffered: a thread may hang in it at the end)
    _widen(pipe)
    line = bytearray()
    while not line.endswith(b"\n"):
        line += pipe.read(1) or b"\n"
    settings = json.loads(line)
    job = Job(**{**settings, "size_wh": tuple(settings["size_wh"]), "fps": tuple(settings["fps"])})
    outcome = record(_queued(read_frames(pipe, job), job), job)
    os.write(1, json.dumps(dataclasses.asdict(outcome)).encode() + b"\n")
    sys.exit(1 if outcome.error else 0)
