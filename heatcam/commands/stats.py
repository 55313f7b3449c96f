"""``heatcam stats``: statistics of a whole run, as a page with a table beside it, or drawn in the terminal."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from heatcam import __version__
from heatcam.commands.default_model import with_model
from heatcam.commands.frame_log import WithObjectMaps
from heatcam.commands.options import Extent, ModelChoice, StatisticsOptions, StatisticsOutput
from heatcam.commands.recording_checks import require_an_end
from heatcam.commands.recording_plan import expected_frames, first_seconds
from heatcam.commands.recording_run import CountedFrames, leave_after
from heatcam.commands.setup import channels_of, say_source, size_to_come, start_explainer
from heatcam.commands.tables import show_table
from heatcam.commands.terminal import ProgressSink, Terminal, summary
from heatcam.enums import TrackerName
from heatcam.errors import HeatcamError, UsageError
from heatcam.frames import Explains, Explanation
from heatcam.geometry import Uint8Array
from heatcam.pipeline import Limits, Run, run_at_once, run_pipeline
from heatcam.report import (
    ObjectRows,
    RunAccumulator,
    RunFacts,
    RunStatistics,
    document_of,
    drift_rows,
    page_of,
    plain_lines,
)
from heatcam.runtime import stopping
from heatcam.sinks import GrowingFile, refuse_existing, require_folder, write_whole
from heatcam.sources import Source, open_source
from heatcam.text import printable
from heatcam.tracking import tracked, tracker_of

if TYPE_CHECKING:
    from heatcam.saliency import Explainer

_SUFFIXES = (".html", ".htm")


def run_stats(spec: str, model: ModelChoice, options: StatisticsOptions, terminal: Terminal) -> int:
    """Explain every frame until the source, the limits or Ctrl-C end it, and write the statistics of what was seen.

    Returns:
        0; 1 when nothing was seen, pictures could not be read, or the source gave fewer frames than it claimed or was lost for
        good; 130 after Ctrl-C (``stopping.exit_code``).

    Raises:
        HeatcamError: the source, the model or the files cannot be used.
    """
    targets = checked_targets(spec, options.output)
    left_out: list[HeatcamError] = []
    asked = replace(options.capture.options(), on_unreadable=left_out.append)
    model = with_model(model, spec, terminal)
    source = open_source(spec, asked)
    require_an_end(source, options.extent)
    tracker = tracker_of(options.sampling.track)
    pictures = source.frame_count if source.is_slideshow else None
    explainer = start_explainer(model, terminal, size_to_come(spec, asked), pictures)
    source = source.for_channels(channels_of(explainer))
    accumulator = RunAccumulator(is_slideshow=source.is_slideshow)
    with GrowingFile(targets.table) if targets else nullcontext() as table:
        sink = StatisticsSink(accumulator, None if table is None else ObjectRows(table))
        done = _run(source, tracked(explainer, tracker), sink, options, asked.start_s, terminal)
        done.notes += [str(error) for error in left_out]
        if accumulator.frames:
            run = accumulator.statistics(_facts(source, explainer, accumulator, options, done))
            _write(run, targets, table, options.output, terminal)
    _say(accumulator, targets, done, options.output, terminal)
    if done.error is not None:
        raise done.error
    return stopping.exit_code() if done.interrupted else int(bool(done.notes) or not accumulator.frames)


@dataclass(frozen=True)
class Targets:
    """Files to write.

    Attributes:
        page: HTML.
        table: CSV, beside it.
    """

    page: Path
    table: Path


def checked_targets(spec: str, output: StatisticsOutput) -> Targets | None:
    """Return the files to write, before anything is computed; None for ``--plain``.

    Raises:
        HeatcamError: a name has another suffix, a file is there already, or the folder is not.
    """
    if output.plain:
        if output.output is not None:
            raise UsageError("--plain writes no page", "leave out --plain, or -o")
        return _with_document(None, output)
    stem = Path(spec).stem if Path(spec).exists() else "demo" if spec == "demo" else "run"
    page = Path(output.output or f"{stem or 'run'}-stats.html")
    if page.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"{page} is no name of a page", "end it in .html")
    return _with_document(Targets(page, page.with_suffix(".csv")), output)


def _with_document(targets: Targets | None, output: StatisticsOutput) -> Targets | None:
    """Check the targets and the document's file."""
    files = [] if targets is None else [targets.page, targets.table]
    files += [Path(output.json)] if output.json not in (None, "-") and output.json is not None else []
    if len({file.resolve() for file in files}) < len(files):
        raise UsageError(f"{files[-1]} would be written twice", "choose another name")
    refuse_existing(files, output.overwrite)
    for file in files:
        require_folder(file.parent, may_make=False)
    return targets


class StatisticsSink:
    """Sink that accumulates, and writes each object's row.

    Args:
        accumulator: takes each frame.
        rows: the table; None writes none.
    """

    def __init__(self, accumulator: RunAccumulator, rows: ObjectRows | None) -> None:
        self._accumulator, self._rows = accumulator, rows

    def take(self, _: Uint8Array, explanation: Explanation) -> None:
        """Take one frame, with the explanation's own maps.

        Raises:
            SinkError: the table cannot be written.
        """
        rows = self._accumulator.add(explanation)
        if self._rows is not None:
            self._rows.write(rows)


@dataclass
class StatisticsDone:
    """End of a run.

    Attributes:
        run: times and frames.
        objects: number of detections.
        notes: what went wrong, a line each.
        interrupted: True after Ctrl-C or another signal.
        error: ended the run after the first frame; None for none.
    """

    run: Run
    objects: int
    notes: list[str]
    interrupted: bool = False
    error: HeatcamError | None = None


def _run(
    source: Source,
    explainer: Explains,
    sink: StatisticsSink,
    options: StatisticsOptions,
    start_s: float,
    terminal: Terminal,
) -> StatisticsDone:
    """Run the pipeline until the source, the limits, an error or Ctrl-C end it.

    Raises:
        HeatcamError: the source, the model or the table failed before the first frame was done.
    """
    extent, every = options.extent, options.sampling.every
    done = StatisticsDone(Run(), 0, [])
    with source, leave_after(source, extent.seconds):
        say_source(source, terminal)
        source.on_outage(terminal.note)
        counted = CountedFrames(first_seconds(source, extent.seconds, start_s))
        frames = itertools.islice(counted, 0, None, every)
        go = run_pipeline if source.is_live else run_at_once
        whole = expected_frames(source, extent, None, start_s)
        expected = None if whole is None else min(-(-whole // every), extent.max_frames or whole)
        with _progress(source.name, expected, done.run, terminal) as bar:
            try:
                with stopping.raising():
                    go(
                        frames,
                        WithObjectMaps(explainer),
                        _unpainted,
                        (sink, bar),
                        Limits(extent.max_frames),
                        done.run,
                    )
            except KeyboardInterrupt:
                done.interrupted = True
            except HeatcamError as error:
                if not done.run.frames:
                    raise
                done.error = error
                done.notes.append(str(error))
        done.objects = bar.objects
        if source.is_live or extent == Extent():
            done.notes += [line for line in (source.shortfall(),) if line and not done.interrupted]
    done.notes += [f"{source.name}: {outage}" for outage in source.outages]
    return done


def _unpainted(explanation: Explanation, _: Run) -> Uint8Array:
    """Return the frame itself: only moments that are kept are painted."""
    return explanation.frame.image_bgr


@contextmanager
def _progress(name: str, expected: int | None, run: Run, terminal: Terminal) -> Iterator[ProgressSink]:
    with terminal.progress("frames") as progress:
        task = progress.add_task(name, total=expected, rate=0.0)
        yield ProgressSink(progress, task, lambda: run.recent_fps)


def _facts(
    source: Source,
    explainer: Explainer,
    accumulator: RunAccumulator,
    options: StatisticsOptions,
    done: StatisticsDone,
) -> RunFacts:
    engine, track = explainer.engine, options.sampling.track
    return RunFacts(
        source=source.name,
        model=explainer.title,
        method=explainer.method,
        layer=accumulator.layer or engine.target_layer,
        backend=f"{engine.device} {engine.name}",
        unit=accumulator.unit or explainer.unit,
        imgsz=explainer.imgsz,
        conf=explainer.thresholds.conf,
        version=__version__,
        made_at=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        is_slideshow=source.is_slideshow,
        tracker="" if track is TrackerName.OFF else track.value,
        about=accumulator.about,
        every=options.sampling.every,
        notes=tuple(done.notes),
        interrupted=done.interrupted,
    )


def _write(
    run: RunStatistics,
    targets: Targets | None,
    table: GrowingFile | None,
    output: StatisticsOutput,
    terminal: Terminal,
) -> None:
    """Write page, table and document, or the lines."""
    if output.json:
        terminal.document(document_of(run), output.json)
    if targets is not None and table is not None:
        with stopping.held():
            write_whole(targets.page, page_of(run).encode())
            table.finish()
    elif output.json != "-":
        show_plain(run, terminal)


def show_plain(run: RunStatistics, terminal: Terminal) -> None:
    """Print the statistics as lines, and drift as a table."""
    blocks = terminal.results.encoding.startswith("utf")
    for line in plain_lines(run, terminal.results.width, blocks=blocks):
        terminal.result(line)
    rows = drift_rows(run)
    if rows:
        show_table(
            terminal,
            ("measure", "first third", "last third", "difference", "95 % interval"),
            rows,
            {"first third", "last third", "difference", "95 % interval"},
        )


def _say(
    accumulator: RunAccumulator,
    targets: Targets | None,
    done: StatisticsDone,
    output: StatisticsOutput,
    terminal: Terminal,
) -> None:
    """Say where the page is, what went wrong, and how fast it went."""
    if not accumulator.frames:
        terminal.note("no frame was seen: nothing is written")
        return
    for error in done.run.errors:
        terminal.note(f"some frames have no heat map ({error})")
    for note in done.notes:
        terminal.note(note)
    if targets is not None:
        say = terminal.note if output.json == "-" else terminal.result
        early = ", stopped early" if done.interrupted else ""
        frames = f"{accumulator.frames} frame" + "s" * (accumulator.frames != 1)
        say(f"{targets.page}  {frames}, {done.objects} objects{early}; {printable(targets.table.name)}")
    terminal.note(summary(done.run.frames, "frames", done.objects, done.run.elapsed_s))
