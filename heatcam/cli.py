"""The command line: commands, options, exit codes. Everything heavy is imported inside the commands.

Exit codes: 0 done, 1 failed, 2 wrong usage or refused input, 130 Ctrl-C.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn, get_type_hints

import typer
from typer.core import TyperGroup

from heatcam.bench.plan import Conditions, Plan
from heatcam.commands.options import (
    CaptureChoice,
    Extent,
    Look,
    ModelChoice,
    Motion,
    Output,
    Recording,
    SourceChoice,
    WindowChoice,
)
from heatcam.errors import HeatcamError, UsageError
from heatcam.evaluation.plan import EvalPlan, Judged, Outputs

INTERRUPTED = 130


class HeatcamGroup(TyperGroup):
    """The one place that turns exceptions into words and exit codes."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an expected failure is one line on standard error, ``--debug`` shows where it came from."""
        try:
            return super().invoke(ctx)
        except HeatcamError as error:
            if ctx.params.get("debug"):
                raise
            _stop(f"heatcam: {error}", error.exit_code)
        except KeyboardInterrupt:
            _stop("heatcam: stopped", INTERRUPTED)


def _stop(line: str, exit_code: int) -> NoReturn:
    typer.echo(line, err=True)
    raise typer.Exit(exit_code)


app = typer.Typer(
    cls=HeatcamGroup,
    no_args_is_help=True,
    rich_markup_mode=None,  # drawn help loads rich's Markdown: 120 of the 300 ms that `--help` took
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Try: heatcam live --source demo",
)

OPTIONS: dict[type, dict[str, Any]] = {
    ModelChoice: {
        "model": typer.Option(
            "--model",
            "-m",
            help="A .pt model of ultralytics that finds boxes or classes; 'markers' if left out.",
        ),
        "device": typer.Option(help="cpu, cuda, cuda:1 or mps; chosen by itself if left out."),
        "imgsz": typer.Option(
            help="Longer side of the network's input in pixels; the model's own if left out."
        ),
        "conf": typer.Option(help="Keep boxes above this confidence."),
        "iou": typer.Option(help="Boxes of a class that overlap more are one object."),
        "classes": typer.Option(
            help="Keep only these classes: names or numbers, with commas.", show_default=False
        ),
        "method": typer.Option(help="How the heat map is made.", case_sensitive=False),
        "quality": typer.Option(
            help="'live' maps one layer; 'fine' adds up every level, for more detail.", case_sensitive=False
        ),
        "backend": typer.Option(
            help="What runs the network; 'auto' takes the fastest, measured once.", case_sensitive=False
        ),
        "precision": typer.Option(
            help="Of the network; 'auto' is fp32, or bf16 with OpenVINO where the processor has it and finds the same boxes.",
            case_sensitive=False,
        ),
        "why": typer.Option(
            metavar="CLASS",
            help="Explain this class at every box instead of its own: why (not) a truck?",
            show_default=False,
        ),
        "target": typer.Option(
            metavar="class|box|iou-side|mask|keypoint|angle",
            help="What is explained of each object; box:left and keypoint:3 are parts.",
        ),
        "layers": typer.Option(
            help="Map these layers instead: indices or names with commas; `heatcam layers` lists them.",
            show_default=False,
        ),
    },
    Look: {
        "renorm": typer.Option(
            help="Scale the heat in each box, over the whole frame, or with one scale for every picture of a model.",
            case_sensitive=False,
        ),
        "colormap": typer.Option(help="How heat becomes colour.", case_sensitive=False),
        "alpha": typer.Option(min=0.0, max=1.0, help="Opacity of the hottest pixel."),
        "boxes": typer.Option(help="Draw boxes and labels."),
        "hud": typer.Option(help="Draw the top line and the colour bar."),
    },
    Motion: {
        "smooth": typer.Option(
            min=0.0, max=1.0, help="Steady the heat from frame to frame; 0 shows each frame's raw map."
        ),
        "track": typer.Option(
            help="Keep a number and a colour on each object, with one of ultralytics' trackers.",
            case_sensitive=False,
        ),
    },
    Output: {
        "output": typer.Option(
            "--output", "-o", help="The file to write, or for many pictures a folder (ends in /)."
        ),
        "overwrite": typer.Option("--overwrite", help="Replace files that are there."),
        "json": typer.Option(metavar="PATH|-", help="Write the result as JSON; - is standard output."),
    },
    WindowChoice: {
        "fullscreen": typer.Option("--fullscreen/--windowed", help="Fill the screen."),
        "window_size": typer.Option(
            metavar="WIDTHxHEIGHT",
            help="Of the window in pixels; as it was last, or the picture's, if left out.",
            show_default=False,
        ),
        "display_fps": typer.Option(min=0.1, help="Draw at most so many frames a second."),
        "every": typer.Option(
            min=1,
            help="Make the heat map of every so many frames, and carry it along with the boxes between them.",
        ),
        "realtime": typer.Option(
            "--realtime",
            help="Play a file at its own speed, and drop frames that are late, instead of showing each.",
        ),
        "reset_settings": typer.Option(
            "--reset-settings", help="Forget what the window remembers of its last run."
        ),
        "report": typer.Option(help="Write what was shown, in numbers, as JSON."),
    },
    CaptureChoice: {
        "size": typer.Option(
            metavar="WIDTHxHEIGHT",
            help="Ask a camera for this size; raw frames on standard input have it.",
            show_default=False,
        ),
        "fps": typer.Option(
            min=0.1,
            max=1000.0,
            help="Ask a camera for this rate; screen, numbered pictures and standard input have it. "
            "Of other sources the recording gets it, frames repeated or left out; else each keeps its own time.",
        ),
    },
    Recording: {
        "codec": typer.Option(
            metavar="h264|hevc|av1|vp9|ffv1|prores",
            help="H.264 if left out, in WebM VP9.",
            show_default=False,
        ),
        "crf": typer.Option(min=0, help="Quality, on the codec's own scale: lower is better and larger."),
        "min_free": typer.Option(
            metavar="SIZE", help="Stop, the file finished, when the disk has less room."
        ),
        "resume": typer.Option("--resume", help="Go on where an interrupted recording of this source ends."),
    },
    Extent: {
        "max_frames": typer.Option(min=1, help="Stop after so many frames."),
        "seconds": typer.Option(min=0.0, help="Stop after so many seconds."),
    },
}

OPTIONS[Conditions] = {f.name: OPTIONS[ModelChoice][f.name] for f in dataclasses.fields(Conditions)}
OPTIONS[Plan] = {
    "runs": typer.Option(min=1, help="Rounds that count; in each, every row runs once."),
    "warmup": typer.Option(min=0, help="Rounds before them that do not count."),
    "only": typer.Option(
        metavar="NAME", help="Measure only rows with this in their name; may be given several times."
    ),
}


OPTIONS[Judged] = {f.name: OPTIONS[ModelChoice][f.name] for f in dataclasses.fields(Judged)} | {
    "conf": typer.Option(help="Judge objects above this confidence."),
    "backend": typer.Option(
        help="What scores the pictures that are taken apart; 'auto' takes the fastest. Maps are made with torch.",
        case_sensitive=False,
    ),
}
OPTIONS[EvalPlan] = {
    "methods": typer.Option(help="Methods to judge, with commas, or 'all'; `heatcam methods` lists them."),
    "layers": typer.Option(
        metavar="LAYERS",
        help="Also judge the live method at these layers: 15, or 12,15 added up; several behind semicolons or options.",
    ),
    "protocol": typer.Option(
        help="How pictures are taken apart: 'blur' in 8 steps that grow, 'd-rise' in 50 equal ones with the mean colour.",
        case_sensitive=False,
    ),
    "most": typer.Option(min=1, help="Judge so many objects a photograph at most, the strongest."),
    "small": typer.Option(
        "--small", help="Also judge objects that cover less than the protocol's first step."
    ),
    "whole": typer.Option("--whole", help="Score maps as they are, not cut to their box."),
    "checks": typer.Option(
        "--checks", help="Also measure how maps answer noise and shuffled weights; several times slower."
    ),
    "seed": typer.Option(min=0, help="For all that is drawn: noise, shuffled weights, intervals."),
}
OPTIONS[Outputs] = {
    "json": OPTIONS[Output]["json"],
    "csv": typer.Option(help="Write one line an object and map."),
    "curves": typer.Option(help="Write a picture of the mean curves."),
    "overwrite": OPTIONS[Output]["overwrite"],
}


def with_option_records(command: Callable[..., None]) -> Callable[..., None]:
    """A command that takes whole records (``Look``) as one that takes their fields as options (``--alpha``, ...)."""
    hints = get_type_hints(command, include_extras=True)
    own = list(inspect.signature(command, eval_str=True).parameters.values())
    records = {p.name: hints[p.name] for p in own if hints[p.name] in OPTIONS}
    flat = [p for p in own if p.name not in records]
    for kind in records.values():
        types = get_type_hints(kind)
        flat += [
            inspect.Parameter(
                f.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=f.default,
                annotation=Annotated[types[f.name], OPTIONS[kind][f.name]],
            )
            for f in dataclasses.fields(kind)
        ]

    @functools.wraps(command)
    def run(**values: Any) -> None:
        made = {
            name: kind(**{f.name: values.pop(f.name) for f in dataclasses.fields(kind)})
            for name, kind in records.items()
        }
        command(**values, **made)

    run.__signature__ = inspect.Signature(flat)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in flat}
    return run


_CAMERA = typer.Option(
    "--camera",
    metavar="INDEX|NAME",
    help="A camera by number (0 is the first) or part of its name; `heatcam cameras` lists them.",
)
CameraOption = Annotated[str | None, _CAMERA]
OPTIONS[SourceChoice] = {
    "camera": _CAMERA,
    "source": typer.Option(
        help="Instead of a camera: a file, folder, glob, shots%04d.png, rtsp:// or http:// address, 'screen', '-' or 'demo'."
    ),
}

JsonOption = Annotated[
    str | None,
    typer.Option("--json", metavar="PATH|-", help="Write the result as JSON; - is standard output."),
]


def _show_version(wanted: bool) -> None:
    if wanted:
        from heatcam import __version__  # noqa: PLC0415

        typer.echo(f"heatcam {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback when something fails.")] = False,
) -> None:
    """See what your detector sees, live: heat maps of a YOLO model's own evidence over camera, video and photographs."""


@app.command(epilog="Example: heatcam live --camera 0")
@with_option_records
def live(
    ctx: typer.Context,
    model: ModelChoice,
    look: Look,
    motion: Motion,
    extent: Extent,
    window: WindowChoice,
    capture: CaptureChoice,
    chosen: SourceChoice,
) -> None:
    """Open a window on a camera, video or the demo scene. Keys: h heat map on and off, ? all keys, q quit.

    The window remembers what was chosen by keys; options given here go before that.
    """
    from heatcam.sinks.display import require_display  # noqa: PLC0415

    if chosen.camera is not None and chosen.source is not None:
        raise UsageError("--camera and --source exclude each other", "give one")
    require_display()  # before torch is loaded, which takes seconds

    from heatcam.commands.live import LiveOptions  # noqa: PLC0415
    from heatcam.commands.live import live as run  # noqa: PLC0415

    spec = chosen.source or chosen.camera or "0"
    options = LiveOptions(look, motion, extent, window, capture, _given(ctx))
    raise typer.Exit(run(spec, model, options, _terminal()))


def _given(ctx: typer.Context) -> frozenset[str]:
    """Names of the options that stand on the command line."""
    sources = {name: ctx.get_parameter_source(name) for name in ctx.params}
    return frozenset(
        name for name, kind in sources.items() if kind is not None and kind.name == "COMMANDLINE"
    )


@app.command(epilog="Example: heatcam snapshot photo.jpg -o out.png")
@with_option_records
def snapshot(
    model: ModelChoice,
    look: Look,
    output: Output,
    capture: CaptureChoice,
    inputs: Annotated[
        list[str] | None, typer.Argument(metavar="[PICTURE|FOLDER|GLOB]...", help="What to explain.")
    ] = None,
    camera: CameraOption = None,
) -> None:
    """Explain one picture, many, or one camera frame, and write each with its heat map."""
    from heatcam.commands.snapshot import snapshot as run  # noqa: PLC0415

    raise typer.Exit(run(inputs or [], camera, model, look, output, _terminal(), capture))


@app.command(epilog="Example: heatcam record clip.mp4 -o out.mp4")
@with_option_records
def record(
    model: ModelChoice,
    look: Look,
    motion: Motion,
    output: Output,
    extent: Extent,
    capture: CaptureChoice,
    recording: Recording,
    source: Annotated[
        str,
        typer.Argument(
            help="A video, camera, stream address, folder, glob, shots%04d.png, 'screen', '-' (standard input) or 'demo'."
        ),
    ],
) -> None:
    """Write every frame of a source, with its heat map, into a video, GIF or numbered pictures.

    Ctrl-C leaves a playable file of what was done.
    """
    from heatcam.commands.record import RecordOptions  # noqa: PLC0415
    from heatcam.commands.record import record as run  # noqa: PLC0415

    options = RecordOptions(look, motion, output, extent, recording, capture)
    raise typer.Exit(run(source, model, options, _terminal()))


@app.command(epilog="Example: heatcam cameras")
def cameras(json: JsonOption = None) -> None:
    """List the cameras: number, name, sizes and rates, and what keeps one from being used."""
    from heatcam.commands.cameras import cameras as run  # noqa: PLC0415

    raise typer.Exit(run(json, _terminal()))


@app.command(epilog="Example: heatcam recover recordings/")
def recover(
    places: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[LEFTOVER|FOLDER]...", help="name.part.mp4, or a folder.", show_default=False
        ),
    ] = None,
    json: JsonOption = None,
) -> None:
    """Make finished files of recordings that were interrupted by a crash or a power cut: name-recovered.mp4."""
    from heatcam.commands.recover import recover as run  # noqa: PLC0415

    raise typer.Exit(run(places or [Path()], json, _terminal()))


@app.command(epilog="Example: heatcam layers yolo11n.pt")
def layers(
    model: Annotated[
        str | None,
        typer.Argument(
            help="A .pt model of ultralytics, whatever its task; 'markers' if left out.", show_default=False
        ),
    ] = None,
    imgsz: Annotated[
        int | None,
        typer.Option(help="Side of the network's square input in pixels; the model's own if left out."),
    ] = None,
    json: JsonOption = None,
) -> None:
    """List a model's layers: shapes, strides, parameters, and which of them the heat maps come from."""
    from heatcam.commands.layers import layers as run  # noqa: PLC0415

    raise typer.Exit(run(model, imgsz, json, _terminal()))


@app.command(epilog="Example: heatcam methods")
def methods(json: JsonOption = None) -> None:
    """List what --method takes: formula, paper, backward passes needed, and how faithful the maps were measured to be."""
    from heatcam.commands.methods import methods as run  # noqa: PLC0415

    raise typer.Exit(run(json, _terminal()))


@app.command(epilog="Example: heatcam bench clip.mp4 --model yolo11n.pt")
@with_option_records
def bench(
    conditions: Conditions,
    plan: Plan,
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[PHOTO_OR_VIDEO]",
            help="What everybody sees; ultralytics' bus.jpg at 1280x720 if left out.",
            show_default=False,
        ),
    ] = None,
    json: JsonOption = None,
) -> None:
    """Measure heatcam beside ultralytics and grad-cam on the same pictures: interleaved, with median and spread."""
    from heatcam.commands.bench import bench as run  # noqa: PLC0415

    raise typer.Exit(run(source, conditions, plan, json, _terminal()))


@app.command("eval", epilog="Example: heatcam eval photos/ --model yolo11n.pt --curves curves.png")
@with_option_records
def evaluate(
    judged: Judged,
    plan: EvalPlan,
    outputs: Outputs,
    photos: Annotated[
        list[str], typer.Argument(metavar="PHOTO|FOLDER|GLOB...", help="What to judge the maps on.")
    ],
) -> None:
    """Measure how true the heat maps are: insertion, deletion, energy in box and more, beside ultralytics' map and controls."""
    from heatcam.commands.evaluation import evaluate as run  # noqa: PLC0415

    raise typer.Exit(run(photos, judged, plan, outputs, _terminal()))


def main() -> None:
    """The ``heatcam`` program."""
    try:
        app(prog_name="heatcam")
    except SystemExit as end:
        _leave(end)


def _leave(end: SystemExit) -> NoReturn:
    """Exit; past threads of ours that hang in a read or are in the middle of a pass.

    They are daemons, so nothing waits for them, but Python then ends them in the middle of C++ code, which aborts the process.
    """
    left_behind = [thread for thread in threading.enumerate() if thread.name.startswith("heatcam")]
    if not left_behind:
        raise end
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(end.code if isinstance(end.code, int) else int(end.code is not None))


def _terminal() -> Any:
    """The terminal, which asks questions only when a person sits there."""
    from heatcam.commands.terminal import Terminal  # noqa: PLC0415

    somebody = sys.stdin.isatty() and sys.stderr.isatty()
    return Terminal(confirm=(lambda question: typer.confirm(question, err=True)) if somebody else None)
