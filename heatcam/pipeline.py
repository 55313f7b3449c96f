"""The whole pipeline on one screen: source -> explainer -> painter -> sinks.

``run_pipeline`` runs the stages one after the other; ``run_at_once`` reads, explains, and paints at the same time.

It is for runs without user input; the window, which answers keys, has a loop of its own (``heatcam.live``). All stages are
passed in; nothing is opened here. Data flows one way.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

import numpy as np

from heatcam.errors import HeatcamError
from heatcam.frames import Explains, Explanation, Frame
from heatcam.geometry import Uint8Array
from heatcam.runtime import BackgroundWorker, prefetch


class Sink(Protocol):
    """Anything that shows, writes or sends a painted frame. Called on the thread that runs the pipeline."""

    def take(self, picture: Uint8Array, explanation: Explanation) -> None:
        """Take one painted frame (uint8 ``(H, W, 3)``, BGR) and the explanation that it was painted from."""
        ...


@dataclass(frozen=True)
class Limits:
    """Limits of a run, to stop before the frames end; None means no limit.

    Attributes:
        max_frames: stop after this many frames.
        seconds: stop after this many seconds.
    """

    max_frames: int | None = None
    seconds: float | None = None

    def reached(self, frames: int, elapsed_s: float) -> bool:
        """Return True if a run of ``frames`` frames and ``elapsed_s`` seconds is over."""
        over_frames = self.max_frames is not None and frames >= self.max_frames
        return over_frames or (self.seconds is not None and elapsed_s >= self.seconds)


def percentiles_ms(seconds: Iterable[float]) -> dict[str, float] | None:
    """Return median, 95th and 99th percentile in milliseconds; None where nothing was measured."""
    times = np.asarray(list(seconds)) * 1e3
    if not times.size:
        return None
    return {f"p{q}": round(float(np.percentile(times, q)), 2) for q in (50, 95, 99)}


@dataclass
class Run:
    """Statistics of a run so far, for the top line and the report.

    Attributes:
        frames: frames handed to the sinks.
        started_s: ``time.perf_counter()`` at the first frame's arrival.
        durations_s: wall clock of the last ten thousand frames, each from its arrival to the end of its last sink.
        errors: reasons why maps failed, each once.
    """

    frames: int = 0
    started_s: float = field(default_factory=time.perf_counter)
    durations_s: deque[float] = field(default_factory=lambda: deque(maxlen=10_000))
    errors: list[str] = field(default_factory=list)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.started_s

    @property
    def recent_fps(self) -> float:
        """Frames a second over the last thirty frames; 0 before the second one."""
        recent = list(islice(reversed(self.durations_s), 30))
        return len(recent) / sum(recent) if recent else 0.0

    def latency_ms(self) -> dict[str, float]:
        """Return median, 95th and 99th percentile of a frame's time, in milliseconds."""
        return percentiles_ms(self.durations_s) or {"p50": 0.0, "p95": 0.0, "p99": 0.0}


Painter = Callable[[Explanation, Run], Uint8Array]
#: Told of what one frame failed with; True goes on with the next frame, False ends the run with the error.
OnFailure = Callable[[HeatcamError], bool]

_FRAMES_AHEAD, _FRAMES_BEHIND = 4, 2


class _Finish:
    """The stages after explaining: paints, hands frames to the sinks, and counts. The run begins when this is made."""

    def __init__(self, paint: Painter, sinks: Sequence[Sink], run: Run) -> None:
        self._paint, self._sinks, self._run = paint, sinks, run
        run.started_s = self._ended_s = time.perf_counter()

    def __call__(self, explanation: Explanation) -> None:
        run = self._run
        if explanation.map_error and explanation.map_error not in run.errors:
            run.errors.append(explanation.map_error)
        picture = self._paint(explanation, run)
        for sink in self._sinks:
            sink.take(picture, explanation)
        now = time.perf_counter()
        run.durations_s.append(now - self._ended_s)
        run.frames, self._ended_s = run.frames + 1, now


def run_pipeline(
    frames: Iterable[Frame],
    explainer: Explains,
    paint: Painter,
    sinks: Sequence[Sink],
    limits: Limits,
    run: Run,
    on_failure: OnFailure | None = None,
) -> None:
    """Explain and paint each frame in turn and hand it to the sinks, until the frames, the limits or the user end it.

    ``run`` is updated after each frame, so that it is right also after Ctrl-C or an error.
    """
    finish = _Finish(paint, sinks, run)
    for frame in frames:
        try:
            finish(explainer.explain(frame, with_map=True))
        except HeatcamError as error:
            if on_failure is None or not on_failure(error):
                raise
        if limits.reached(run.frames, run.elapsed_s):
            return


def run_at_once(
    frames: Iterable[Frame],
    explainer: Explains,
    paint: Painter,
    sinks: Sequence[Sink],
    limits: Limits,
    run: Run,
) -> None:
    """Do as ``run_pipeline``, with the stages at the same time and frames in order, for sinks that may run in another thread.

    Frames are read in one thread, explained in the caller's, painted and handed to the sinks in a third. A frame's time in
    ``run`` is then the time between the ends of two frames. After Ctrl-C and errors, explained frames are still painted and
    handed to the sinks.

    It is not for cameras: they read in a thread of their own, and frames read ahead here would only get old.
    """
    finish = _Finish(paint, sinks, run)
    with closing(prefetch(frames, _FRAMES_AHEAD)) as read, BackgroundWorker(finish, _FRAMES_BEHIND) as behind:
        for explained, frame in enumerate(read, start=1):
            behind.submit(explainer.explain(frame, with_map=True))
            if limits.reached(explained, run.elapsed_s):
                return
