"""The demo scene as a source: needs no camera, no file and no network, and knows where every marker is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import TracebackType

from heatcam.frames import Frame
from heatcam.sources.base import SourceBase
from heatcam.sources.demo.scene import DemoScene, TrueBox
from heatcam.sources.seeking import Playhead, frame_at


class DemoSource(SourceBase):
    """Frames of a ``DemoScene``, from the first one on, for ever or ``frame_count`` of them.

    By default it behaves like a file: every frame, as fast as the reader takes them. With ``is_live`` it behaves like a
    camera: a frame comes when its time has come, and a slow reader misses some.

    Args:
        size_wh: width and height of the frames in pixels.
        seed: another seed, another scene.
        fps: frames to a second.
        frame_count: how many frames there are; None is endless.
        is_live: keep to the clock.
        clock: seconds that only move forward; tests put their own here.
        sleep: waits for so many seconds; tests put their own here.
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
        """How long it plays, in seconds; None for ever."""
        return None if self.frame_count is None else self.frame_count / self.fps

    def seek(self, to_s: float) -> None:
        """Go to ``to_s`` seconds; see ``Source``."""
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
        """Frames from index 0 on, or from where ``seek`` asked to begin; each call starts anew."""
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
        """Where the markers of frame ``frame_index`` are, in its own pixels."""
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
        """The frame after ``index``; for a live source the one whose time is now, counting what was missed."""
        if not self.is_live:
            return index + 1
        now = int((self._clock() - started_s) * self.fps + 1e-6)  # a frame due this instant is due
        following = max(index + 1, now)
        self.dropped += following - index - 1
        return following
