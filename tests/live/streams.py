"""Sources, explainers and windows that behave as badly as real ones, for tests of the live window."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from heatcam.frames import Detections, Explanation, Frame, SaliencyMap, Timings
from heatcam.geometry import Letterbox, Uint8Array
from heatcam.live.capture import CaptureThread, FilmOptions
from heatcam.live.explain_request import ExplainRequest, Ready
from heatcam.live.inference import Answer, Explain, Inference, no_answers
from heatcam.live.parts import RunCaption, SessionParts, SessionPlan
from heatcam.live.renderer import Renderer
from heatcam.live.saving import RecordingToggle, Snapshots
from heatcam.live.session import Session
from heatcam.live.state import Choices, WindowState
from heatcam.pipeline import Limits, Sink
from heatcam.sinks.keys import DEFAULT_KEYS, Action
from heatcam.sinks.window_events import Event
from heatcam.sources.base import SourceBase
from heatcam.sources.state import PLAYING, SourceState

SIZE_WH = (160, 120)
BOX = (40.0, 30.0, 104.0, 94.0)


def frame(index: int, fps: float = 100.0, value: int | None = None) -> Frame:
    shade = index % 256 if value is None else value
    picture = np.full((SIZE_WH[1], SIZE_WH[0], 3), shade, np.uint8)
    return Frame(picture, index, time.monotonic(), index / fps, "stream")


def seen(of: Frame, boxes: tuple[tuple[float, ...], ...] = (BOX,), *, heat: bool = True) -> Explanation:
    """One object a box, each of another class, with evidence in the middle of each box."""
    xyxy = np.array(boxes, np.float32).reshape(-1, 4)
    count = len(xyxy)
    letterbox = Letterbox.fit(of.size_wh, 160)
    values = np.zeros((letterbox.model_wh[1] // 8, letterbox.model_wh[0] // 8), np.float32)
    for x1, y1, x2, y2 in letterbox.boxes_to_model(xyxy) / 8 if count else ():
        values[int((y1 + y2) / 2), int((x1 + x2) / 2)] = 2.0
    found = Detections(
        xyxy,
        np.linspace(0.9, 0.5, count, dtype=np.float32),
        np.arange(count),
        np.arange(count),
        ("thing",) * count,
    )
    saliency = SaliencyMap(values, letterbox, "live", "15") if heat else None
    return Explanation(of, found, saliency, timings=Timings(1.0, 2.0, 3.0))


class Stream(SourceBase):
    """A source of ``count`` frames (None never ends), live or not, that can be told to block or to die."""

    name = "stream"
    frame_count = None
    size_wh = SIZE_WH

    def __init__(
        self,
        count: int | None = None,
        *,
        is_live: bool = False,
        fps: float = 100.0,
        blocks_at: int | None = None,
        dies_at: int | None = None,
        can_seek: bool = False,
    ) -> None:
        self.count, self.is_live, self.fps = count, is_live, fps
        self.blocks_at, self.dies_at = blocks_at, dies_at
        self.can_seek = can_seek
        self._to: int | None = None
        self.dropped = 0
        self.state: SourceState = PLAYING
        self.given = 0
        self.left = threading.Event()
        self.unblock = threading.Event()

    @property
    def duration_s(self) -> float | None:
        return None if self.count is None else self.count / self.fps

    def seek(self, to_s: float) -> None:
        last = 10**9 if self.count is None else self.count - 1
        self._to = min(round(to_s * self.fps), last)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.left.set()

    def __iter__(self) -> Iterator[Frame]:
        while True:
            if self._to is not None:
                self.given, self._to = self._to, None
            if self.count is not None and self.given >= self.count:
                return
            if self.given == self.dies_at:
                raise self.error()
            if self.given == self.blocks_at:
                self.unblock.wait(30)
            if self.is_live:
                time.sleep(1 / self.fps)
            yield frame(self.given, self.fps)
            self.given += 1

    @staticmethod
    def error() -> Exception:
        from heatcam.errors import SourceError

        return SourceError("the camera is gone", "plug it in")


class FakeViewer:
    """A window nobody sees: keeps what was shown, and presses keys when a condition holds.

    Args:
        script: pairs of a condition on the viewer, and the events that are due once it holds.
    """

    def __init__(self, *script: tuple[Callable[[FakeViewer], bool], list[Event]]) -> None:
        self.script = list(script)
        self.shown: list[Uint8Array] = []
        self.shown_at_s: list[float] = []
        self.asked_at_s: list[float] = []
        self.full_screen: list[bool] = []
        self.polls = 0
        #: The window's size; None is as large as the picture.
        self.drawn_for: tuple[int, int] | None = None

    def set_full_screen(self, wanted: bool) -> None:
        self.full_screen.append(wanted)

    def take_text(self, wanted: bool) -> None:
        self.takes_text = wanted

    @property
    def is_open(self) -> bool:
        return bool(self.shown)

    def size_wh(self) -> tuple[int, int] | None:
        return (640, 480) if self.shown else None

    def room_wh(self, picture_wh: tuple[int, int]) -> tuple[int, int]:
        return self.drawn_for or picture_wh

    def show(self, picture: Uint8Array) -> None:
        self.shown.append(picture.copy())
        self.shown_at_s.append(time.monotonic())

    def poll(self, wait_ms: int = 1) -> list[Event]:
        self.polls += 1
        time.sleep(wait_ms / 1e3)
        if self.script and self.script[0][0](self):
            self.asked_at_s.append(time.monotonic())
            return self.script.pop(0)[1]
        return []


def after(pictures: int) -> Callable[[FakeViewer], bool]:
    """Once so many pictures were shown."""
    return lambda viewer: len(viewer.shown) >= pictures


def later(seconds: float) -> Callable[[FakeViewer], bool]:
    """So long after the key before."""
    return lambda viewer: time.monotonic() - viewer.asked_at_s[-1] >= seconds


QUIT: list[Event] = [Action.QUIT]


class FakeExplainer:
    """Finds the same boxes in each frame, takes ``seconds`` for it, and notes what was asked."""

    def __init__(self, boxes: tuple[tuple[float, ...], ...] = (BOX,), seconds: float = 0.0) -> None:
        self.boxes, self.seconds = boxes, seconds
        self.asked: list[tuple[int, ExplainRequest]] = []

    def __call__(self, of: Frame, request: ExplainRequest) -> Explanation:
        self.asked.append((of.frame_index, request))
        time.sleep(self.seconds)
        found = seen(of, self.boxes, heat=request.with_map)
        if not request.with_object_maps or found.saliency is None:
            return found
        maps = tuple(seen(of, (box,)).saliency for box in self.boxes)
        return replace(found, object_maps=tuple(m for m in maps if m is not None))


def session(
    source: Stream,
    viewer: FakeViewer,
    explain: Explain | None = None,
    *,
    state: WindowState | None = None,
    folder: object = None,
    limits: Limits | None = None,
    slideshow: bool = False,
    holds: bool = False,
    realtime: bool = False,
    film: FilmOptions | None = None,
    load: Callable[[], Ready] | None = None,
    waits_for: Callable[[], tuple[str, float] | None] | None = None,
    sinks: tuple[Sink, ...] = (),
    answer: Answer = no_answers,
) -> Session:
    """A session on fakes; only its own code is real."""
    from pathlib import Path

    capture = CaptureThread(source, film, realtime=realtime)
    where = Path(str(folder)) if folder is not None else Path()
    parts = SessionParts(
        capture,
        Inference(
            capture.frames,
            explain or FakeExplainer(),
            ExplainRequest(),
            drops=capture.drops,
            load=load,
            waits_for=waits_for,
            answer=answer,
        ),
        viewer,  # type: ignore[arg-type]
        Renderer(0.0, DEFAULT_KEYS),
        Snapshots(where, {"model": "fake"}),
        RecordingToggle(where),
        sinks,
    )
    start = WindowState()
    choices = Choices(("live", "gradcam"), ("", "15", "18"), start)
    plan = SessionPlan(RunCaption("fake", "cpu"), limits or Limits(), slideshow=slideshow, holds=holds)
    return Session(parts, state or start, choices, plan)
