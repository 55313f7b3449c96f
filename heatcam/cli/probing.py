"""The commands that ask a model about places of a picture: ``missed`` and ``cover``."""

from __future__ import annotations

from typing import Annotated

import typer

from heatcam.cli.help import Group, Kind
from heatcam.cli.invocation import terminal_of
from heatcam.cli.records import with_option_records
from heatcam.cli.root import command
from heatcam.commands import AskedModel, CoverChoice, LookOptions, PlacesChoice, ProbedModel, ProbedOutput

PhotoArgument = Annotated[
    str, typer.Argument(metavar="PHOTO", help="The picture.", rich_help_panel=Group.SOURCE)
]


@command(
    rich_help_panel=Kind.MEASURE,
    epilog="Example: heatcam missed photo.jpg --at 40,60,200,310 --class dog -m yolo11n.pt",
)
@with_option_records
def missed(model: AskedModel, places: PlacesChoice, output: ProbedOutput, photo: PhotoArgument) -> None:
    """Say why an object was not found, and show what speaks for and against it.

    The verdict is one of: found, below-threshold, suppressed, misplaced, other-class, not-seen.
    """
    from heatcam.commands.missed import run_missed  # noqa: PLC0415

    raise typer.Exit(run_missed(photo, model, places, output, terminal_of(says_yes=model.yes)))


@command(
    rich_help_panel=Kind.MEASURE,
    epilog="Example: heatcam cover photo.jpg --at 40,60,200,310 --fill blur -m yolo11n.pt",
)
@with_option_records
def cover(
    model: ProbedModel, covers: CoverChoice, look: LookOptions, output: ProbedOutput, photo: PhotoArgument
) -> None:
    """Cover places of a picture, and see if the heat had foretold what changes.

    Each cover is laid by itself, and all of them together.
    """
    from heatcam.commands.cover import run_cover  # noqa: PLC0415

    raise typer.Exit(run_cover(photo, model, covers, look, output, terminal_of(says_yes=model.yes)))
