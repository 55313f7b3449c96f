"""Where the window is in its source: the next frame when it is due, steps, seeks, and what comes behind the last frame."""

from __future__ import annotations

from collections.abc import Callable

from heatcam.frames import Frame
from heatcam.live.capture import Captured, CaptureThread, End, Stretch
from heatcam.live.frame_history import FrameHistory, HistoryEntry
from heatcam.live.inference import ExplainedFrame, Inference
from heatcam.live.playback_clock import PlaybackClock


class Playback:
    """Takes explanations in their order and at their times. Called from the thread that shows.

    Args:
        capture, inference: where the frames come from.
        clock: seconds that only move forward.
    """

    def __init__(self, capture: CaptureThread, inference: Inference, clock: Callable[[], float]) -> None:
        self.history = FrameHistory()
        #: Whether all that the source gave was shown, and nothing was sought since.
        self.ended = False
        #: Steps that were asked for and have not come yet.
        self.steps = 0
        self._capture, self._inference, self._clock = capture, inference, clock
        self._pace = PlaybackClock(capture.film.speed)
        self._seeks = 0
        self._aim_s: float | None = None
        self._stretch = Stretch()
        self._jumped = False
        self._plain: Frame | None = None

    def next_plain(self) -> Frame | None:
        """While the model is loaded: a frame to show as it is; None when there is no other than before.

        Of a file that is its first, which stays where it is to be explained; of what is live each that comes.
        """
        queue = self._capture.frames
        captured = queue.take(0) if self._capture.source.is_live else queue.peek()
        if not isinstance(captured, Captured) or captured.frame is self._plain:
            return None
        self._plain = captured.frame
        return captured.frame

    def show_plain(self, entry: HistoryEntry) -> None:
        """Look at a frame that nothing is known of; it is forgotten when an explained one comes."""
        self.history.restart(entry)

    def next_shown(self, *, paused: bool) -> ExplainedFrame | None:
        """The next explanation, when it is due; None for none now."""
        waiting = self._inference.results.peek()
        if waiting is None:
            return None
        if isinstance(waiting, End) or waiting.stretch.seeks != self._seeks:
            taken = self._inference.results.take(0)
            if isinstance(taken, End) and taken.stretch.seeks == self._seeks:
                self.ended, self.steps = True, 0
            return None
        if not self.steps and (paused or not self._is_due(waiting)):
            return None
        taken = self._inference.results.take(0)
        if not isinstance(taken, ExplainedFrame):
            return None
        self.steps = max(0, self.steps - 1)
        self._jumped, self._stretch = taken.stretch != self._stretch, taken.stretch
        self._aim_s = None
        return taken

    @property
    def jumped(self) -> bool:
        """Whether the frame that was taken last does not follow the one before."""
        return self._jumped

    @property
    def is_exhausted(self) -> bool:
        """Whether nothing more can come, whatever is asked for."""
        return self._inference.results.exhausted

    def add(self, entry: HistoryEntry) -> None:
        """Look at the frame that was taken last."""
        if self._jumped or self._plain is not None:
            self._plain = None
            self.history.restart(entry)
            self._pace.begin(entry.explanation.frame.pts_s, self._clock())
        else:
            self.history.add(entry)

    def pause(self, paused: bool) -> None:
        """Let everything stand still, or go on with what is now."""
        if self._capture.drops and not paused and not isinstance(self._inference.results.peek(), End):
            self._inference.results.take(0)  # what came while the picture stood still is old
        self._inference.pause(paused)
        self._capture.pause(paused)
        self._inference.results.counts = not paused
        self.steps = 0
        if paused and self._aim_s is not None:  # what was sought is still to be seen
            self.steps = 1
            self._inference.step()
        self._pace.forget()
        self.history.to_newest()

    def step_forward(self) -> str:
        """One frame on, of those that were shown or the next; what to say."""
        if self.history.step(1):
            return ""
        if self.ended:
            return "this is the last frame"
        self.steps += 1
        self._inference.step()
        return ""

    def step_back(self) -> str:
        """One frame back, of those that were shown; what to say."""
        if self.steps:  # one that was asked for and has not come yet
            self.steps -= 1
            self._inference.step_less()
        elif not self.history.step(-1):
            return "no earlier frame is kept"
        return ""

    def seek(self, by_s: float, *, paused: bool) -> str:
        """Go back or on by some seconds from the frame that is looked at, or from where the last seek goes; what to say."""
        source, now = self._capture.source, self.history.now
        if source.is_live or not source.can_seek:
            return f"{source.name} cannot be sought in: only files can"
        if now is None:
            return ""
        length_s = source.duration_s
        at_s = now.explanation.frame.pts_s if self._aim_s is None else self._aim_s
        aim_s = max(0.0, at_s + by_s if length_s is None else min(at_s + by_s, length_s))
        self._aim_s, self.ended, self.steps = aim_s, False, int(paused)
        self._seeks = self._capture.seek(aim_s)
        self._inference.seek(self._seeks, step=paused)
        return clock_time(aim_s) + (f" of {clock_time(length_s)}" if length_s else "")

    def _is_due(self, shown: ExplainedFrame) -> bool:
        """Whether it is time: at once for what is live and behind a seek, at its own time for a file's."""
        now_s = self._clock()
        if shown.stretch.laps != self._stretch.laps:
            frame_s = 1 / self._capture.source.fps if self._capture.source.fps > 0 else 0.0
            return self._capture.drops or now_s >= self._pace.end_s(frame_s)
        if self._capture.drops or shown.stretch != self._stretch:
            return True
        return self._pace.due_s(shown.explanation.frame.pts_s, now_s) <= now_s


def clock_time(seconds: float) -> str:
    """``0:05``, ``1:20``, ``1:00:00``."""
    whole = max(0, int(seconds))
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d}"
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
