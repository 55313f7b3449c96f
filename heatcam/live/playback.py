"""Playback position of the window: the next frame when it is due, steps, seeks, and the end of the source."""

from __future__ import annotations

from collections.abc import Callable

from heatcam.frames import Frame
from heatcam.live.capture import Captured, CaptureThread, End, Stretch
from heatcam.live.frame_history import FrameHistory, HistoryEntry
from heatcam.live.inference import ExplainedFrame, Inference
from heatcam.live.playback_clock import PlaybackClock


class Playback:
    """Takes explanations in their order and at their times. Called from the display thread.

    Args:
        capture, inference: the threads that the frames come from.
        clock: monotonic clock, in seconds.
    """

    def __init__(self, capture: CaptureThread, inference: Inference, clock: Callable[[], float]) -> None:
        self.history = FrameHistory()
        #: True if all frames of the source were shown, and there was no seek since.
        self.ended = False
        #: Steps that were requested and have not arrived yet.
        self.steps = 0
        self._capture, self._inference, self._clock = capture, inference, clock
        self._pace = PlaybackClock(capture.film.speed)
        self._seeks = 0
        self._aim_s: float | None = None
        self._stretch = Stretch()
        self._jumped = False
        self._plain: Frame | None = None

    def next_plain(self) -> Frame | None:
        """Return a frame to show unexplained while the model loads; None if there is no new one.

        For a file it is the first frame, which stays in the queue to be explained; for a live source each new frame.
        """
        queue = self._capture.frames
        captured = queue.take(0) if self._capture.source.is_live else queue.peek()
        if not isinstance(captured, Captured) or captured.frame is self._plain:
            return None
        self._plain = captured.frame
        return captured.frame

    def show_plain(self, entry: HistoryEntry) -> None:
        """Show a frame without an explanation; it is dropped from the history when an explained one comes."""
        self.history.restart(entry)

    def next_shown(self, *, paused: bool) -> ExplainedFrame | None:
        """Take the next explanation if it is due; None for none now."""
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
        """True if the frame that was taken last does not follow the one before."""
        return self._jumped

    @property
    def is_exhausted(self) -> bool:
        """True if no more results can come, not even after a seek."""
        return self._inference.results.exhausted

    def add(self, entry: HistoryEntry) -> None:
        """Show the frame that was taken last."""
        if self._jumped or self._plain is not None:
            self._plain = None
            self.history.restart(entry)
            self._pace.begin(entry.explanation.frame.pts_s, self._clock())
        else:
            self.history.add(entry)

    def pause(self, paused: bool) -> None:
        """Pause capture and inference, or resume from the present."""
        if self._capture.drops and not paused and not isinstance(self._inference.results.peek(), End):
            self._inference.results.take(0)  # a result that came while paused is old
        self._inference.pause(paused)
        self._capture.pause(paused)
        self._inference.results.counts = not paused
        self.steps = 0
        if paused and self._aim_s is not None:  # the frame of the last seek is still to be shown
            self.steps = 1
            self._inference.step()
        self._pace.forget()
        self.history.to_newest()

    def step_forward(self) -> str:
        """Step one frame forward, in the history or to the next new one; return the note to show."""
        if self.history.step(1):
            return ""
        if self.ended:
            return "this is the last frame"
        self.steps += 1
        self._inference.step()
        return ""

    def step_back(self) -> str:
        """Step one frame back in the history; return the note to show."""
        if self.steps:  # one that was requested and has not arrived yet
            self.steps -= 1
            self._inference.step_less()
        elif not self.history.step(-1):
            return "no earlier frame is kept"
        return ""

    def seek(self, by_s: float, *, paused: bool) -> str:
        """Seek by some seconds from the current frame, or from the target of a pending seek; return the note to show."""
        now = self.history.now
        at_s = now.explanation.frame.pts_s if self._aim_s is None and now is not None else self._aim_s
        return self.seek_to((at_s or 0.0) + by_s, paused=paused)

    def seek_to(self, to_s: float, *, paused: bool) -> str:
        """Seek to a time from the beginning of a file, in seconds; return the note to show."""
        source = self._capture.source
        if source.is_live or not source.can_seek:
            return f"{source.name} cannot be sought in: only files can"
        if self.history.now is None:
            return ""
        length_s = source.duration_s
        aim_s = max(0.0, to_s if length_s is None else min(to_s, length_s))
        self._aim_s, self.ended, self.steps = aim_s, False, int(paused)
        self._seeks = self._capture.seek(aim_s)
        self._inference.seek(self._seeks, step=paused)
        return clock_time(aim_s) + (f" of {clock_time(length_s)}" if length_s else "")

    def _is_due(self, shown: ExplainedFrame) -> bool:
        """Return True if a frame is due: at once for live sources and after a seek, at its own timestamp for a file."""
        now_s = self._clock()
        if shown.stretch.laps != self._stretch.laps:
            frame_s = 1 / self._capture.source.fps if self._capture.source.fps > 0 else 0.0
            return self._capture.drops or now_s >= self._pace.end_s(frame_s)
        if self._capture.drops or shown.stretch != self._stretch:
            return True
        return self._pace.due_s(shown.explanation.frame.pts_s, now_s) <= now_s


def clock_time(seconds: float) -> str:
    """Format seconds as ``0:05``, ``1:20`` or ``1:00:00``."""
    whole = max(0, int(seconds))
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d}"
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
