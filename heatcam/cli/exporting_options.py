"""Options of ``heatcam export``."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import typer

from heatcam.cli.help import Group
from heatcam.commands import MOST_OBJECTS, ExportChoice, ExportOutput, ModelChoice, Output


def exporting_options(options: Mapping[type, dict[str, Any]]) -> dict[type, dict[str, Any]]:
    """Return the options of these records.

    Args:
        options: those of other records, whose words are used again.
    """
    imgsz, iou = (copy.copy(options[ModelChoice][name]) for name in ("imgsz", "iou"))
    imgsz.rich_help_panel = iou.rich_help_panel = Group.MODEL
    choice = {
        "format": typer.Option(
            help="The file to write: ONNX, or a folder of OpenVINO.",
            case_sensitive=False,
            rich_help_panel=Group.OUTPUT,
        ),
        "heat": typer.Option(help="With the heat maps; without, boxes alone."),
        "objects": typer.Option(
            min=1,
            max=MOST_OBJECTS,
            help="Tell of so many objects at most, the likeliest; each costs time in every picture.",
        ),
        "quality": typer.Option(
            help="'live' maps one layer; 'fine' adds up every level, for more detail and more time.",
            case_sensitive=False,
        ),
        "imgsz": imgsz,
        "size": typer.Option(
            metavar="WIDTHxHEIGHT",
            help="Size of the pictures to come: the input takes their shape; a square, for any, if left out.",
            rich_help_panel=Group.MODEL,
        ),
        "iou": iou,
    }
    output = {
        "output": typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="The file, or OpenVINO's folder; NAME-heat.onnx or NAME-heat_openvino if left out.",
        ),
        "overwrite": options[Output]["overwrite"],
        "json": options[Output]["json"],
    }
    return {ExportChoice: choice, ExportOutput: output}
