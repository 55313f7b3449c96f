"""Every option of the command line: its type is the record's field that it fills, its words stand here."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

import typer

from heatcam.bench.plan import Conditions, Plan
from heatcam.commands.options import (
    CaptureChoice,
    Extent,
    FilmChoice,
    Look,
    ModelChoice,
    Motion,
    Output,
    PictureOutput,
    Recording,
    SourceChoice,
    WindowChoice,
)
from heatcam.evaluation.plan import EvalPlan, Judged, Outputs

OPTIONS: dict[type, dict[str, Any]] = {
    ModelChoice: {
        "model": typer.Option(
            "--model",
            "-m",
            help="A .pt model of ultralytics that finds boxes or classes; 'markers' if left out.",
        ),
        "device": typer.Option(help="cpu, cuda, cuda:1 or mps; chosen by itself if left out."),
        "imgsz": typer.Option(
            help="Longer side of the network's input in pixels; the model's own if left out."
        ),
        "conf": typer.Option(help="Keep boxes above this confidence."),
        "iou": typer.Option(help="Boxes of a class that overlap more are one object."),
        "classes": typer.Option(
            help="Keep only these classes: names or numbers, with commas.", show_default=False
        ),
        "method": typer.Option(help="How the heat map is made.", case_sensitive=False),
        "quality": typer.Option(
            help="'live' maps one layer; 'fine' adds up every level, for more detail.", case_sensitive=False
        ),
        "backend": typer.Option(
            help="What runs the network; 'auto' takes the fastest, measured once.", case_sensitive=False
        ),
        "precision": typer.Option(
            help="Of the network; 'auto' is fp32, or bf16 with OpenVINO where the processor has it and finds the same boxes.",
            case_sensitive=False,
        ),
        "why": typer.Option(
            metavar="CLASS",
            help="Explain this class at every box instead of its own: why (not) a truck?",
            show_default=False,
        ),
        "target": typer.Option(
            metavar="class|box|iou-side|mask|keypoint|angle",
            help="What is explained of each object; box:left and keypoint:3 are parts.",
        ),
        "layers": typer.Option(
            help="Map these layers instead: indices or names with commas; `heatcam layers` lists them.",
            show_default=False,
        ),
    },
    Look: {
        "renorm": typer.Option(
            help="Scale the heat in each box, over the whole frame, or with one scale for every picture of a model.",
            case_sensitive=False,
        ),
        "colormap": typer.Option(help="How heat becomes colour.", case_sensitive=False),
        "alpha": typer.Option(min=0.0, max=1.0, help="Opacity of the hottest pixel."),
        "boxes": typer.Option(help="Draw boxes and labels."),
        "hud": typer.Option(help="Draw the top line and the colour bar."),
    },
    Motion: {
        "smooth": typer.Option(
            min=0.0, max=1.0, help="Steady the heat from frame to frame; 0 shows each frame's raw map."
        ),
        "track": typer.Option(
            help="Keep a number and a colour on each object, with one of ultralytics' trackers.",
            case_sensitive=False,
        ),
    },
    Output: {
        "output": typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="The file to write, or for many pictures a folder (ends in /).",
        ),
        "overwrite": typer.Option("--overwrite", help="Replace files that are there."),
        "json": typer.Option(metavar="PATH|-", help="Write the result as JSON; - is standard output."),
    },
    WindowChoice: {
        "fullscreen": typer.Option("--fullscreen/--windowed", help="Fill the screen."),
        "window_size": typer.Option(
            metavar="WIDTHxHEIGHT",
            help="Of the window in pixels; as it was last, or the picture's, if left out.",
            show_default=False,
        ),
        "display_fps": typer.Option(min=0.1, help="Draw at most so many frames a second."),
        "every": typer.Option(
            min=1,
            max=1000,
            help="Make the heat map of every so many frames, and carry it along with the boxes between them.",
        ),
        "realtime": typer.Option(
            "--realtime",
            help="Play a file at its own speed, and drop frames that are late, instead of showing each.",
        ),
        "reset_settings": typer.Option(
            "--reset-settings", help="Forget what the window remembers of its last run."
        ),
        "report": typer.Option(help="Write what was shown, in numbers, as JSON."),
    },
    CaptureChoice: {
        "size": typer.Option(
            metavar="WIDTHxHEIGHT",
            help="Ask a camera for this size; raw frames on standard input have it.",
            show_default=False,
        ),
        "fps": typer.Option(
            min=0.1,
            max=1000.0,
            help="Ask a camera for this rate; screen, numbered pictures and standard input have it. "
            "Of other sources the recording gets it, frames repeated or left out; else each keeps its own time.",
        ),
    },
    Recording: {
        "codec": typer.Option(
            metavar="h264|hevc|av1|vp9|ffv1|prores",
            help="H.264 if left out, in WebM VP9.",
            show_default=False,
        ),
        "crf": typer.Option(min=0, help="Quality, on the codec's own scale: lower is better and larger."),
        "min_free": typer.Option(
            metavar="SIZE", help="Stop, the file finished, when the disk has less room."
        ),
        "resume": typer.Option("--resume", help="Go on where an interrupted recording of this source ends."),
    },
    Extent: {
        "max_frames": typer.Option(min=1, help="Stop after so many frames."),
        "seconds": typer.Option(min=0.0, help="Stop after so many seconds."),
    },
}

OPTIONS[FilmChoice] = OPTIONS[CaptureChoice] | {
    "start": typer.Option(
        metavar="TIME",
        help="Begin a file there: 80, 1:20 or 0:01:20.5.",
        show_default=False,
    ),
}
OPTIONS[PictureOutput] = OPTIONS[Output] | {
    "npz": typer.Option("--npz", help="Write each picture's raw maps and boxes beside it, as NumPy arrays."),
}
OPTIONS[Conditions] = {f.name: OPTIONS[ModelChoice][f.name] for f in dataclasses.fields(Conditions)}
OPTIONS[Plan] = {
    "runs": typer.Option(min=1, help="Rounds that count; in each, every row runs once."),
    "warmup": typer.Option(min=0, help="Rounds before them that do not count."),
    "only": typer.Option(
        metavar="NAME", help="Measure only rows with this in their name; may be given several times."
    ),
}


OPTIONS[Judged] = {f.name: OPTIONS[ModelChoice][f.name] for f in dataclasses.fields(Judged)} | {
    "conf": typer.Option(help="Judge objects above this confidence."),
    "backend": typer.Option(
        help="What scores the pictures that are taken apart; 'auto' takes the fastest. Maps are made with torch.",
        case_sensitive=False,
    ),
}
OPTIONS[EvalPlan] = {
    "methods": typer.Option(help="Methods to judge, with commas, or 'all'; `heatcam methods` lists them."),
    "layers": typer.Option(
        metavar="LAYERS",
        help="Also judge the live method at these layers: 15, or 12,15 added up; several behind semicolons or options.",
    ),
    "protocol": typer.Option(
        help="How pictures are taken apart: 'blur' in 8 steps that grow, 'd-rise' in 50 equal ones with the mean colour.",
        case_sensitive=False,
    ),
    "most": typer.Option(min=1, help="Judge so many objects a photograph at most, the strongest."),
    "small": typer.Option(
        "--small", help="Also judge objects that cover less than the protocol's first step."
    ),
    "whole": typer.Option("--whole", help="Score maps as they are, not cut to their box."),
    "checks": typer.Option(
        "--checks", help="Also measure how maps answer noise and shuffled weights; several times slower."
    ),
    "seed": typer.Option(min=0, help="For all that is drawn: noise, shuffled weights, intervals."),
}
OPTIONS[Outputs] = {
    "json": OPTIONS[Output]["json"],
    "csv": typer.Option(help="Write one line an object and map."),
    "curves": typer.Option(help="Write a picture of the mean curves."),
    "overwrite": OPTIONS[Output]["overwrite"],
}


def with_option_records(command: Callable[..., None]) -> Callable[..., None]:
    """A command that takes whole records (``Look``) as one that takes their fields as options (``--alpha``, ...)."""
    hints = get_type_hints(command, include_extras=True)
    own = list(inspect.signature(command, eval_str=True).parameters.values())
    records = {p.name: hints[p.name] for p in own if hints[p.name] in OPTIONS}
    flat = [p for p in own if p.name not in records]
    for kind in records.values():
        types = get_type_hints(kind)
        flat += [
            inspect.Parameter(
                f.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=f.default,
                annotation=Annotated[types[f.name], OPTIONS[kind][f.name]],
            )
            for f in dataclasses.fields(kind)
        ]

    @functools.wraps(command)
    def run(**values: Any) -> None:
        made = {
            name: kind(**{f.name: values.pop(f.name) for f in dataclasses.fields(kind)})
            for name, kind in records.items()
        }
        command(**values, **made)

    run.__signature__ = inspect.Signature(flat)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in flat}
    return run


_CAMERA = typer.Option(
    "--camera",
    metavar="INDEX|NAME",
    help="A camera by number (0 is the first) or part of its name; `heatcam cameras` lists them.",
)
CameraOption = Annotated[str | None, _CAMERA]
OPTIONS[SourceChoice] = {
    "camera": _CAMERA,
    "source": typer.Option(
        help="Instead of a camera: a file, folder, glob, shots%04d.png, rtsp:// or http:// address, 'screen', '-' or 'demo'."
    ),
}

JsonOption = Annotated[
    str | None,
    typer.Option("--json", metavar="PATH|-", help="Write the result as JSON; - is standard output."),
]
