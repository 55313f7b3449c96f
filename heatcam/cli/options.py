"""Every option of the command line, with its help text and its group; its type is that of the record's field that it fills.

To add one: a field in its record (``commands.options``), and a line here. Those of an explanation stand in ``heatcam.options``,
those of sinks beside the window in ``heatcam.sinks.beside_window``.
"""

from __future__ import annotations

import dataclasses
from enum import Enum
from typing import Any

import typer

from heatcam.bench import Conditions, Plan
from heatcam.cli.audit_options import audit_options
from heatcam.cli.batch_options import batch_options
from heatcam.cli.checking_options import checking_options
from heatcam.cli.comparison_options import comparison_options
from heatcam.cli.drifting_options import drifting_options
from heatcam.cli.exporting_options import exporting_options
from heatcam.cli.help import Group
from heatcam.cli.probing_options import probing_options
from heatcam.cli.serving_options import serving_options
from heatcam.cli.single_options import CAMERA, SAMPLES, TILES, TRIALS
from heatcam.commands import (
    CaptureChoice,
    ChannelChoice,
    Extent,
    FilmChoice,
    FindingsChoice,
    LookOptions,
    ModelChoice,
    MotionOptions,
    Output,
    PictureOutput,
    RecordedFilm,
    RecordingOptions,
    RecordingOutput,
    Sampling,
    SourceChoice,
    StatisticsOutput,
    TileChoice,
    TrialChoice,
    ViewOutput,
    WindowChoice,
)
from heatcam.enums import MASK_MAPS, ViewName
from heatcam.evaluation import EvalPlan, Judged, Outputs
from heatcam.options import LEAST_TRIALS, MOST_TRIALS, DetectOptions, ExplainOptions, PromptOptions
from heatcam.saliency import METHODS
from heatcam.sinks import SinkChoice

#: Values of options that are names in a registry.
CHOICES: dict[str, Any] = {
    "method": Enum("Method", {name: name for name in (*METHODS, *MASK_MAPS)}, type=str)
}


def _offered(kind: type, group: Group | None = None) -> dict[str, Any]:
    """Return the options that a record's fields describe themselves, by name; those that do not shape the map in ``group``."""
    offered = {of.name: of.metadata["offered"] for of in dataclasses.fields(kind) if "offered" in of.metadata}
    return {
        name: typer.Option(
            *filter(None, [looks.flag]),
            help=looks.help,
            metavar=looks.metavar or None,
            case_sensitive=False,
            rich_help_panel=Group.MAP if looks.shapes_the_map else group,
        )
        for name, looks in offered.items()
    }


OPTIONS: dict[type, dict[str, Any]] = {
    ModelChoice: {
        "model": typer.Option(
            "--model",
            "-m",
            metavar="FILE|NAME",
            help="'everyday', 'markers' or a .pt model of ultralytics that finds boxes or classes; 'everyday' if left out, "
            "for 'demo' 'markers'. snapshot and record also take black boxes: .onnx, OpenVINO's folder, .torchscript, or an "
            "address http://host/v2/models/NAME.",
        ),
        "device": typer.Option(
            metavar="NAME", help="cpu, cuda, cuda:1 or mps; chosen by itself if left out."
        ),
        **_offered(ExplainOptions),
        **_offered(PromptOptions),
        "yes": typer.Option(
            "--yes", "-y", help="Download a published model that is not here without asking."
        ),
    },
    TrialChoice: {"trials": TRIALS},
    ChannelChoice: {
        "channel_evidence": typer.Option(
            "--channel-evidence/--no-channel-evidence",
            help="Draw a bar of each channel's evidence, and tell it of each object; done if the model reads more than three.",
        )
    },
    TileChoice: TILES,
    LookOptions: {
        "renorm": typer.Option(
            help="Scale the heat in each box, in each region that holds evidence, over the whole frame, or with one scale for "
            "every picture of a model.",
            case_sensitive=False,
        ),
        "colormap": typer.Option(help="How heat becomes colour.", case_sensitive=False),
        "alpha": typer.Option(min=0.0, max=1.0, help="Opacity of the hottest pixel, 0 to 1."),
        "boxes": typer.Option(help="Draw boxes, masks, keypoints and labels."),
        "hud": typer.Option(help="Draw the top line and the colour bar."),
    },
    MotionOptions: {
        "smooth": typer.Option(
            min=0.0,
            max=1.0,
            help="Steady the heat from frame to frame, 0 to 1; 0 shows each frame's raw map.",
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
            help="The video, GIF or numbered pictures (out%05d.png) to write; NAME-heat.mp4 if left out.",
        ),
        "overwrite": typer.Option("--overwrite", help="Replace files that are there."),
        "json": typer.Option(metavar="PATH|-", help="Write the result as JSON; - is standard output."),
    },
    WindowChoice: {
        "fullscreen": typer.Option("--fullscreen/--windowed", help="Fill the screen."),
        "window_size": typer.Option(
            metavar="WIDTHxHEIGHT",
            help="In screen pixels; as it was last, or the picture's, if left out.",
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
        "loop": typer.Option("--loop", help="Let a file begin again at its end."),
        "speed": typer.Option(
            min=0.1,
            max=8.0,
            help="Play a file so many times as fast; with --realtime also where frames take longer than that.",
        ),
        "exit_at_end": typer.Option(
            "--exit-at-end",
            help="Leave the window at a file's end instead of holding its last frame; --seconds, --max-frames, --report do too.",
        ),
        "reset_settings": typer.Option(
            "--reset-settings", help="Forget what the window remembers of its last run."
        ),
        "report": typer.Option(
            help="Write what was shown, in numbers, as JSON.", rich_help_panel=Group.OUTPUT
        ),
        "compare": typer.Option(
            metavar="FILE|NAME",
            help="A second model: the key v shows A, B, both beside each other or the difference of their heat.",
            rich_help_panel=Group.MODEL,
        ),
        "refine": typer.Option(
            help="What a paused frame's heat map becomes: 'true' tries out what counts, in the background; 'fine' is at once.",
            rich_help_panel=Group.MAP,
        ),
        "trials": typer.Option(
            min=LEAST_TRIALS,
            max=MOST_TRIALS,
            help="With --refine true: try each object out so many times at most, 200 if left out.",
            rich_help_panel=Group.MAP,
        ),
        **_offered(SinkChoice, Group.OUTPUT),
    },
    CaptureChoice: {
        "size": typer.Option(
            metavar="WIDTHxHEIGHT",
            help="Ask a camera for this size; raw frames on standard input have it.",
        ),
        "fps": typer.Option(
            min=0.1,
            max=1000.0,
            help="Ask a camera for this rate, in frames a second; screen, numbered pictures and standard input have it.",
        ),
        **SAMPLES,
    },
    RecordingOptions: {
        "codec": typer.Option(
            metavar="h264|hevc|av1|vp9|ffv1|prores",
            help="How the video is encoded; H.264 if left out, in WebM VP9.",
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
    ),
}
OPTIONS[RecordedFilm] = OPTIONS[FilmChoice] | {
    "fps": typer.Option(
        min=0.1,
        max=1000.0,
        help="Ask a camera for this rate, in frames a second; screen, numbered pictures and standard input have it. "
        "Of other sources the recording gets it, frames repeated or left out; else each keeps its own time.",
    ),
}
OPTIONS[Sampling] = {
    "every": typer.Option(min=1, help="Look at one frame of so many."),
    "track": OPTIONS[MotionOptions]["track"],
}
OPTIONS[StatisticsOutput] = OPTIONS[Output] | {
    "output": typer.Option(
        "--output",
        "-o",
        metavar="PATH",
        help="The page to write, .html; the table goes beside it, as .csv. NAME-stats.html if left out.",
    ),
    "plain": typer.Option("--plain", help="Draw in the terminal, and write neither page nor table."),
}
_VIEWS = ", ".join(name.value for name in ViewName)
OPTIONS[ViewOutput] = OPTIONS[Output] | {
    "output": typer.Option(
        "--output",
        "-o",
        metavar="PATH",
        help="The picture to write, a sheet also as .pdf; for many a folder (ends in /). NAME-VIEW.png or heat/ if left out.",
    ),
    "view": typer.Option(
        metavar="NAMES",
        help=f"What to draw, several with commas: {_VIEWS}; the overlay if left out. Several go to a folder, as NAME-VIEW.png.",
    ),
    "images": typer.Option(
        metavar="NAMES",
        help="Put these views into the --json document as base64 PNG, each with its status; without -o no file is written.",
    ),
    "map_png": typer.Option(
        "--map-png", help="Write the map beside each picture, as a grey PNG of 16 bits that says its scale."
    ),
}
OPTIONS[PictureOutput] = OPTIONS[ViewOutput] | {
    "output": typer.Option(
        "--output",
        "-o",
        metavar="PATH",
        help="The picture to write, a sheet also as .pdf, of DICOM also as .dcm; for many a folder (ends in /). NAME-heat.png or "
        "heat/ if left out.",
    ),
    "npz": typer.Option(
        "--npz",
        help="Write each picture's raw maps and boxes beside it, as NumPy arrays; `heatcam redraw` draws from them.",
    ),
    "dicom_map": typer.Option(
        "--dicom-map", help="Write the map of a DICOM image beside its picture, as Parametric Map."
    ),
    "skip_existing": typer.Option(
        "--skip-existing", help="Go on with the pictures whose results are not there yet."
    ),
    "resume": typer.Option(
        "--resume",
        help="Go on with a run that was interrupted: pictures whose results are whole and not older than they are are left out.",
    ),
    "increment": typer.Option(
        "--increment", help="Where the output is there, write to the next free one: heat2/, heat3/."
    ),
}
OPTIONS[RecordingOutput] = OPTIONS[Output] | {
    "jsonl": typer.Option(
        metavar="PATH|-",
        help="Write each frame's findings as a line of JSON, as it comes; - is standard output.",
    ),
}
OPTIONS[FindingsChoice] = {
    "region_share": typer.Option(
        metavar="SHARE",
        help="Regions hold this share of the evidence together, 0 to 1; Otsu's threshold if left out.",
    ),
    "foreground": typer.Option(
        metavar="auto|MASK",
        help="Tell the share of evidence outside the subject: found on a plain background, or white in the picture MASK.",
    ),
    "csv": typer.Option(metavar="FILE", help="Write a table with a row an object."),
    "parquet": typer.Option(metavar="FILE", help="The same as Parquet."),
    "coco": typer.Option(
        metavar="FILE", help="Write boxes, scores and regions of evidence in COCO's format."
    ),
    "save_txt": typer.Option(
        "--save-txt", help="Write ultralytics' label files into labels/ beside the output."
    ),
    "save_conf": typer.Option("--save-conf", help="With --save-txt: add the confidences."),
    "save_crop": typer.Option(
        "--save-crop", help="Write each object's part of the picture into crops/CLASS/."
    ),
}
OPTIONS |= comparison_options(OPTIONS, tuple(_offered(DetectOptions)) + tuple(_offered(PromptOptions)))
#: ``--model`` of commands for detectors.
_DETECTOR = typer.Option(
    "--model",
    "-m",
    metavar="FILE|NAME",
    help="'markers' or a .pt model of ultralytics that finds boxes; 'markers' if left out.",
)
OPTIONS[Conditions] = {
    name: OPTIONS[ModelChoice][name] for name in ("model", "device", "imgsz", "conf", "iou", "max_det")
} | {"model": _DETECTOR}
OPTIONS[Plan] = {
    "runs": typer.Option(min=1, help="Rounds that count; in each, every row runs once."),
    "warmup": typer.Option(min=0, help="Rounds before them that do not count."),
    "only": typer.Option(
        metavar="NAME", help="Measure only rows with this in their name; may be given several times."
    ),
}


OPTIONS[Judged] = {
    name: OPTIONS[ModelChoice][name]
    for name in ("model", "device", "imgsz", "conf", "iou", "classes", "max_det", "backend")
} | {
    "model": _DETECTOR,
    "conf": typer.Option(help="Judge objects above this confidence."),
    "backend": typer.Option(
        help="What scores the pictures that are taken apart; 'auto' takes the fastest. Maps are made with torch.",
        case_sensitive=False,
    ),
}
OPTIONS[EvalPlan] = {
    "methods": typer.Option(
        metavar="NAMES",
        help="Methods to judge, with commas, or 'all'; `heatcam methods` lists them. 'true', 'drise' and 'hierarchical' "
        "are maps by trial, never judged by the infill that they are made with, blur.",
    ),
    "layers": typer.Option(
        metavar="LAYERS",
        help="Also judge the live method at these layers: 15, or 12,15 added up; several behind semicolons or options.",
    ),
    "controls": typer.Option(
        metavar="NAMES",
        help="Maps that know nothing, with commas, or 'all': plain box (always judged), edges in box, box gaussian, one cell, "
        "random.",
    ),
    "protocol": typer.Option(
        help="How pictures are taken apart: 'growing' in 8 steps that grow, 'd-rise' in 50 equal ones of the whole picture.",
        case_sensitive=False,
    ),
    "infill": typer.Option(
        metavar="NAMES",
        help="What is shown where pixels are taken away, side by side: 'blur', 'noise' (the picture's pixels, shuffled), 'grey', "
        "'mean' (the picture's mean colour); blur,noise if left out, for 'd-rise' mean.",
    ),
    "fractions": typer.Option(
        help="Take steps as fractions of the object's box or of the picture; box if left out, for 'd-rise' picture.",
        case_sensitive=False,
    ),
    "most": typer.Option(min=1, help="Judge so many objects a photograph at most, the strongest."),
    "small": typer.Option(
        "--small",
        help="With fractions of the picture, also judge objects that cover less than the first step.",
    ),
    "whole": typer.Option("--whole", help="Score maps as they are, not cut to their box."),
    "checks": typer.Option(
        "--checks", help="Also measure how maps answer noise and shuffled weights; several times slower."
    ),
    "seed": typer.Option(min=0, help="For all that is drawn: noise, shuffled weights, intervals."),
}
OPTIONS[Outputs] = {
    "json": OPTIONS[Output]["json"],
    "csv": typer.Option(help="Write one line an object, map and infill."),
    "curves": typer.Option(help="Write a picture of the mean curves."),
    "overwrite": OPTIONS[Output]["overwrite"],
}
OPTIONS[SourceChoice] = {
    "place": typer.Argument(
        metavar="SOURCE",
        help="A camera, video, picture, folder, glob, shots%04d.png, rtsp:// or http:// address, 'screen', '-' (standard input) "
        "or 'demo'; the first camera if left out.",
    ),
    "camera": CAMERA,
    "source": typer.Option(metavar="SOURCE", help="The same as SOURCE, as an option."),
}
OPTIONS |= serving_options(OPTIONS) | probing_options(OPTIONS, _DETECTOR) | audit_options(OPTIONS, _DETECTOR)
OPTIONS |= checking_options(OPTIONS) | drifting_options(OPTIONS) | exporting_options(OPTIONS)
OPTIONS |= batch_options(OPTIONS)
