"""Audio of the source, its packets copied unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import av


class AudioTrack:
    """First audio track of a file, its packets copied unchanged, in step with the frames.

    Args:
        path: the file; "" for no audio.
        output: the PyAV container that gets the track.
    """

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
        """Copy the packets before ``end_s``, in seconds from the first frame; ``origin_s`` is that frame's time."""
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
