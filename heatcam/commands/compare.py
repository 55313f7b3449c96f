"""``heatcam compare``: two models, methods or layers side by side, with their difference."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heatcam.commands.capture_options import FilmChoice
from heatcam.commands.compare_options import ComparedChoice, ComparedLook, ComparedOutput
from heatcam.commands.compare_pictures import compare_pictures, planned_frame, planned_pictures
from heatcam.commands.compare_report import ComparisonNotes, show_summary, write_document
from heatcam.commands.compare_sides import Sides, require_one_unit, start_sides
from heatcam.commands.options import (
    Extent,
    FindingsChoice,
    LookOptions,
    MotionOptions,
    Output,
    PictureOutput,
    RecordingOptions,
    RecordingOutput,
    RecordOptions,
)
from heatcam.commands.picture_plan import PicturePlan, first_picture
from heatcam.commands.picture_sink import PicturesDone, PictureSink
from heatcam.commands.recording_checks import new_destination, require_an_end
from heatcam.commands.recording_plan import recording_plan
from heatcam.commands.recording_run import RecordingRun, leave_after
from heatcam.commands.reporting import recording_report, say_result
from heatcam.commands.setup import say_source, size_to_come
from heatcam.commands.snapshot import first_frame, read_frames
from heatcam.commands.terminal import Terminal
from heatcam.comparison import ObjectNumbering, comparison_of
from heatcam.frames import Explanation, Frame
from heatcam.geometry import Uint8Array
from heatcam.options import LIKELY_SIZE_WH
from heatcam.overlay import LONGEST, LONGEST_VIDEO, ComparisonLook, draw_comparison
from heatcam.pipeline import Painter, Run
from heatcam.runtime import stopping
from heatcam.sinks import is_picture_name, refuse_existing, require_folder
from heatcam.sources import CaptureOptions, open_source


@dataclass(frozen=True)
class CompareOptions:
    """Settings of a comparison.

    Attributes:
        look: colours, scale and boxes.
        output: where it goes.
        extent: how long, for a video.
        capture: what to ask the source for.
        recursive: include the pictures in sub-folders.
    """

    look: ComparedLook
    output: ComparedOutput
    extent: Extent
    capture: FilmChoice
    recursive: bool = False


def run_compare(spec: str, chosen: ComparedChoice, options: CompareOptions, terminal: Terminal) -> int:
    """Compare a picture, many, or a video, and write what was seen.

    Args:
        spec: the source.
        chosen: the two sides.
        options: look, outputs and extent.
        terminal: prints results and notes.

    Returns:
        0; 1 when some pictures could not be read or written, or a video gave fewer frames than it claimed; 130 after Ctrl-C.

    Raises:
        HeatcamError: nothing could be done at all; raised before torch is imported where possible.
    """
    asked = options.capture.options()
    source = open_source(spec, asked)
    if source.is_slideshow:
        return _compare_pictures(spec, chosen, options, terminal)
    if options.output.output is not None and is_picture_name(options.output.output):
        return _compare_one_frame(spec, chosen, options, asked, terminal)
    return _compare_video(spec, chosen, options, asked, terminal)


def _compare_pictures(spec: str, chosen: ComparedChoice, options: CompareOptions, terminal: Terminal) -> int:
    plan = planned_pictures(spec, options.output, terminal, recursive=options.recursive)
    pictures = plan[0].pictures
    first = first_picture(pictures)
    size_wh = LIKELY_SIZE_WH if first is None else (first.shape[1], first.shape[0])
    sides = _started(chosen, spec, options, terminal, size_wh, len(pictures))

    def frames(sink: PictureSink, done: PicturesDone) -> Iterable[Frame]:
        return read_frames(pictures, first, sink, done)

    return _pictures_of(sides, plan, frames, options, terminal)


def _compare_one_frame(
    spec: str, chosen: ComparedChoice, options: CompareOptions, asked: CaptureOptions, terminal: Terminal
) -> int:
    """Compare the first frame of something that moves."""
    plan = planned_frame(spec, options.output)
    sides = _started(chosen, spec, options, terminal, LIKELY_SIZE_WH, 1)
    return _pictures_of(sides, plan, lambda *_: [first_frame(spec, asked, terminal)], options, terminal)


def _pictures_of(
    sides: Sides,
    plan: tuple[PicturePlan, PictureOutput],
    frames: Any,
    options: CompareOptions,
    terminal: Terminal,
) -> int:
    notes = ComparisonNotes(keeps_rows=bool(options.output.json))
    paint = comparison_painter(sides.names, options.look, follows=False)
    done, code = compare_pictures(frames, plan, sides.comparing, paint, notes, terminal)
    _finish(sides, notes, done, options, terminal)
    return code


def _compare_video(
    spec: str, chosen: ComparedChoice, options: CompareOptions, asked: CaptureOptions, terminal: Terminal
) -> int:
    output = options.output
    stem = Path(spec).stem if Path(spec).exists() else "recording"
    destination = new_destination(Path(output.output or f"{stem}-compare.mp4"), output, terminal)
    _require_document(output)
    source = open_source(spec, asked)
    require_an_end(source, options.extent)
    sides = _started(chosen, spec, options, terminal, size_to_come(spec, asked), None)
    notes = ComparisonNotes(keeps_rows=bool(output.json), path=spec)
    paint = comparison_painter(sides.names, options.look, follows=True)
    with source, leave_after(source, options.extent.seconds):
        say_source(source, terminal)
        source.on_outage(terminal.note)
        run = RecordingRun(source, recording_plan(spec, source, destination, _recorded(options), asked))
        run.record(sides.comparing, paint, terminal, (notes,))
    done = run.done()
    backends = " / ".join(dict.fromkeys(each.engine.name for each in (sides.a, sides.b)))
    say_result(done, terminal, on_results=output.json != "-")
    _finish(
        sides,
        notes,
        {"video": {"output": str(done.path), **recording_report(done, backends)}},
        options,
        terminal,
    )
    return stopping.exit_code() if done.interrupted else int(bool(done.lacking))


def _recorded(options: CompareOptions) -> RecordOptions:
    """Return the settings of the recording; how it looks and moves is the comparison's own."""
    output = options.output
    return RecordOptions(
        LookOptions(),
        MotionOptions(),
        RecordingOutput(output.output, output.overwrite, output.json),
        options.extent,
        RecordingOptions(),
        FindingsChoice(),
        options.capture,
    )


def _require_document(output: Output) -> None:
    """Refuse a document's file that exists or cannot be written.

    Raises:
        HeatcamError: so it is.
    """
    if output.json and output.json != "-":
        refuse_existing([Path(output.json)], output.overwrite)
        require_folder(Path(output.json).parent)


def _started(
    chosen: ComparedChoice,
    spec: str,
    options: CompareOptions,
    terminal: Terminal,
    size_wh: tuple[int, int],
    pictures: int | None,
) -> Sides:
    """Load both models, and say where one of them has no scale of its own.

    Raises:
        HeatcamError: a model cannot be used, or one scale is wanted for two units.
    """
    sides = start_sides(chosen, spec, terminal, size_wh, pictures)
    if options.look.same_scale:
        require_one_unit(sides)
    for side, explainer in (("A", sides.a), ("B", sides.b)):
        if explainer.calibration.full_heat is None:
            terminal.note(
                f"no full heat is known of {side}: each picture is scaled by its own strongest object"
            )
    return sides


def _finish(
    sides: Sides, notes: ComparisonNotes, done: dict[str, Any], options: CompareOptions, terminal: Terminal
) -> None:
    """Print the summary of several pictures, and write the document."""
    summary, target = notes.summary(), options.output.json
    if target != "-" and len(notes.numbers) > 1:
        show_summary(summary, sides.names, terminal)
    write_document({"models": sides.facts(), **notes.rows, "summary": summary, **done}, target, terminal)


def comparison_painter(names: tuple[str, str], look: ComparedLook, *, follows: bool) -> Painter:
    """Return the painter of one run.

    Args:
        names: what A and B are, for people.
        look: colours and scale.
        follows: True for a video, whose objects keep their numbers and whose frames are drawn smaller.
    """
    longest = LONGEST_VIDEO if follows else LONGEST
    drawn = ComparisonLook(names, look.same_scale, look.colormap, look.alpha, look.boxes, look.hud, longest)
    numbers = ObjectNumbering(follows=follows)

    def paint(explanation: Explanation, _run: Run) -> Uint8Array:
        comparison = comparison_of(explanation)
        return draw_comparison(comparison, numbers.of(comparison), drawn)

    return paint
