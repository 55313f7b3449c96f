"""The command line: commands, options, exit codes. Everything heavy is imported inside the commands.

Exit codes: 0 done, 1 failed, 2 wrong usage or refused input, 130 Ctrl-C, 143 SIGTERM, 129 SIGHUP.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from heatcam.bench import Conditions, Plan
from heatcam.cli.help import Group, Kind
from heatcam.cli.invocation import given_options, terminal_of
from heatcam.cli.records import with_option_records
from heatcam.cli.root import app, command
from heatcam.cli.single_options import CameraOption, FilmArgument, JsonOption, RecursiveOption
from heatcam.commands import (
    CaptureChoice,
    ChannelChoice,
    ComparedChoice,
    ComparedLook,
    ComparedOutput,
    Extent,
    FilmChoice,
    FindingsChoice,
    LookOptions,
    ModelChoice,
    MotionOptions,
    PictureOutput,
    RecordedFilm,
    RecordingOptions,
    RecordingOutput,
    Sampling,
    ServeChoice,
    ServedChoice,
    ServedSource,
    SourceChoice,
    StatisticsOutput,
    TileChoice,
    TrialChoice,
    ViewOutput,
    WindowChoice,
)
from heatcam.evaluation import EvalPlan, Judged, Outputs

__all__ = ["app"]


@command(rich_help_panel=Kind.SEE, epilog="Example: heatcam live --camera 0")
@with_option_records
def live(
    ctx: typer.Context,
    chosen: SourceChoice,
    extent: Extent,
    capture: FilmChoice,
    model: ModelChoice,
    look: LookOptions,
    motion: MotionOptions,
    window: WindowChoice,
) -> None:
    """Open a window on a camera, video or the demo scene. Keys: h heat map on and off, ? all keys, q quit.

    The window remembers what was chosen by keys; options given here go before that.
    """
    from heatcam.sinks import require_display  # noqa: PLC0415

    spec = chosen.spec()
    require_display()  # before torch is loaded, which takes seconds

    from heatcam.commands import before_live  # noqa: PLC0415

    before_live(spec, model, window)

    from heatcam.commands.live import LiveOptions, run_live  # noqa: PLC0415

    options = LiveOptions(look, motion, extent, window, capture, given_options(ctx))
    raise typer.Exit(run_live(spec, model, options, terminal_of(says_yes=model.yes)))


@command(rich_help_panel=Kind.SEE, epilog="Example: heatcam snapshot photo.jpg -o out.png")
@with_option_records
def snapshot(  # noqa: PLR0913, PLR0917 (a record a group of options)
    model: ModelChoice,
    trying: TrialChoice,
    channels: ChannelChoice,
    look: LookOptions,
    output: PictureOutput,
    findings: FindingsChoice,
    capture: CaptureChoice,
    tiling: TileChoice,
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PICTURE|FOLDER|GLOB",
            help="What to explain; or one frame of --camera.",
            rich_help_panel=Group.SOURCE,
        ),
    ] = None,
    recursive: RecursiveOption = False,
    camera: CameraOption = None,
) -> None:
    """Write pictures, or one camera frame, with their heat maps."""
    from heatcam.commands import SnapshotOptions  # noqa: PLC0415
    from heatcam.commands.snapshot import run_snapshot  # noqa: PLC0415

    options = SnapshotOptions(look, output, findings, capture, trying, channels, tiling)
    terminal = terminal_of(says_yes=model.yes)
    raise typer.Exit(run_snapshot(inputs or [], camera, model, options, terminal, recursive=recursive))


@command(
    rich_help_panel=Kind.SEE,
    epilog="Example: heatcam redraw out.png.npz -o other.png --colormap viridis --view grid",
)
@with_option_records
def redraw(
    look: LookOptions,
    output: ViewOutput,
    archives: Annotated[
        list[str],
        typer.Argument(
            metavar="ARCHIVE",
            help="What `heatcam snapshot --npz` wrote.",
            rich_help_panel=Group.SOURCE,
        ),
    ],
) -> None:
    """Draw pictures again in another style, from raw maps and without the model."""
    from heatcam.commands.redraw import run_redraw  # noqa: PLC0415

    raise typer.Exit(run_redraw(archives, look, output, terminal_of()))


@command(rich_help_panel=Kind.SEE, epilog="Example: heatcam record clip.mp4 -o out.mp4")
@with_option_records
def record(  # noqa: PLR0913, PLR0917 (a record a group of options)
    extent: Extent,
    capture: RecordedFilm,
    model: ModelChoice,
    look: LookOptions,
    motion: MotionOptions,
    output: RecordingOutput,
    recording: RecordingOptions,
    findings: FindingsChoice,
    source: FilmArgument,
) -> None:
    """Write a video, GIF or numbered pictures with the heat map on every frame.

    Ctrl-C leaves a playable file of what was done; so do SIGTERM and a terminal that is closed.
    """
    from heatcam.commands import RecordOptions  # noqa: PLC0415
    from heatcam.commands.record import run_record  # noqa: PLC0415

    options = RecordOptions(look, motion, output, extent, recording, findings, capture)
    raise typer.Exit(run_record(source, model, options, terminal_of(says_yes=model.yes)))


@command(rich_help_panel=Kind.MEASURE, epilog="Example: heatcam stats clip.mp4 -o report.html")
@with_option_records
def stats(
    extent: Extent,
    sampling: Sampling,
    capture: FilmChoice,
    model: ModelChoice,
    output: StatisticsOutput,
    source: FilmArgument,
) -> None:
    """Write a page about a whole run: heat over time, where it lies, drift.

    The page is one file that loads nothing; the numbers of each object go beside it, as CSV. Ctrl-C keeps what was seen.
    """
    from heatcam.commands import StatisticsOptions  # noqa: PLC0415
    from heatcam.commands.stats import run_stats  # noqa: PLC0415

    options = StatisticsOptions(output, extent, sampling, capture)
    raise typer.Exit(run_stats(source, model, options, terminal_of(says_yes=model.yes)))


@command(
    rich_help_panel=Kind.SEE, epilog="Example: heatcam compare photos/ --model a.pt --model b.pt -o compare/"
)
@with_option_records
def compare(
    sides: ComparedChoice,
    look: ComparedLook,
    output: ComparedOutput,
    extent: Extent,
    capture: RecordedFilm,
    source: FilmArgument,
    recursive: RecursiveOption = False,
) -> None:
    """Show two models, methods or layers side by side, with their difference.

    Give --model, --method, --quality, --layers or --target twice: for A and for B. Objects are matched by overlap and class.
    """
    from heatcam.commands import before_compare  # noqa: PLC0415

    before_compare(source, sides)

    from heatcam.commands.compare import CompareOptions, run_compare  # noqa: PLC0415

    options = CompareOptions(look, output, extent, capture, recursive)
    raise typer.Exit(run_compare(source, sides, options, terminal_of(says_yes=sides.yes)))


@command(rich_help_panel=Kind.SEE, epilog="Example: heatcam serve --open")
@with_option_records
def serve(
    chosen: ServedSource,
    capture: FilmChoice,
    model: ServedChoice,
    look: LookOptions,
    motion: MotionOptions,
    service: ServeChoice,
) -> None:
    """Show the live view as a page in the browser, and answer requests.

    POST /analyze takes a picture and gives its findings and views. It needs the extra heatcam[web]. Only this machine can
    reach it, unless --host says otherwise; then a token is asked for.
    """
    from heatcam.commands import before_serve  # noqa: PLC0415

    before_serve(chosen.spec(), model, service)

    from heatcam.commands.serve import ServeOptions, run_serve  # noqa: PLC0415

    options = ServeOptions(capture, look, motion, service)
    raise typer.Exit(run_serve(chosen.spec(), model, options, terminal_of(says_yes=model.yes)))


@command(rich_help_panel=Kind.CHOOSE, epilog="Example: heatcam cameras")
def cameras(json: JsonOption = None) -> None:
    """List the cameras, and what keeps one from being used."""
    from heatcam.commands.cameras import show_cameras  # noqa: PLC0415

    raise typer.Exit(show_cameras(json, terminal_of()))


@command(rich_help_panel=Kind.MEND, epilog="Example: heatcam recover recordings/")
def recover(
    places: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="RECORDING|FOLDER",
            help="name.part.mp4, or a folder; this one if left out.",
            rich_help_panel=Group.SOURCE,
        ),
    ] = None,
    json: JsonOption = None,
) -> None:
    """Finish recordings that a crash or power cut interrupted.

    What was recorded becomes name-recovered.mp4.
    """
    from heatcam.commands.recover import run_recover  # noqa: PLC0415

    raise typer.Exit(run_recover(places or [Path()], json, terminal_of()))


@command(rich_help_panel=Kind.CHOOSE, epilog="Example: heatcam models download yolo26n")
def models(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="download NAME",
            help="Fetch published weights by name; all that there is to choose from is listed if left out.",
            rich_help_panel=Group.MODEL,
        ),
    ] = None,
    json: JsonOption = None,
) -> None:
    """List the models there are to choose from, or download one."""
    from heatcam.commands.models import show_models  # noqa: PLC0415

    raise typer.Exit(show_models(words or [], json, terminal_of()))


@command(rich_help_panel=Kind.CHOOSE, epilog="Example: heatcam layers yolo11n.pt")
def layers(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL",
            help="A .pt model of ultralytics, whatever its task, or 'everyday'; 'markers' if left out.",
            rich_help_panel=Group.MODEL,
        ),
    ] = None,
    imgsz: Annotated[
        int | None,
        typer.Option(
            metavar="PIXELS",
            help="Side of the network's square input; the model's own if left out.",
            rich_help_panel=Group.MODEL,
        ),
    ] = None,
    json: JsonOption = None,
) -> None:
    """List a model's layers, and which of them the heat maps come from."""
    from heatcam.commands import before_layers  # noqa: PLC0415

    before_layers(model, imgsz)

    from heatcam.commands.layers import show_layers  # noqa: PLC0415

    raise typer.Exit(show_layers(model, imgsz, json, terminal_of()))


@command(rich_help_panel=Kind.CHOOSE, epilog="Example: heatcam methods")
def methods(json: JsonOption = None) -> None:
    """List what --method takes, and how true each was measured to be."""
    from heatcam.commands.methods import show_methods  # noqa: PLC0415

    raise typer.Exit(show_methods(json, terminal_of()))


@command(rich_help_panel=Kind.MEND, epilog="Example: heatcam doctor")
def doctor(json: JsonOption = None) -> None:
    """Say what is wrong with this machine, and what mends it.

    Exits with 1 when something keeps a command from working.
    """
    from heatcam.commands.doctor import run_doctor  # noqa: PLC0415

    raise typer.Exit(run_doctor(json, terminal_of()))


@command(rich_help_panel=Kind.MEASURE, epilog="Example: heatcam bench clip.mp4 --model yolo11n.pt")
@with_option_records
def bench(
    conditions: Conditions,
    plan: Plan,
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="PHOTO|VIDEO",
            help="What everybody sees; ultralytics' bus.jpg at 1280x720 if left out.",
            rich_help_panel=Group.SOURCE,
        ),
    ] = None,
    json: JsonOption = None,
) -> None:
    """Measure heatcam's speed beside ultralytics and grad-cam.

    All see the same pictures, one after the other in every round; shown are median and spread.
    """
    from heatcam.commands import before_bench  # noqa: PLC0415

    before_bench(source, conditions, plan)

    from heatcam.commands.bench import run_bench  # noqa: PLC0415

    raise typer.Exit(run_bench(source, conditions, plan, json, terminal_of()))


@command(
    "eval",
    rich_help_panel=Kind.MEASURE,
    epilog="Example: heatcam eval photos/ --model yolo11n.pt --curves curves.png",
)
@with_option_records
def evaluate(
    judged: Judged,
    plan: EvalPlan,
    outputs: Outputs,
    photos: Annotated[
        list[str],
        typer.Argument(
            metavar="PHOTO|FOLDER|GLOB", help="What to judge the maps on.", rich_help_panel=Group.SOURCE
        ),
    ],
    recursive: RecursiveOption = False,
) -> None:
    """Measure how true the heat maps are.

    By insertion, deletion, energy in box and more, beside ultralytics' map and controls.
    """
    from heatcam.commands import before_eval  # noqa: PLC0415

    before_eval(photos, judged, plan, outputs, recursive=recursive)

    from heatcam.commands.evaluation import run_eval  # noqa: PLC0415

    raise typer.Exit(run_eval(photos, judged, plan, outputs, terminal_of(), recursive=recursive))


from heatcam.cli import (  # noqa: E402 (their commands are listed after these)
    auditing,  # noqa: F401
    batching,  # noqa: F401
    checking,  # noqa: F401
    drifting,  # noqa: F401
    exporting,  # noqa: F401
    probing,  # noqa: F401
)
