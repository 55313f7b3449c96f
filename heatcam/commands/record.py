"""``heatcam record``: every frame of a source, with its heat map, into a video file."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from heatcam.commands.options import CaptureChoice, Extent, Look, ModelChoice, Motion, Output
from heatcam.commands.reporting import run_report
from heatcam.commands.starting import painter, say_scale, say_source, size_to_come, start_explainer
from heatcam.commands.terminal import ProgressSink, Terminal
from heatcam.errors import SinkError, UsageError
from heatcam.frames import Explanation, Frame
from heatcam.geometry import Uint8Array
from heatcam.pipeline import Controls, Limits, Run, run_pipeline
from heatcam.sinks.recorder import Recorder, check_recording_path
from heatcam.sources.base import Source
from heatcam.sources.completeness import shortfall
from heatcam.sources.opening import DEMO, open_source
from heatcam.tracking import tracked, tracker_of

INTERRUPTED = 130


class RecordingSink:
    """Writes each painted frame at its own time; the recorder opens with the first frame, when its size is known."""

    def __init__(self, source: Source, spec: str, output: Output) -> None:
        self._source = source
        self._sound = spec if Path(spec).is_file() else None
        self._output = output
        self._recorder: Recorder | None = None
        self.path = target_path(spec, output)

    def __enter__(self) -> RecordingSink:
        return self

    def __exit__(self, *error: Any) -> None:
        if self._recorder is not None:
            self._recorder.__exit__(*error)

    @property
    def note(self) -> str:
        """What the file had to go without, such as sound that its container cannot hold; "" for nothing."""
        return "" if self._recorder is None else self._recorder.note

    def take(self, picture: Uint8Array, explanation: Explanation) -> None:
        """Hand one frame to the encoder; waits while it is behind.

        Raises:
            SinkError: the frame has another size than the first, or the encoder failed.
        """
        size_wh = explanation.frame.size_wh
        if self._recorder is None:
            self._recorder = Recorder(
                self.path,
                size_wh,
                self._source.fps,
                overwrite=self._output.overwrite,
                audio_from=self._sound,
            )
        if size_wh != self._recorder.size_wh:
            first, now = ("x".join(map(str, wh)) for wh in (self._recorder.size_wh, size_wh))
            raise SinkError(
                f"{explanation.frame.name or 'the source'} changed its size from {first} to {now}",
                f"{self.path} holds all before; use `heatcam snapshot` for pictures of several sizes",
            )
        self._recorder.write(picture, explanation.frame.pts_s)


def target_path(spec: str, output: Output) -> Path:
    """``-o``, or ``NAME-heat.mp4`` in this folder."""
    return output.output or Path(f"{Path(spec).stem if Path(spec).exists() else 'recording'}-heat.mp4")


def record(
    spec: str,
    model: ModelChoice,
    look: Look,
    motion: Motion,
    output: Output,
    extent: Extent,
    terminal: Terminal,
    capture: CaptureChoice | None = None,
) -> int:
    """Record until the source, the limits or Ctrl-C end it; what was done is always a playable file.

    Returns:
        0, 1 when the source gave fewer frames than it claimed, or 130 after Ctrl-C.

    Raises:
        HeatcamError: the source, the model or the file cannot be had.
    """
    check_recording_path(target_path(spec, output), output.overwrite)
    asked = (capture or CaptureChoice()).options()
    source = open_source(spec, asked)
    _require_an_end(source, extent)
    tracker = tracker_of(motion.track)
    explainer = start_explainer(model, terminal, size_to_come(spec, asked))
    say_scale(look, explainer, terminal)
    run, limits = Run(), Limits(extent.max_frames)
    sink = RecordingSink(source, spec, output)
    interrupted = False
    with source, terminal.progress("frames") as progress:
        say_source(source, terminal)
        task = progress.add_task(source.name, total=_expected(source, extent), rate=0.0)
        bar = ProgressSink(progress, task, lambda: run.recent_fps)
        try:
            with sink:
                paint = painter(look, with_status=True, smooth=motion.smooth)
                run_pipeline(
                    _until(source, extent.seconds),
                    tracked(explainer, tracker),
                    paint,
                    (sink, bar),
                    Controls(),
                    limits,
                    run,
                )
        except KeyboardInterrupt:
            interrupted = True
    stopped_early = interrupted or extent != Extent()
    lacking = "" if stopped_early else shortfall(source)
    if output.json:
        numbers = run_report(run, source, "frames_written", heatmap=True, backend=explainer.engine.name)
        terminal.document(numbers, output.json)
    if sink.note:
        terminal.note(sink.note)
    _tell(sink.path, run, lacking, interrupted, output, terminal)
    return INTERRUPTED if interrupted else int(bool(lacking))


def _require_an_end(source: Source, extent: Extent) -> None:
    """A scene that never ends and is rendered faster than it plays would fill the disk unasked."""
    endless = source.name == DEMO and not source.is_live and source.frame_count is None
    if endless and extent.max_frames is None and extent.seconds is None:
        raise UsageError("the demo scene never ends", "say how long: --seconds 10 or --max-frames 300")


def _until(frames: Iterable[Frame], seconds: float | None) -> Iterable[Frame]:
    """The frames of the first ``seconds`` of the stream's own time, however long they take to explain."""
    return frames if seconds is None else itertools.takewhile(lambda frame: frame.pts_s < seconds, frames)


def _expected(source: Source, extent: Extent) -> int | None:
    """How many frames there will be, for the bar; None when nobody knows."""
    by_time = None if extent.seconds is None or source.fps <= 0 else round(extent.seconds * source.fps)
    counts = [n for n in (source.frame_count, extent.max_frames, by_time) if n is not None]
    return min(counts) if counts else None


def _tell(path: Path, run: Run, lacking: str, interrupted: bool, output: Output, terminal: Terminal) -> None:
    """One line of what is in the file now."""
    say = terminal.note if output.json == "-" else terminal.result
    for error in run.errors:
        terminal.note(f"some frames have no heat map ({error})")
    if not run.frames:
        terminal.note("no frame was recorded")
        return
    say(f"{path}  {run.frames} frames" + (", stopped early" if interrupted else ""))
    if lacking:
        terminal.note(lacking)
