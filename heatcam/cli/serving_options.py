"""Options of ``heatcam serve``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from heatcam.cli.help import Group
from heatcam.commands import ModelChoice, ServeChoice, ServedChoice, ServedSource, SourceChoice


def serving_options(options: Mapping[type, dict[str, Any]]) -> dict[type, dict[str, Any]]:
    """Return the options of the service's records; ``options``: those of other records, whose words are used again."""
    choice = options[ModelChoice] | {
        "model": typer.Option(
            "--model",
            "-m",
            metavar="FILE|NAME",
            help="As `live` takes it. Given several times, the page and requests may choose among them; the first is asked "
            "where nothing is chosen.",
        )
    }
    service = {
        "host": typer.Option(
            metavar="ADDRESS",
            help="Listen there; 0.0.0.0 for every address of this machine. Others than this machine's own need the token.",
        ),
        "port": typer.Option(
            min=0,
            max=65535,
            metavar="NUMBER",
            help="Listen there, 0 for any free one; the first free one from 8000 on if left out.",
        ),
        "token": typer.Option(
            metavar="SECRET",
            envvar="HEATCAM_TOKEN",
            help="What users of other machines have to know; made up and shown once if left out.",
        ),
        "allow_host": typer.Option(
            metavar="NAME",
            envvar="HEATCAM_ALLOW_HOST",
            help="Also answer to this name, such as a proxy's; may be given several times.",
        ),
        "open": typer.Option("--open", help="Open the page in the browser."),
        "cameras": typer.Option("--cameras", help="Let the page choose among this machine's cameras."),
        "max_upload": typer.Option(metavar="SIZE", help="Refuse larger requests."),
        "max_pixels": typer.Option(min=1, metavar="NUMBER", help="Refuse pictures with more pixels."),
        "queue": typer.Option(
            min=1, metavar="NUMBER", help="Let so many requests wait for the model at most."
        ),
        "timeout": typer.Option(
            min=1.0, metavar="SECONDS", help="Refuse a request that has waited for its answer so long."
        ),
    }
    service |= {
        "baseline": typer.Option(
            metavar="FILE",
            help="Watch the live view against this baseline of `heatcam drift`, also while nobody looks; /metrics has gauges.",
            rich_help_panel=Group.MEASURING,
        ),
        "drift_state": typer.Option(
            metavar="FILE",
            help="With --baseline: keep what a restart goes on with here.",
            rich_help_panel=Group.MEASURING,
        ),
    }
    source = options[SourceChoice] | {
        "place": typer.Argument(
            metavar="SOURCE",
            help="A camera, video, picture, folder, glob, rtsp:// or http:// address, 'screen' or 'demo', which it is if left "
            "out.",
        )
    }
    return {ServedSource: source, ServedChoice: choice, ServeChoice: service}
