"""Options of ``heatcam missed`` and ``heatcam cover``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from heatcam.cli.help import Group
from heatcam.commands import (
    AskedModel,
    CoverChoice,
    ModelChoice,
    Output,
    PlacesChoice,
    ProbedModel,
    ProbedOutput,
)

#: Options of a model that make no sense where one class at one place is asked about, or whose names are those of the place.
_NOT_ASKED = ("why", "target", "like", "like_at", "like_class")
_BOX = "x1,y1,x2,y2"


def probing_options(options: Mapping[type, dict[str, Any]], detector: Any) -> dict[type, dict[str, Any]]:
    """Return the options of these records.

    Args:
        options: those of other records, whose words are used again.
        detector: ``--model`` of commands for detectors.
    """
    model = {name: own for name, own in options[ModelChoice].items() if name not in _NOT_ASKED}
    output = options[Output] | {
        "output": typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="The picture to write; NAME-missed.png or NAME-cover.png if left out.",
        )
    }
    places = {
        "at": typer.Option(
            "--at",
            help="Where something is missed, a box in pixels of the picture; may be given several times.",
            metavar=_BOX,
        ),
        "class_name": typer.Option(
            "--class",
            metavar="NAME",
            help="What is missed there: one for all boxes, or one for each; with --labels only these are asked about.",
        ),
        "labels": typer.Option(
            metavar="FILE|FOLDER",
            help="Ask about every label that was not found: YOLO's text file, a folder of such, or COCO's JSON.",
        ),
        "match_iou": typer.Option(
            metavar="SHARE",
            help="A box is on an object from this overlap (IoU) on, 0 to 1.",
            rich_help_panel=Group.MODEL,
        ),
    }
    covers = {
        "at": typer.Option(
            "--at", help="A box to cover, in pixels of the picture; may be given several times.", metavar=_BOX
        ),
        "fill": typer.Option(help="What it is covered with.", case_sensitive=False),
    }
    model["model"] = detector
    return {
        ProbedModel: model,
        AskedModel: {name: own for name, own in model.items() if name != "method"},
        PlacesChoice: places,
        CoverChoice: covers,
        ProbedOutput: output,
    }
