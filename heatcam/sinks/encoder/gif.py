"""GIF writer: for short clips, and for pages and papers that play no video."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from heatcam.sinks.recording.messages import EncodeJob

_GIF_TICKS_PER_S = 100


class GifFile:
    """GIF that loops for ever, each frame with its own palette of 256 colours.

    One palette for all would need all frames at once; with its own, each frame is in the file as soon as it is written.
    """

    note = ""

    def __init__(self, job: EncodeJob) -> None:
        self._output: Any = av.open(job.path, "w", format="gif", options={"loop": "0", "flush_packets": "1"})
        self._stream: Any = self._output.add_stream("gif", rate=_GIF_TICKS_PER_S)
        self._stream.width, self._stream.height = job.size_wh
        self._stream.pix_fmt = "pal8"
        self._stream.codec_context.time_base = Fraction(1, _GIF_TICKS_PER_S)
        self._graph = _palette_graph(job.size_wh)
        self._origin_s: float | None = None
        self._last = -1
        self._frame_ticks = max(2, round(_GIF_TICKS_PER_S / job.rate))
        self.frames = 0

    def write(self, pts_s: float, image_bgr: npt.NDArray[np.uint8]) -> None:
        """Encode one frame, uint8 ``(H, W, 3)`` BGR, at its time in seconds, rounded to a hundredth."""
        if self._origin_s is None:
            self._origin_s = pts_s
        picture: Any = av.VideoFrame.from_ndarray(image_bgr, format="bgr24")
        self._last = max(round((pts_s - self._origin_s) * _GIF_TICKS_PER_S), self._last + 1)
        picture.pts, picture.time_base = self._last, Fraction(1, _GIF_TICKS_PER_S)
        self._graph.push(picture)
        self._mux(self._stream.encode(self._coloured()))
        self.frames += 1

    def finish(self) -> None:
        """Write the last frame, and the end of the file."""
        self._mux(self._stream.encode(None))
        self._output.close()

    def _coloured(self) -> Any:
        coloured = self._graph.pull()
        coloured.pts, coloured.time_base = self._last, Fraction(1, _GIF_TICKS_PER_S)
        return coloured

    def _mux(self, packets: list[Any]) -> None:
        for packet in packets:
            packet.duration = (
                self._frame_ticks
            )  # duration of the last frame; the others last until the next one's time
            self._output.mux(packet)


def _palette_graph(size_wh: tuple[int, int]) -> Any:
    """Build FFmpeg's filters ``palettegen`` and ``paletteuse`` for each frame by itself."""
    graph = av.filter.Graph()
    width, height = size_wh
    given = graph.add_buffer(
        width=width, height=height, format="bgr24", time_base=Fraction(1, _GIF_TICKS_PER_S)
    )
    split = graph.add("split")
    palette = graph.add("palettegen", "stats_mode=single:reserve_transparent=0")
    use = graph.add("paletteuse", "new=1:dither=bayer:bayer_scale=4")
    out = graph.add("buffersink")
    given.link_to(split)
    split.link_to(palette, 1, 0)
    split.link_to(use, 0, 0)
    palette.link_to(use, 0, 1)
    use.link_to(out)
    graph.configure()
    return graph


#: Entry point that ``OutputFormat.writer`` refers to.
open_writer = GifFile
