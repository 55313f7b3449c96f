"""Arguments and options that commands take by themselves, not in a record."""

from __future__ import annotations

from typing import Annotated

import typer

from heatcam.cli.help import Group
from heatcam.options import LEAST_TRIALS, MOST_TRIALS

CAMERA = typer.Option(
    "--camera",
    metavar="INDEX|NAME",
    help="A camera by number (0 is the first) or part of its name; `heatcam cameras` lists them.",
    rich_help_panel=Group.SOURCE,
)
CameraOption = Annotated[str | None, CAMERA]

TRIALS = typer.Option(
    min=LEAST_TRIALS,
    max=MOST_TRIALS,
    help="With --quality true: try each object out so many times, 200 if left out; with --method drise or hierarchical: cover "
    "each picture so many times at most, 1000 if left out. Ctrl-C keeps what is known so far.",
)

SAMPLES = {
    "view_channels": typer.Option(
        metavar="R,G,B|N",
        help="Show these channels of TIFF and .npy pictures, from 1; the first three if left out. For display only.",
    ),
    "window": typer.Option(
        metavar="LO,HI",
        help="Show these values black and white; of more than 8 bits the 1st and 99th percentile if left out. For display only.",
    ),
    "full_scale": typer.Option(
        min=1e-9,
        metavar="VALUE",
        help="The sample that is 1.0 for the network: 4095 of 12 bits; 255, 65535, or 1.0 of floats if left out.",
    ),
}

#: Options of ``heatcam snapshot`` for a picture that is too large for one pass.
TILES = {
    "tiles": typer.Option(
        metavar="PIXELS",
        help="Explain one large picture by tiles of this size, such as 640, in flat memory; -o is a tiled pyramid TIFF.",
    ),
    "overlap": typer.Option(
        metavar="SHARE",
        help="With --tiles: share of a tile that its neighbours show too, from 0 to below 0.9; 0.2 if left out.",
    ),
    "whole": typer.Option(
        "--whole/--no-whole",
        help="With --tiles: also look for what is larger than a tile in the whole picture, shrunk; yes if left out.",
    ),
}

FilmArgument = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="A video, camera, stream address, folder, glob, shots%04d.png, 'screen', '-' (standard input) or 'demo'.",
        rich_help_panel=Group.SOURCE,
    ),
]

RecursiveOption = Annotated[
    bool,
    typer.Option(
        "--recursive", "-r", help="Include the pictures in sub-folders.", rich_help_panel=Group.SOURCE
    ),
]

JsonOption = Annotated[
    str | None,
    typer.Option(
        "--json",
        metavar="PATH|-",
        help="Write the result as JSON; - is standard output.",
        rich_help_panel=Group.OUTPUT,
    ),
]
