"""The command about a great many pictures: ``batch``."""

from __future__ import annotations

from typing import Annotated

import typer

from heatcam.cli.help import Group, Kind
from heatcam.cli.invocation import terminal_of
from heatcam.cli.records import with_option_records
from heatcam.cli.root import command
from heatcam.cli.single_options import RecursiveOption
from heatcam.commands import BatchChoice, BatchOutput, LookOptions, ModelChoice


@command(
    rich_help_panel=Kind.MEASURE, epilog="Example: heatcam batch photos/ -r -o maps/ --streams 8 --resume"
)
@with_option_records
def batch(
    model: ModelChoice,
    look: LookOptions,
    choice: BatchChoice,
    output: BatchOutput,
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT",
            help="Pictures, folders, globs; lists of paths as .txt, .jsonl or .parquet (column path); .tar files of pictures.",
            rich_help_panel=Group.SOURCE,
        ),
    ],
    recursive: RecursiveOption = False,
) -> None:
    """Explain a great many pictures: a table of their objects, with the maps.

    The numbers are those of snapshot. A run that was killed can be gone on with, and its result is that of one run. Pictures
    that fail are listed in failed.jsonl, and do not end it.
    """
    from heatcam.commands import BatchRequest  # noqa: PLC0415
    from heatcam.commands.batch import run_batch  # noqa: PLC0415

    request = BatchRequest(inputs, recursive, model, look, choice, output)
    raise typer.Exit(run_batch(request, terminal_of(says_yes=model.yes)))
