"""Options of ``heatcam audit``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from heatcam.cli.help import Group
from heatcam.commands import AuditChoice, AuditModel, AuditOutput, ModelChoice, Output

#: Options of a model that make no sense where each object is asked about its own class.
_NOT_ASKED = ("why", "target", "prompt", "like", "like_at", "like_class")


def audit_options(options: Mapping[type, dict[str, Any]], detector: Any) -> dict[type, dict[str, Any]]:
    """Return the options of these records.

    Args:
        options: those of other records, whose words are used again.
        detector: ``--model`` of commands for detectors.
    """
    model = {name: own for name, own in options[ModelChoice].items() if name not in _NOT_ASKED}
    choice = {
        "split": typer.Option(
            metavar="train|val|test", help="Part of a data set in ultralytics' form; 'val' if left out."
        ),
        "images": typer.Option(
            metavar="FOLDER", help="The pictures of a COCO JSON; looked for beside it if left out."
        ),
        "match_iou": typer.Option(
            metavar="SHARE",
            help="A detection is on a label from this overlap (IoU) on, 0.1 to 1.",
            rich_help_panel=Group.MODEL,
        ),
        "tries": typer.Option(
            metavar="NUMBER",
            help="Cover background and object of so many detections a class, and see if they are kept; 0 for none.",
            rich_help_panel=Group.MEASURING,
        ),
        "seed": typer.Option(help="For all that is drawn by chance.", rich_help_panel=Group.MEASURING),
        "against": typer.Option(
            metavar="FOLDER",
            help="Tell what changed since this earlier audit.",
            rich_help_panel=Group.MEASURING,
        ),
    }
    output = {
        "output": typer.Option("--output", "-o", metavar="FOLDER", help="The folder of all that is written."),
        "overwrite": typer.Option("--overwrite", help="Replace an audit that is there."),
        "resume": typer.Option("--resume", help="Go on with an audit that was stopped."),
        "json": options[Output]["json"],
        "labels_out": typer.Option(
            metavar="FOLDER", help="Write the mistakes as YOLO labels, a file for each picture with some."
        ),
        "fiftyone": typer.Option(
            metavar="NAME", help="Make a data set of FiftyOne; needs the extra heatcam[fiftyone]."
        ),
    }
    return {AuditModel: model | {"model": detector}, AuditChoice: choice, AuditOutput: output}
