"""The command line: commands, options, exit codes. Everything heavy is imported inside the commands.

Exit codes: 0 done, 1 failed, 2 wrong usage or refused input, 130 Ctrl-C.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn, get_type_hints

import typer
from typer.core import TyperGroup

from heatcam.commands.options import Extent, Look, ModelChoice, Output
from heatcam.errors import HeatcamError, UsageError

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
            "--model", "-m", help="A .pt detection model of ultralytics; 'markers' if left out."
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
    },
    Look: {
        "renorm": typer.Option(
            help="Scale the heat in each box, or over the whole frame.", case_sensitive=False
        ),
        "colormap": typer.Option(help="How heat becomes colour.", case_sensitive=False),
        "alpha": typer.Option(min=0.0, max=1.0, help="Opacity of the hottest pixel."),
        "boxes": typer.Option(help="Draw boxes and labels."),
        "hud": typer.Option(help="Draw the top line and the colour bar."),
    },
    Output: {
        "output": typer.Option(
            "--output", "-o", help="The file to write, or for many pictures a folder (ends in /)."
        ),
        "overwrite": typer.Option("--overwrite", help="Replace files that are there."),
        "json": typer.Option(metavar="PATH|-", help="Write the result as JSON; - is standard output."),
    },
    Extent: {
        "max_frames": typer.Option(min=1, help="Stop after so many frames."),
        "seconds": typer.Option(min=0.0, help="Stop after so many seconds."),
    },
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


CameraOption = Annotated[
    str | None, typer.Option("--camera", metavar="INDEX", help="A camera: 0 is the first.")
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
    model: ModelChoice,
    look: Look,
    extent: Extent,
    camera: CameraOption = None,
    source: Annotated[
        str | None,
        typer.Option(
            help="A file, folder, glob, rtsp:// or http:// address, or 'demo', instead of a camera."
        ),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write what was shown, in numbers, as JSON.")] = None,
) -> None:
    """Open a window on a camera, video or the demo scene. Keys: h heat map on and off, s snapshot, q quit."""
    from heatcam.commands.live import live as run  # noqa: PLC0415

    if camera is not None and source is not None:
        raise UsageError("--camera and --source exclude each other", "give one")
    raise typer.Exit(run(source or camera or "0", model, look, extent, report, _terminal()))


@app.command(epilog="Example: heatcam snapshot photo.jpg -o out.png")
@with_option_records
def snapshot(
    model: ModelChoice,
    look: Look,
    output: Output,
    inputs: Annotated[
        list[str] | None, typer.Argument(metavar="[PICTURE|FOLDER|GLOB]...", help="What to explain.")
    ] = None,
    camera: CameraOption = None,
) -> None:
    """Explain one picture, many, or one camera frame, and write each with its heat map."""
    from heatcam.commands.snapshot import snapshot as run  # noqa: PLC0415

    raise typer.Exit(run(inputs or [], camera, model, look, output, _terminal()))


@app.command(epilog="Example: heatcam record clip.mp4 -o out.mp4")
@with_option_records
def record(
    model: ModelChoice,
    look: Look,
    output: Output,
    extent: Extent,
    source: Annotated[str, typer.Argument(help="A video, camera index, stream address, folder or 'demo'.")],
) -> None:
    """Write every frame of a source, with its heat map, into a video. Ctrl-C leaves a playable file of what was done."""
    from heatcam.commands.record import record as run  # noqa: PLC0415

    raise typer.Exit(run(source, model, look, output, extent, _terminal()))


def main() -> None:
    """The ``heatcam`` program."""
    app(prog_name="heatcam")


def _terminal() -> Any:
    """The terminal, which asks questions only when a person sits there."""
    from heatcam.commands.terminal import Terminal  # noqa: PLC0415

    somebody = sys.stdin.isatty() and sys.stderr.isatty()
    return Terminal(confirm=(lambda question: typer.confirm(question, err=True)) if somebody else None)
