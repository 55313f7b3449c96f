"""Join the segments of a recording, finished or not, packet by packet without re-encoding; count their frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av

from heatcam.errors import reason_of
from heatcam.sinks.encoder.audio import AudioTrack
from heatcam.sinks.encoder.clock import Clock
from heatcam.sinks.encoder.containers import container_options, read_start_tag
from heatcam.sinks.recording.messages import JoinJob, Outcome

_AS_TOLD: tuple[int, int] = (0, 1)


@dataclass(frozen=True)
class _Segment:
    """Open file of a recording.

    Attributes:
        source: the PyAV container.
        video: its video stream.
        fps: the nominal rate.
        start_s: its start within the whole recording, in seconds.
    """

    source: Any
    video: Any
    fps: Fraction
    start_s: Fraction


def count(path: str) -> Outcome:
    """Count the complete frames of a file, finished or not, and measure their duration."""
    try:
        with av.open(path) as source:
            segment = _opened(source, path, _AS_TOLD)
            last_s, frames = Fraction(0), 0
            for packet in _whole_packets(segment.source, segment.video):
                frames, last_s = frames + 1, packet.pts * packet.time_base
            return Outcome(frames, seconds=float(last_s + 1 / segment.fps) if frames else 0.0)
    except (OSError, ValueError, IndexError) as error:
        return Outcome(0, reason_of(error))


def join(job: JoinJob) -> Outcome:
    """Write the segments' frames, each at its time in the whole recording, into one finished file; the segments are kept."""
    frames = 0
    sources = []
    try:
        sources = [av.open(path) for path in job.segments]
        segments = [
            _opened(source, path, job.fps) for source, path in zip(sources, job.segments, strict=True)
        ]
        _require_alike(segments)
        with av.open(job.path, "w", format=job.muxer, options=container_options(job.muxer)) as output:
            joined = _Joined(output, job, segments)
            for segment in segments:
                joined.take(segment)
            joined.finish()
            frames = joined.frames
        return Outcome(frames, note=joined.note, seconds=joined.end_s)
    except (OSError, ValueError, IndexError) as error:
        return Outcome(frames, reason_of(error))
    finally:
        for source in sources:
            source.close()


class _Joined:
    """File that the segments are written into."""

    def __init__(self, output: Any, job: JoinJob, segments: list[_Segment]) -> None:
        first = segments[0]
        self._output = output
        self._clock = Clock(first.fps, 0.0)
        self._origin_s = job.origin_s
        self._time_base = Fraction(1, self._clock.ticks_per_s)
        self._video = output.add_stream_from_template(first.video)
        self._video.time_base = self._time_base
        self._audio = AudioTrack(job.audio_from, output) if job.audio_from else None
        # the segments' own audio only if the source's is not available
        tracks = first.source.streams.audio
        self._own = output.add_stream_from_template(tracks[0]) if tracks and self._audio is None else None
        self._own_end: Fraction | None = None
        self.frames = 0

    @property
    def note(self) -> str:
        """Note about the audio for the user, or ""."""
        return "" if self._audio is None else self._audio.note

    @property
    def end_s(self) -> float:
        """Duration of the joined file, in seconds."""
        return self._clock.end_s if self.frames else 0.0

    def take(self, segment: _Segment) -> None:
        """Copy the packets of the next segment."""
        wanted = [segment.video, *(segment.source.streams.audio[:1] if self._own is not None else ())]
        for packet in _whole_packets(segment.source, *wanted):
            if packet.stream.type == "audio":
                self._take_audio(packet, segment)
            else:
                self._take_picture(packet, segment)

    def finish(self) -> None:
        """Copy the rest of the source's audio."""
        if self._audio is not None:
            self._audio.write_until(self.end_s, self._origin_s)

    def _take_picture(self, packet: Any, segment: _Segment) -> None:
        at_s = segment.start_s + packet.pts * packet.time_base
        if self._audio is not None:
            self._audio.write_until(float(at_s), self._origin_s)
        # heatcam encodes without reordering; the clock undoes the rounding to MKV's milliseconds
        packet.pts = packet.dts = self._clock.ticks(float(at_s))
        packet.time_base, packet.stream = self._time_base, self._video
        packet.duration = self._clock.ticks_per_frame
        self._output.mux(packet)
        self.frames += 1

    def _take_audio(self, packet: Any, segment: _Segment) -> None:
        """Copy an audio packet; one that two segments share at their border, or that would overlap, is copied once."""
        at = segment.start_s + packet.pts * packet.time_base
        if self._own_end is not None and at < self._own_end - Fraction(1, 1000):
            return
        self._own_end = at + (packet.duration or 0) * packet.time_base
        packet.pts = packet.dts = round(at / packet.time_base)
        packet.stream = self._own
        self._output.mux(packet)


def _opened(source: Any, path: str, fps: tuple[int, int]) -> _Segment:
    if not source.streams.video:
        raise ValueError(f"{path} holds no picture")
    video = source.streams.video[0]
    said, start_ticks = read_start_tag(source)
    told = said or (None if fps == _AS_TOLD else fps)
    rate = Fraction(*told) if told else Fraction(video.average_rate or video.base_rate or 25)
    return _Segment(source, video, rate, Fraction(start_ticks, Clock(rate).ticks_per_s))


def _require_alike(segments: list[_Segment]) -> None:
    first = segments[0].video.codec_context
    for segment in segments[1:]:
        context = segment.video.codec_context
        if context.name != first.name or context.extradata != first.extradata:
            raise ValueError("its pieces were encoded differently, by another version perhaps")


def _whole_packets(source: Any, *streams: Any) -> Iterator[Any]:
    """Yield the complete packets in the file's order, up to where its writing was cut off."""
    packets = source.demux(*streams)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, OSError, ValueError):  # the truncated end of a file
            return
        if packet.dts is not None and packet.size and not packet.is_corrupt:
            yield packet
