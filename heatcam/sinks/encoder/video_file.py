"""Writer of a video file: one video stream, and one audio track if there is any."""

from __future__ import annotations

import math
import os
from fractions import Fraction
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import ColorRange, Colorspace

from heatcam.sinks.encoder.audio import AudioTrack
from heatcam.sinks.encoder.clock import Clock
from heatcam.sinks.encoder.containers import container_options, write_start_tag
from heatcam.sinks.recording.codecs import CODECS, encoder_options
from heatcam.sinks.recording.messages import EncodeJob

_BT709 = 1
_LIMITED_RANGE = 1
_MOST_THREADS = 4  # x264 delays its output by a frame for each
_APPLES_TAG = {"hevc": "hvc1"}  # QuickTime does not play FFmpeg's own tag, hev1


class VideoFile:
    """Video in MP4, MOV, MKV or WebM, BT.709 in limited range (FFV1: the pixels themselves).

    The container is opened with the first frame, when the start of a segment is known.

    Args:
        job: the file to write.
    """

    def __init__(self, job: EncodeJob) -> None:
        self._job = job
        self._rate = Fraction(*job.fps)
        self._clock = Clock(self._rate, job.origin_s)
        self._first_ticks: int | None = None
        self._first_s = 0.0
        self._output: Any = None
        self._stream: Any = None
        self._audio: AudioTrack | None = None
        self.frames = 0

    @property
    def note(self) -> str:
        """Note about the audio for the user, or ""."""
        return "" if self._audio is None else self._audio.note

    def write(self, pts_s: float, image_bgr: npt.NDArray[np.uint8]) -> None:
        """Encode one frame, uint8 ``(H, W, 3)`` BGR, at its time in seconds."""
        ticks = self._clock.ticks(pts_s)
        if self._first_ticks is None:
            self._first_ticks, self._first_s = ticks, pts_s
            self._open(ticks)
        picture = self._picture(image_bgr)
        picture.pts = ticks - self._first_ticks
        picture.time_base = Fraction(1, self._clock.ticks_per_s)
        self._mux(self._stream.encode(picture))
        self.frames += 1

    def finish(self) -> None:
        """Write the frames that the encoder still holds, and the index.

        If the disk is too full for the index, the fragments before it still play (tested with 0 to 12 kB left).
        """
        if self._output is None or self._audio is None or self._first_ticks is None:
            return
        self._mux(self._stream.encode(None))
        end_s = self._clock.end_s - self._first_ticks / self._clock.ticks_per_s
        self._audio.write_until(end_s, self._first_s)
        self._output.close()

    def _open(self, start_ticks: int) -> None:
        job = self._job
        self._output = av.open(job.path, "w", format=job.muxer, options=container_options(job.muxer))
        if job.origin_s is not None:
            write_start_tag(self._output, job.fps, start_ticks)
        self._stream = self._add_stream()
        self._audio = AudioTrack(job.audio_from, self._output)

    def _add_stream(self) -> Any:
        job, codec = self._job, CODECS[self._job.codec]
        stream: Any = self._output.add_stream(_encoder_that_is_here(job.codec), rate=self._rate)
        stream.width, stream.height = job.size_wh
        odd = job.size_wh[0] % 2 or job.size_wh[1] % 2
        stream.pix_fmt = codec.odd_pix_fmt if odd else codec.pix_fmt
        context = stream.codec_context
        stream.time_base = context.time_base = Fraction(1, self._clock.ticks_per_s)
        context.framerate = self._rate
        context.gop_size = max(1, math.floor(self._rate / 2))
        context.thread_count = min(_MOST_THREADS, (os.cpu_count() or 1) + 1)
        if stream.pix_fmt != "bgr0":
            context.color_primaries = context.color_trc = context.colorspace = _BT709
            context.color_range = _LIMITED_RANGE
        if job.codec in _APPLES_TAG and job.muxer in ("mp4", "mov"):
            context.codec_tag = _APPLES_TAG[job.codec]
        stream.options = encoder_options(job.codec, job.crf, job.rate)
        return stream

    def _picture(self, image_bgr: npt.NDArray[np.uint8]) -> Any:
        picture: Any = av.VideoFrame.from_ndarray(image_bgr, format="bgr24")
        if self._stream.pix_fmt == "bgr0":
            return picture.reformat(format="bgr0")
        picture = picture.reformat(
            format=self._stream.pix_fmt, dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        picture.colorspace, picture.color_range = _BT709, _LIMITED_RANGE
        return picture

    def _mux(self, packets: list[Any]) -> None:
        for packet in packets:
            if self._audio is not None:
                self._audio.write_until(float(packet.pts * packet.time_base), self._first_s)
            self._output.mux(packet)


def codecs_here() -> list[str]:
    """Return the keys of ``CODECS`` that this PyAV can encode."""
    return [name for name in CODECS if _encoders_here(name)]


def _encoders_here(name: str) -> list[str]:
    return [encoder for encoder in CODECS[name].encoders if encoder in av.codecs_available]


def _encoder_that_is_here(name: str) -> str:
    found = _encoders_here(name)
    if not found:
        raise ValueError(f"this PyAV cannot encode {name}; it has {', '.join(codecs_here())}")
    return found[0]


#: Entry point that ``OutputFormat.writer`` refers to.
open_writer = VideoFile
