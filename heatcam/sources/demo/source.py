"""Source of the demo scene: needs no camera, no file and no network, and has the true box of every marker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import TracebackType

from heatcam.frames import Frame
from heatcam.sources.base import SourceBase
from heatcam.sources.demo.scene import DemoScene, TrueBox
from heatcam.sources.seeking import Playhead, frame_at


class DemoSource(SourceBase):
    """Frames of a ``DemoScene``, from the first one on, endless or ``frame_count`` of them.

    By default it behaves like a file: every frame, as fast as the reader takes them. With ``is_live`` it behaves like a
    camera: each frame comes at its own time, and a slow reader misses some.

    Args:
        size_wh: width and height of the frames in pixels.
        seed: random seed of the scene.
        fps: frames per second.
        frame_count: total number of frames; None is endless.
        is_live: give frames in real time.
        clock: monotonic clock, in seconds; tests pass their own.
        sleep: waits for a number of seconds; tests pass their own.
    """

    name = "demo"

    can_seek = True

    def __init__(
        self,
        size_wh: tuple[int, int] = (1280, 720),
        seed: int = 0,
        fps: float = 30.0,
        *,
        frame_count: int | None = None,
        is_live: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.size_wh = size_wh
        self.fps = fps
        self.frame_count = frame_count
        self.is_live = is_live
        self.dropped = 0
        self._seed = seed
        self._clock = clock
        self._sleep = sleep
        self._scene: DemoScene | None = None
        self._playhead = Playhead()

    @property
    def duration_s(self) -> float | None:
        """Duration in seconds; None if endless."""
        return None if self.frame_count is None else self.frame_count / self.fps

    def seek(self, to_s: float) -> None:
        """Seek to ``to_s`` seconds; see ``Source``."""
        self._playhead.ask(to_s)

    def __enter__(self) -> DemoSource:
        self.is_closed = False
        self._opened()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._scene = None

    def __iter__(self) -> Iterator[Frame]:
        """Iterate over the frames from index 0, or from the target of ``seek``; each call starts again."""
        scene, started_s, index = self._opened(), self._clock(), 0
        self.dropped = 0
        while True:
            if (to_s := self._playhead.take()) is not None:
                index = frame_at(to_s, self.fps)
                index = index if self.frame_count is None else min(index, self.frame_count - 1)
                started_s = self._clock() - index / self.fps
            if self.is_closed or (self.frame_count is not None and index >= self.frame_count):
                return
            image = scene.render(index).image_bgr
            self._wait_until(started_s + index / self.fps)
            yield Frame(image, index, self._clock(), index / self.fps, self.name)
            index = self._next_index(index, started_s)

    def truth(self, frame_index: int) -> tuple[TrueBox, ...]:
        """Return the true boxes of the markers in frame ``frame_index``, in its own pixels."""
        return self._opened().boxes(frame_index)

    def _opened(self) -> DemoScene:
        if self._scene is None:
            self._scene = DemoScene(self.size_wh, self._seed, self.fps)
        return self._scene

    def _wait_until(self, due_s: float) -> None:
        early_s = due_s - self._clock()
        if self.is_live and early_s > 0:
            self._sleep(early_s)

    def _next_index(self, index: int, started_s: float) -> int:
        """Return the index of the next frame; for a live source the one that is due now, with the missed ones counted."""
        if not self.is_live:
            return index + 1
        now = int((self._clock() - started_s) * self.fps + 1e-6)  # a frame due this instant is due
        following = max(index + 1, now)
        self.dropped += following - index - 1
        return following
