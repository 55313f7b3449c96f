"""The root of the command line: the application, what all commands share, and the options before a command."""

from __future__ import annotations

import functools
from typing import Annotated

import typer

from heatcam.cli.failing import HeatcamGroup
from heatcam.cli.help import HeatcamCommand
from heatcam.cli.invocation import terminal_of

app = typer.Typer(
    name="heatcam",
    cls=HeatcamGroup,
    no_args_is_help=True,
    rich_markup_mode=None,  # drawn help loads rich's Markdown: 120 of the 300 ms that `--help` took
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: heatcam live demo",
)
command = functools.partial(app.command, cls=HeatcamCommand)


def _show_version(wanted: bool) -> None:
    if wanted:
        from heatcam import __version__  # noqa: PLC0415

        typer.echo(f"heatcam {__version__}")
        raise typer.Exit


def _say_reasons(wanted: bool) -> None:
    if wanted:
        from heatcam.commands import say_reasons  # noqa: PLC0415 (rich)

        say_reasons(terminal_of())


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback when something fails.")] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            callback=_say_reasons,
            help="Say what was chosen and why, and what was measured for it.",
        ),
    ] = False,
) -> None:
    """See what your detector sees, live: heat maps of a YOLO model's own evidence over camera, video and photographs."""
