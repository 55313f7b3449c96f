"""Options of ``heatcam compare``, some of which may be given twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from heatcam.cli.help import Group
from heatcam.commands import ComparedChoice, ComparedLook, ComparedOutput, LookOptions, ModelChoice, Output

#: What is said of an option that may be given twice.
_TWICE = "Given twice, the first is A's and the second B's."


def comparison_options(
    options: Mapping[type, dict[str, Any]], detecting: tuple[str, ...]
) -> dict[type, dict[str, Any]]:
    """Return the options of a comparison's records.

    Args:
        options: those of other records, whose words are used again.
        detecting: names of the options that decide what is looked for and which boxes are kept.
    """
    choice = {
        name: options[ModelChoice][name]
        for name in ("device", *detecting, "why", "backend", "precision", "yes")
    } | {
        "model": typer.Option("--model", "-m", metavar="FILE|NAME", help=f"As `snapshot` takes it. {_TWICE}"),
        "method": typer.Option(
            help=f"How the heat map is made; `heatcam methods` lists them. {_TWICE}",
            case_sensitive=False,
            rich_help_panel=Group.MAP,
        ),
        "quality": typer.Option(
            help=f"One layer, or every level added up. {_TWICE}",
            case_sensitive=False,
            rich_help_panel=Group.MAP,
        ),
        "layers": typer.Option(
            metavar="LAYERS",
            help=f"Map these layers, with commas; `heatcam layers` lists them. {_TWICE}",
            rich_help_panel=Group.MAP,
        ),
        "target": typer.Option(
            metavar="PART",
            help=f"What is explained of each object: class, box, iou-side, mask ... {_TWICE}",
            rich_help_panel=Group.MAP,
        ),
    }
    look = {name: options[LookOptions][name] for name in ("colormap", "alpha", "boxes")} | {
        "hud": typer.Option(help="Draw the colour bars."),
        "same_scale": typer.Option(
            "--same-scale",
            help="Scale both with the larger full heat of the two, instead of each with its own.",
        ),
    }
    output = options[Output] | {
        "output": typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="The picture, folder (ends in /), video or GIF to write; NAME-compare.png or .mp4, or compare/, if left out.",
        ),
    }
    return {ComparedChoice: choice, ComparedLook: look, ComparedOutput: output}
