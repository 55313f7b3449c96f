"""The command that judges rules about a model's evidence: ``check``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from heatcam.cli.help import Group, Kind
from heatcam.cli.invocation import terminal_of
from heatcam.cli.records import with_option_records
from heatcam.cli.root import command
from heatcam.commands import AuditModel, CheckChoice, CheckOutput


@command(rich_help_panel=Kind.MEASURE, epilog="Example: heatcam check evidence.yaml --model best.pt")
@with_option_records
def check(
    model: AuditModel,
    choice: CheckChoice,
    output: CheckOutput,
    rules: Annotated[
        Path,
        typer.Argument(
            metavar="RULES",
            help='A file of YAML, such as cow: {energy_in_box: ">= 0.6"}.',
            rich_help_panel=Group.SOURCE,
        ),
    ],
) -> None:
    """Judge rules about the evidence of a model's detections, for CI.

    A rule passes or fails where its whole 95 % interval does; else it is undecided. Exits with 1 when one fails.
    """
    from heatcam.commands.check import run_check  # noqa: PLC0415

    raise typer.Exit(run_check(rules, model, choice, output, terminal_of(says_yes=model.yes)))
