"""Conversion of decoded frames to upright BGR pictures of one size, deinterlaced if needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import Interpolation

Picture = npt.NDArray[np.uint8]


class Deinterlacer:
    """Deinterlacer by FFmpeg's ``bwdif``, one frame out for each frame in; progressive frames pass unchanged.

    Args:
        every: treat every frame as interlaced, whatever its flag says.
    """

    def __init__(self, every: bool) -> None:
        self._every = every
        self._graph: Any = None
        self._of: tuple[Any, ...] = ()

    def whole(self, frames: Iterable[Any]) -> Iterator[Any]:
        """Yield the frames deinterlaced. From the first interlaced one on, one is held back for comparison with the next."""
        for frame in frames:
            if self._graph is None and not (self._every or frame.interlaced_frame):
                yield frame
                continue
            shape = (frame.width, frame.height, frame.format.name)
            if shape != self._of:
                yield from self._rest()
                self._graph, self._of = self._new(frame), shape
            self._graph.push(frame)
            yield from self._pulled()
        yield from self._rest()

    def _rest(self) -> Iterator[Any]:
        """Yield the frame held back."""
        if self._graph is not None:
            self._graph.push(None)
            yield from self._pulled()

    def _new(self, frame: Any) -> Any:
        graph = av.filter.Graph()
        source = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
        )
        which = "all" if self._every else "interlaced"
        bwdif = graph.add("bwdif", f"mode=send_frame:parity=auto:deint={which}")
        sink = graph.add("buffersink")
        source.link_to(bwdif)
        bwdif.link_to(sink)
        graph.configure()
        return graph

    def _pulled(self) -> Iterator[Any]:
        while True:
            try:
                yield self._graph.pull()
            except (BlockingIOError, EOFError):
                return


def upright(frame: Any, size_wh: tuple[int, int] | None = None) -> Picture:
    """Convert a frame to uint8 ``(H, W, 3)`` BGR, rotated as its metadata says, contiguous.

    Args:
        frame: PyAV's frame.
        size_wh: width and height to scale the rotated picture to; None keeps its own.
    """
    quarters = quarters_of(frame)
    if size_wh is not None and quarters % 2:
        size_wh = size_wh[::-1]
    width, height = size_wh or (frame.width, frame.height)
    picture = frame.reformat(
        width=width,
        height=height,
        format="bgr24",
        interpolation=Interpolation.BICUBIC,  # as OpenCV does
    ).to_ndarray()
    return np.ascontiguousarray(np.rot90(picture, quarters))


def quarters_of(frame: Any) -> int:
    """Return the number of counter-clockwise quarter turns that make a frame upright."""
    return round(float(frame.rotation) / 90) % 4
