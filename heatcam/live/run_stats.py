"""Statistics of a run of the window, for the top line and the report."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import islice

from heatcam.sinks import Action

_KEPT = 10_000  # newest values of each, so that a run of days stays small


def _newest() -> deque[float]:
    return deque(maxlen=_KEPT)


@dataclass
class RunStats:
    """Statistics of the run so far. Used from the display thread.

    Attributes:
        frames_taken: number of the source's frames that reached the window.
        frames_shown: number of those that were drawn, each counted once.
        started_s: ``time.perf_counter()`` at the first frame.
        latency_s: times to explain a frame and draw it.
        draw_s: times to draw a picture.
        age_s: times from capture of a frame to its picture in the window; live sources only.
        key_s: times from a key to the picture that answers it.
        shown_at_s: ``time.perf_counter()`` when the newest frames reached the window.
        actions: number of uses of each key.
        errors: messages of failures, each once.
    """

    frames_taken: int = 0
    frames_shown: int = 0
    started_s: float = field(default_factory=time.perf_counter)
    latency_s: deque[float] = field(default_factory=_newest)
    draw_s: deque[float] = field(default_factory=_newest)
    age_s: deque[float] = field(default_factory=_newest)
    key_s: deque[float] = field(default_factory=_newest)
    shown_at_s: deque[float] = field(default_factory=lambda: deque(maxlen=31))
    actions: Counter[Action] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    _flowing_s: float = 0.0
    _intervals: int = 0

    @property
    def fps(self) -> float:
        """Frames per second over the last thirty frames; 0 before the second one."""
        times = self.shown_at_s
        return (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 and times[-1] > times[0] else 0.0

    @property
    def recent_draw_ms(self) -> float:
        """Mean time to draw over the last thirty pictures, in milliseconds."""
        recent = list(islice(reversed(self.draw_s), 30))
        return 1e3 * sum(recent) / len(recent) if recent else 0.0

    @property
    def elapsed_s(self) -> float:
        """Seconds since the first frame."""
        return time.perf_counter() - self.started_s

    def count_frame(self, now_s: float) -> None:
        """Count a frame that reaches the window at ``now_s`` on ``time.perf_counter()``."""
        if not self.frames_taken:
            self.started_s = now_s
        elif self.shown_at_s:
            self._flowing_s += now_s - self.shown_at_s[-1]
            self._intervals += 1
        self.frames_taken += 1
        self.shown_at_s.append(now_s)

    def pause(self) -> None:
        """Restart the frame rate: the next frame does not follow the last, so the time between them does not count."""
        self.shown_at_s.clear()

    @property
    def mean_fps(self) -> float:
        """Frames per second over the whole run, without its pauses; 0 before the second frame."""
        return self._intervals / self._flowing_s if self._flowing_s > 0 else 0.0

    def note_failure(self, text: str) -> None:
        """Keep a failure's message, once."""
        if text and text not in self.errors:
            self.errors.append(text)
