"""Options of ``heatcam check``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from heatcam.cli.help import Group
from heatcam.commands import AuditChoice, CheckChoice, CheckOutput, Output


def checking_options(options: Mapping[type, dict[str, Any]]) -> dict[type, dict[str, Any]]:
    """Return the options of these records.

    Args:
        options: those of other records, whose words are used again.
    """
    audit = options[AuditChoice]
    choice = {
        "data": typer.Option(
            metavar="DATA",
            help="Audit this data set: ultralytics' data.yaml, or COCO's JSON; the one that the rules name if left out.",
        ),
        "audit": typer.Option(
            metavar="FOLDER", help="Judge this audit, which `heatcam audit` wrote, instead of a model."
        ),
        **{name: audit[name] for name in ("split", "images", "match_iou", "tries")},
        "strict": typer.Option(
            "--strict",
            help="Let rules fail that cannot be decided, for example of too few objects.",
            rich_help_panel=Group.MEASURING,
        ),
        "seed": audit["seed"],
    }
    output = {
        "output": typer.Option(
            "--output", "-o", metavar="FOLDER", help="Keep the audit that is made of --data here."
        ),
        "junit": typer.Option(metavar="FILE", help="Write the outcomes as JUnit XML, which CI servers read."),
        "json": options[Output]["json"],
        "overwrite": options[Output]["overwrite"],
    }
    return {CheckChoice: choice, CheckOutput: output}
