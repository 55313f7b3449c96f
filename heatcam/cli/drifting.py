"""The command about a camera that runs for weeks: ``drift``."""

from __future__ import annotations

import typer

from heatcam.cli.help import Kind
from heatcam.cli.invocation import terminal_of
from heatcam.cli.records import with_option_records
from heatcam.cli.root import command
from heatcam.cli.single_options import FilmArgument
from heatcam.commands import DriftChoice, DriftOptions, DriftOutput, Extent, FilmChoice, ModelChoice


@command(rich_help_panel=Kind.MEASURE, epilog="Example: heatcam drift 0 --baseline base.json")
@with_option_records
def drift(
    choice: DriftChoice,
    extent: Extent,
    capture: FilmChoice,
    model: ModelChoice,
    output: DriftOutput,
    source: FilmArgument,
) -> None:
    """Watch a camera for weeks: has its evidence drifted from a baseline?

    First --learn base.json while all is well, then --baseline base.json. Exits with 1 when something has drifted, at the end of a
    file, after --seconds or with --exit-on-drift.
    """
    from heatcam.commands.drift import run_drift  # noqa: PLC0415

    options = DriftOptions(choice, output, extent, capture)
    raise typer.Exit(run_drift(source, model, options, terminal_of(says_yes=model.yes)))
