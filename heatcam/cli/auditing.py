"""The command about a data set: ``audit``."""

from __future__ import annotations

from typing import Annotated

import typer

from heatcam.cli.help import Group, Kind
from heatcam.cli.invocation import terminal_of
from heatcam.cli.records import with_option_records
from heatcam.cli.root import command
from heatcam.commands import AuditChoice, AuditModel, AuditOutput

DataArgument = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A data.yaml of ultralytics, a JSON of COCO, or a folder of pictures without labels.",
        rich_help_panel=Group.SOURCE,
    ),
]


@command(rich_help_panel=Kind.MEASURE, epilog="Example: heatcam audit data.yaml --model best.pt -o audit/")
@with_option_records
def audit(model: AuditModel, choice: AuditChoice, output: AuditOutput, data: DataArgument) -> None:
    """Find a data set's mistakes, each with the evidence it stands on.

    Every detection and every missed label is a row of objects.parquet, and what is counted of them is in audit.json. Ctrl-C keeps
    what is done.
    """
    from heatcam.commands.audit import run_audit  # noqa: PLC0415

    raise typer.Exit(run_audit(data, model, choice, output, terminal_of(says_yes=model.yes)))
