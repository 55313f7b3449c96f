"""Run of a recording: from the source through explainer and painter into the file, until something ends it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from heatcam.commands.options import Extent
from heatcam.commands.recording_plan import RecordingPlan
from heatcam.commands.recording_sink import RecordingSink
from heatcam.commands.reporting import RecordingDone
from heatcam.commands.resume import ResumedFrames
from heatcam.commands.terminal import ProgressSink, Terminal
from heatcam.frames import Explains, Frame
from heatcam.pipeline import Painter, Run, Sink, run_at_once, run_pipeline
from heatcam.runtime import stopping
from heatcam.sources import Source

_GRACE_S = 0.5  # frames that are on their way at the end


class CountedFrames:
    """Frames on their way, counted.

    Attributes:
        count: how many have been taken.
    """

    def __init__(self, frames: Iterable[Frame]) -> None:
        self._frames = frames
        self.count = 0

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._frames:
            stopping.raise_if_stopped()
            self.count += 1
            yield frame


class RecordingRun:
    """Run of one recording: call ``record`` once, and ``done`` when the source is left.

    Args:
        source: where the frames come from, entered.
        plan: settings of the recording.
    """

    def __init__(self, source: Source, plan: RecordingPlan) -> None:
        self._source, self._plan = source, plan
        self._counted = CountedFrames(plan.first_seconds(source))
        frames = plan.at_constant_rate(self._counted, source.fps)
        self._frames = ResumedFrames(frames, plan.destination.resumption)
        self._sink = RecordingSink(plan, lambda: self._frames.origin_s, on_failure=self._leave_source)
        self._run = Run()
        self._objects = 0
        self._lacking, self._interrupted = "", False

    def record(
        self, explainer: Explains, paint: Painter, terminal: Terminal, beside: Sequence[Sink] = ()
    ) -> None:
        """Record until the source, the limits or Ctrl-C (or another signal) end it. The file is finished then.

        Args:
            explainer: makes the maps.
            paint: draws each frame.
            terminal: shows the progress.
            beside: further sinks, which get each frame after the file has it.

        Raises:
            HeatcamError: the source, the model or the file failed.
        """
        # A camera has a thread of its own, and drops.
        go = run_pipeline if self._plan.is_live else run_at_once
        with self._progress(terminal) as bar:
            try:
                with stopping.raising(), self._sink:
                    go(
                        self._frames,
                        explainer,
                        paint,
                        (self._sink, *beside, bar),
                        self._plan.limits,
                        self._run,
                    )
                    self._note_shortfall()
            except KeyboardInterrupt:
                self._interrupted = True
                if self._plan.is_live:
                    self._lacking = self._lacking or self._source.shortfall()
        self._objects = bar.objects

    def done(self) -> RecordingDone:
        """Return what came of it, when the source is left: what it lost is known then."""
        source, sink = self._source, self._sink
        return RecordingDone(
            path=sink.path,
            frames=sink.frames,
            frames_resumed=self._plan.destination.resumption.frames,
            frames_read=self._counted.count + source.dropped,
            dropped=source.dropped + sink.dropped,
            objects=self._objects,
            run=self._run,
            note=sink.note,
            lacking=self._lacking,
            outages=tuple(f"{source.name}: {outage}" for outage in source.outages),
            interrupted=self._interrupted,
            is_resumable=bool(self._plan.destination.manifest),
        )

    def _note_shortfall(self) -> None:
        """Keep what the source claimed and did not give, unless a limit has ended it before: the recording is not whole then."""
        if self._plan.extent == Extent() or self._plan.is_live:
            self._lacking = self._source.shortfall()
            self._sink.ends_early = bool(self._lacking)

    @contextmanager
    def _progress(self, terminal: Terminal) -> Iterator[ProgressSink]:
        """Show a bar, which begins where the recording is resumed."""
        passed = self._plan.destination.resumption.passed
        with terminal.progress("frames") as progress:
            task = progress.add_task(self._source.name, total=self._plan.expected, rate=0.0, completed=passed)
            yield ProgressSink(progress, task, lambda: self._run.recent_fps)

    def _leave_source(self) -> None:
        self._source.close()


@contextmanager
def leave_after(source: Source, seconds: float | None) -> Iterator[None]:
    """Leave a live source after ``seconds`` (and a little) even while it gives nothing: during an outage no frame ends a run."""
    if seconds is None or not source.is_live:
        yield
        return
    timer = threading.Timer(seconds + _GRACE_S, source.close)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
