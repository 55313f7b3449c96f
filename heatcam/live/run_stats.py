"""A run of the window in numbers: what the top line and the report say."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import islice

from heatcam.sinks import Action

_KEPT = 10_000  # of the newest of each, so that a run of days stays small


def _newest() -> deque[float]:
    return deque(maxlen=_KEPT)


@dataclass
class RunStats:
    """What has happened so far. Used from the thread that shows.

    Attributes:
        frames_taken: frames of the source that came to the window.
        frames_shown: those that were drawn, each once.
        started_s: ``time.perf_counter()`` at the first frame.
        latency_s: explaining a frame and drawing it.
        draw_s: drawing a picture.
        age_s: from the frame in hand to its picture in the window; of live sources.
        key_s: from a key to the picture that answers it.
        shown_at_s: ``time.perf_counter()`` of the newest frames' first drawing.
        actions: how often each key was used.
        errors: what went wrong, each once.
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
        """Frames a second over the last thirty; 0 before the second one."""
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
        """A frame of the source comes to the window, at ``now_s`` on ``time.perf_counter()``."""
        if not self.frames_taken:
            self.started_s = now_s
        elif self.shown_at_s:
            self._flowing_s += now_s - self.shown_at_s[-1]
            self._intervals += 1
        self.frames_taken += 1
        self.shown_at_s.append(now_s)

    def pause(self) -> None:
        """What comes next does not follow what came before: the time between them is nobody's rate."""
        self.shown_at_s.clear()

    @property
    def mean_fps(self) -> float:
        """Frames a second over the whole run, without its pauses; 0 before the second one."""
        return self._intervals / self._flowing_s if self._flowing_s > 0 else 0.0

    def note_failure(self, text: str) -> None:
        """Keep what went wrong, once."""
        if text and text not in self.errors:
            self.errors.append(text)
