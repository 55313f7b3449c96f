"""The command that writes a model and its maps into a file: ``export``."""

from __future__ import annotations

from typing import Annotated

import typer

from heatcam.cli.help import Group, Kind
from heatcam.cli.invocation import terminal_of
from heatcam.cli.records import with_option_records
from heatcam.cli.root import command
from heatcam.commands import ExportChoice, ExportOutput


@command(rich_help_panel=Kind.SEE, epilog="Example: heatcam export best.pt --format onnx --heat")
@with_option_records
def export(
    choice: ExportChoice,
    output: ExportOutput,
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL",
            help="A .pt model of ultralytics that finds boxes; 'markers' if left out.",
            rich_help_panel=Group.MODEL,
        ),
    ] = None,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            "-y",
            help="Download a published model that is not here without asking.",
            rich_help_panel=Group.MODEL,
        ),
    ] = False,
) -> None:
    """Write a model with its heat maps into one file that runs without torch.

    ONNX needs the extra heatcam[export]. `heatcam snapshot` and `record` read the file back; docs/export.md has an example
    for ONNX Runtime alone.
    """
    from heatcam.commands.export import run_export  # noqa: PLC0415

    raise typer.Exit(run_export(model, choice, output, terminal_of(says_yes=yes)))
