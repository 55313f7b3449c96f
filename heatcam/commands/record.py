"""``heatcam record``: every frame of a source, with its heatmap, into a video file."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heatcam.commands.default_model import with_model
from heatcam.commands.options import (
    Extent,
    FilmChoice,
    LookOptions,
    ModelChoice,
    MotionOptions,
    Output,
    RecordingOptions,
)
from heatcam.commands.recording_sink import RecordingPlan, RecordingSink
from heatcam.commands.recover import offer_recovery
from heatcam.commands.reporting import run_report
from heatcam.commands.resume import ResumedFrames, Resumption, manifest_of, resumption_of
from heatcam.commands.setup import (
    caption_of,
    painter,
    say_scale,
    say_source,
    size_to_come,
    start_explainer,
)
from heatcam.commands.terminal import ProgressSink, Terminal, summary
from heatcam.errors import UsageError
from heatcam.frames import Explains, Frame
from heatcam.pipeline import Limits, Painter, Run, Sink, run_at_once, run_pipeline
from heatcam.runtime import stopping
from heatcam.sinks import (
    OutputPath,
    at_rate,
    check_recording_path,
    codec_of,
    codecs_here,
    output_path_of,
    parse_size,
    require_space,
)
from heatcam.sources import DEMO, Source, open_source
from heatcam.tracking import tracked, tracker_of

_GRACE_S = 0.5  # for frames that are on their way at the end
_SHORT_FRAMES = 300  # of a GIF or numbered pictures; a note says that more are many


class Counted:
    """An iterator that counts the frames it yields.

    Attributes:
        count: number of frames so far.
    """

    def __init__(self, frames: Iterable[Frame]) -> None:
        self._frames = frames
        self.count = 0

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._frames:
            stopping.require_going_on()
            self.count += 1
            yield frame


@dataclass(frozen=True)
class RecordingDone:
    """Result of a run.

    Attributes:
        frames: frames in the file.
        read: frames that the source gave.
        dropped: frames of a live source that were lost on the way.
        lacking: the frames that the source promised and did not give, in words; "" for none.
        interrupted: True if Ctrl-C or another signal ended it.
    """

    frames: int
    read: int
    dropped: int
    lacking: str
    interrupted: bool


def target_path(spec: str, output: Output) -> Path:
    """Return the path of ``-o``, or ``NAME-heat.mp4`` in this folder."""
    return Path(output.output or f"{Path(spec).stem if Path(spec).exists() else 'recording'}-heat.mp4")


@dataclass(frozen=True)
class RecordOptions:
    """Settings of a recording.

    Attributes:
        look: look of the overlay.
        motion: smoothing and tracking.
        output: the file and the report.
        extent: its length.
        recording: codec, quality, disk space and resuming.
        capture: size, rate and start to ask the source for; the recording gets the rate if the source cannot be asked for it.
    """

    look: LookOptions
    motion: MotionOptions
    output: Output
    extent: Extent
    recording: RecordingOptions
    capture: FilmChoice


def run_record(spec: str, model: ModelChoice, options: RecordOptions, terminal: Terminal) -> int:
    """Record until the source, the limits or Ctrl-C end it; the file is always playable.

    Returns:
        0, 1 when the source gave fewer frames than it claimed or was lost for good, or 130 after Ctrl-C (``stopping.exit_code``).

    Raises:
        HeatcamError: the source, the model or the file cannot be used, or the disk is (nearly) full.
    """
    output, asked = options.output, options.capture.options()
    model = with_model(model, spec, terminal)
    target = _checked_target(target_path(spec, output), output, options.recording, terminal)
    manifest = manifest_of(spec, model, options.look, options.motion, options.recording, asked, target)
    resumption = _resumption(target, manifest, options.recording, terminal)
    source = open_source(spec, asked)
    _require_an_end(source, options.extent)
    tracker = tracker_of(options.motion.track)
    explainer = start_explainer(model, terminal, size_to_come(spec, asked))
    say_scale(options.look, explainer, terminal)
    with source, _left_after(source, options.extent.seconds):
        say_source(source, terminal)
        source.on_outage(terminal.note)
        fps = _rate(source, target, asked.fps)
        counted = Counted(_until(source, options.extent.seconds, asked.start_s))
        resumed = ResumedFrames(counted if fps is None else at_rate(counted, fps, 1 / source.fps), resumption)
        plan = RecordingPlan(
            target,
            fps or source.fps,
            Path(spec) if Path(spec).is_file() else None,
            output.overwrite,
            options.recording,
            manifest,
            resumption,
            lambda: resumed.origin_s,
            source.is_live,
            lambda: source.__exit__(None, None, None),
        )
        expected = _expected(source, options.extent, fps, asked.start_s)
        _say_length(plan, expected, terminal)
        sink, run = RecordingSink(plan), Run()
        paint = painter(options.look, caption_of(explainer), options.motion.smooth)
        with _progress(source, expected, resumption, run, terminal) as bar:
            stages = Stages(resumed, tracked(explainer, tracker), paint, (sink, bar))
            ended = _run(source, stages, sink, options.extent, resumption, run)
    done = RecordingDone(sink.frames, counted.count, source.dropped + sink.dropped, *ended)
    if output.json:
        lost = [f"{source.name}: {outage}" for outage in source.outages]
        numbers = run_report(run, explainer.engine.name, lost or [done.lacking] * bool(done.lacking))
        terminal.document(_numbers(source, done, resumption) | numbers, output.json)
    if sink.note:
        terminal.note(sink.note)
    _tell(sink.path, run, done, output, terminal, resumable=bool(manifest))
    if done.frames:
        terminal.note(summary(run.frames, "frames", bar.objects, run.elapsed_s))
    return stopping.exit_code() if done.interrupted else int(bool(done.lacking))


@dataclass(frozen=True)
class Stages:
    """Stages of a run, in the order in which frames pass them: see ``pipeline``.

    Attributes:
        frames: the frames to record.
        explainer: makes the maps.
        paint: draws each frame.
        sinks: take the drawn frames.
    """

    frames: Iterable[Frame]
    explainer: Explains
    paint: Painter
    sinks: Sequence[Sink]


def _run(
    source: Source,
    stages: Stages,
    sink: RecordingSink,
    extent: Extent,
    resumption: Resumption,
    run: Run,
) -> tuple[str, bool]:
    """Record to the end and finish the file.

    Returns:
        The frames that the source lacked, in words, "" for none; and True if Ctrl-C or another signal ended it.
    """
    passed = resumption.frames - resumption.warm_up
    limits = Limits(None if extent.max_frames is None else max(1, extent.max_frames - passed))
    go = run_pipeline if source.is_live else run_at_once  # a camera has a thread of its own, and drops
    lacking = ""
    try:
        with stopping.raising(), sink:
            go(stages.frames, stages.explainer, stages.paint, stages.sinks, limits, run)
            lacking = source.shortfall() if extent == Extent() or source.is_live else ""
            sink.ends_early = bool(lacking)
    except KeyboardInterrupt:
        return lacking or (source.shortfall() if source.is_live else ""), True
    return lacking, False


@contextmanager
def _progress(
    source: Source, expected: int | None, resumption: Resumption, run: Run, terminal: Terminal
) -> Iterator[ProgressSink]:
    """Show the progress bar, which begins where the recording resumes."""
    with terminal.progress("frames") as progress:
        passed = resumption.frames - resumption.warm_up
        task = progress.add_task(source.name, total=expected, rate=0.0, completed=passed)
        yield ProgressSink(progress, task, lambda: run.recent_fps)


def _resumption(
    target: OutputPath, manifest: dict[str, Any], recording: RecordingOptions, terminal: Terminal
) -> Resumption:
    """Return what is left of an earlier run to resume; nothing without ``--resume``."""
    if not recording.resume:
        return Resumption(target)
    resumption = resumption_of(target, manifest)
    _say_resumption(resumption, terminal)
    return resumption


def _checked_target(
    path: Path, output: Output, recording: RecordingOptions, terminal: Terminal
) -> OutputPath:
    """Return the recording's path, after refusing all that can be refused before anything is computed."""
    target = output_path_of(path)
    codec = codec_of(target.path, recording.codec, recording.crf)
    if recording.codec and codec not in codecs_here():
        raise UsageError(f"this PyAV cannot encode {codec}", f"take one of {', '.join(codecs_here())}")
    least = parse_size(recording.min_free)
    if not output.overwrite and not recording.resume:
        offer_recovery(target, terminal)
    if not recording.resume:
        check_recording_path(path, output.overwrite)
    elif output.overwrite:
        raise UsageError("--resume and --overwrite exclude each other", "give one")
    require_space(target.path.parent, least)
    return target


def _say_resumption(resumption: Resumption, terminal: Terminal) -> None:
    if resumption.frames:
        terminal.note(
            f"going on after the {resumption.frames} frames that are there; "
            f"{resumption.warm_up} before that are explained again, because heat is steadied over frames"
        )
    else:
        terminal.note("there is nothing to go on with: recording from the start")


def _say_length(plan: RecordingPlan, expected: int | None, terminal: Terminal) -> None:
    """Print a note if a GIF or numbered pictures would get very many frames."""
    form = plan.target.form
    if not form.is_video and expected is not None and expected > _SHORT_FRAMES:
        terminal.note(
            f"{expected} frames make {form.name} many times larger than a video: --seconds or --fps make it less, .mp4 small"
        )


def _rate(source: Source, target: OutputPath, asked: float | None) -> float | None:
    """Return the constant rate to write, or None to keep each frame's own time."""
    fps = None if source.accepts_rate else asked
    most = target.form.most_fps
    return most if fps is None and most is not None and source.fps > most else fps


def _numbers(source: Source, done: RecordingDone, resumption: Resumption) -> dict[str, Any]:
    """Return the counts of frames for the report: read, written, resumed, and dropped."""
    return {
        "frames_read": done.read + source.dropped,
        "frames_written": done.frames,
        "frames_resumed": resumption.frames,
        "dropped": done.dropped,
    }


def _require_an_end(source: Source, extent: Extent) -> None:
    """Refuse to record the demo scene without a length: it never ends, and is rendered faster than it plays.

    Raises:
        UsageError: the scene has no end, and neither frames nor seconds are limited.
    """
    endless = source.name == DEMO and not source.is_live and source.frame_count is None
    if endless and extent.max_frames is None and extent.seconds is None:
        raise UsageError("the demo scene never ends", "say how long: --seconds 10 or --max-frames 300")


@contextmanager
def _left_after(source: Source, seconds: float | None) -> Iterator[None]:
    """Close a live source after ``seconds`` and a little, even while it gives nothing: in an outage no frame ends a run."""
    if seconds is None or not source.is_live:
        yield
        return
    timer = threading.Timer(seconds + _GRACE_S, source.__exit__, (None, None, None))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _until(frames: Iterable[Frame], seconds: float | None, start_s: float) -> Iterable[Frame]:
    """Return the frames of the first ``seconds`` after ``start_s`` of the stream's own time, however long they take."""
    if seconds is None:
        return frames
    return itertools.takewhile(lambda frame: frame.pts_s < start_s + seconds, frames)


def _expected(source: Source, extent: Extent, fps: float | None, start_s: float) -> int | None:
    """Return the expected number of frames, for the progress bar; None where it is not known."""
    share = 1.0 if fps is None or source.fps <= 0 else fps / source.fps
    by_count = None
    if source.frame_count is not None:
        by_count = max(0, round((source.frame_count - start_s * source.fps) * share))
    by_time = (
        None if extent.seconds is None or source.fps <= 0 else round(extent.seconds * (fps or source.fps))
    )
    counts = [n for n in (by_count, extent.max_frames, by_time) if n is not None]
    return min(counts) if counts else None


def _tell(
    path: Path, run: Run, done: RecordingDone, output: Output, terminal: Terminal, *, resumable: bool
) -> None:
    """Print one line about the file; ``resumable`` is True if ``--resume`` could continue a run that was stopped."""
    say = terminal.note if output.json == "-" else terminal.result
    for error in run.errors:
        terminal.note(f"some frames have no heat map ({error})")
    if not done.frames:
        terminal.note("no frame was recorded")
        return
    dropped = f", {done.dropped} dropped" if done.dropped else ""
    early = ", stopped early" + ("; --resume goes on" if resumable else "") if done.interrupted else ""
    say(f"{path}  {done.frames} frame" + "s" * (done.frames != 1) + dropped + early)
    if done.lacking:
        terminal.note(done.lacking)
