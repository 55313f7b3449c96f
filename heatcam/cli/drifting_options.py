"""Options of ``heatcam drift``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from heatcam.cli.help import Group
from heatcam.commands import DriftChoice, DriftOutput, Output, Sampling


def drifting_options(options: Mapping[type, dict[str, Any]]) -> dict[type, dict[str, Any]]:
    """Return the options of these records; ``options``: those of other records, whose words are used again."""
    choice = {
        "baseline": typer.Option(metavar="FILE", help="Watch against this baseline."),
        "learn": typer.Option(metavar="FILE", help="Write a baseline of what is seen, while all is well."),
        "resume": typer.Option("--resume", help="Go on with the baseline that --learn has begun."),
        "block": typer.Option(
            metavar="SECONDS",
            help="With --learn: one value each so many seconds; 600 for live sources, else 10, if left out. They are joined to "
            "longer ones where neighbours turn out to be alike.",
        ),
        "day_parts": typer.Option(
            min=1,
            max=24,
            help="With --learn: compare with the same of so many parts of the day; 6 for live sources, else 1, if left out.",
        ),
        "every": options[Sampling]["every"],
        "false_alarms": typer.Option(
            metavar="SHARE",
            help="Probability of ever telling of a drift that there is not, over all series and however long it runs.",
        ),
        "exit_on_drift": typer.Option("--exit-on-drift", help="End with the first drift."),
    }
    measuring = ("block", "day_parts", "false_alarms")
    for name in measuring:
        choice[name].rich_help_panel = Group.MEASURING
    output = {
        "state": typer.Option(metavar="FILE", help="Keep what a restart goes on with here."),
        "log": typer.Option(metavar="FILE", help="Append a line of JSON a block."),
        "webhook": typer.Option(
            metavar="URL",
            envvar="HEATCAM_WEBHOOK",
            help="Post each drift there, as JSON; tried again until it is taken.",
        ),
        "json": options[Output]["json"],
        "overwrite": options[Output]["overwrite"],
    }
    return {DriftChoice: choice, DriftOutput: output}
