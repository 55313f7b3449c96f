"""Options of ``heatcam batch``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from heatcam.commands import BatchChoice, BatchOutput, Output


def batch_options(options: Mapping[type, dict[str, Any]]) -> dict[type, dict[str, Any]]:
    """Return the options of these records; ``options`` are those of others, whose words are used again."""
    choice = {
        "workers": typer.Option(
            min=1,
            help="Explain in so many processes, each with the model in its own memory; with Ray, in so many actors.",
        ),
        "streams": typer.Option(
            min=1,
            help="Explain so many pictures at the same time in each process, each by one thread; they share the model.",
        ),
        "shard": typer.Option(
            metavar="N/OF",
            help="Do one part of all pictures, 3/16 is the third of sixteen; all write into the same folder.",
        ),
        "chunk": typer.Option(
            min=1, help="Pictures in one file of the table, which is written when all of them are done."
        ),
        "engine": typer.Option(
            help="Divide the work among processes here, or let Ray do it on all machines of the cluster of RAY_ADDRESS.",
            case_sensitive=False,
        ),
    }
    output = {
        "output": typer.Option("--output", "-o", metavar="FOLDER", help="The folder of all that is written."),
        "maps": typer.Option(
            help="Put each object's map into its row, as compressed float16; or write an archive a picture, or none.",
            case_sensitive=False,
        ),
        "pictures": typer.Option("--pictures", help="Also write each picture with its heat map, as JPEG."),
        "overwrite": typer.Option("--overwrite", help="Replace a run that is there."),
        "resume": typer.Option(
            "--resume", help="Go on with a run that was stopped or killed; begin it where there is none."
        ),
        "json": options[Output]["json"],
    }
    return {BatchChoice: choice, BatchOutput: output}
