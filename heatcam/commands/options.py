"""Options that commands share, as small records."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar

from heatcam.commands.capture_options import FilmChoice
from heatcam.enums import (
    DEFAULT_SMOOTH,
    Colormap,
    Refine,
    Renorm,
    TrackerName,
)
from heatcam.errors import UsageError
from heatcam.options import USUAL_TRIALS, ExplainOptions, PromptOptions
from heatcam.overlay import OverlayOptions
from heatcam.sinks import SinkChoice


@dataclass(frozen=True, kw_only=True)
class ModelChoice(ExplainOptions, PromptOptions):
    """The model, what it is to look for, and how it explains.

    Attributes:
        model: a ``.pt`` file or a built-in model's name; None is the one for the source, with a note about others.
        device: torch's name of the device; None takes the fastest.
        yes: download missing published weights without asking.
    """

    model: str | None = None
    device: str | None = None
    yes: bool = False

    def explain_options(self, pictures: int | None = None, *, by_trial: bool = False) -> ExplainOptions:
        """Return the part that an explainer takes; ``pictures`` is the number of pictures to come, None for a stream.

        Raises:
            UsageError: an option is invalid, or asks for maps by trial where ``by_trial`` is False: the command makes none.
        """
        self.require_valid()
        if self.by_trial and not by_trial:
            raise UsageError(
                "--quality true takes seconds an object",
                "use it with heatcam snapshot, or --quality fine here",
            )
        if self.by_masks and not by_trial:
            raise UsageError(
                f"--method {self.method} takes a minute a picture",
                "use it with heatcam snapshot, or leave out --method here",
            )
        own = {field.name: getattr(self, field.name) for field in fields(ExplainOptions)}
        return ExplainOptions(**own | {"pictures": pictures})


@dataclass(frozen=True)
class LookOptions:
    """Look of the overlay.

    Attributes:
        renorm: scope of the map's normalisation.
        colormap: colours of the heat.
        alpha: opacity of the hottest pixel, in ``[0, 1]``.
        boxes: draw boxes and labels.
        hud: draw the top line and the colour bar.
    """

    renorm: Renorm = Renorm.BOX
    colormap: Colormap = Colormap.TURBO
    alpha: float = 0.7
    boxes: bool = True
    hud: bool = True


def overlay_options(look: LookOptions, region_share: float | None = None) -> OverlayOptions:
    """Return the look as the overlay takes it; ``region_share``: see ``FindingsChoice``."""
    return OverlayOptions(
        renorm=look.renorm,
        colormap=look.colormap,
        alpha=look.alpha,
        boxes=look.boxes,
        hud=look.hud,
        region_share=region_share,
    )


@dataclass(frozen=True)
class MotionOptions:
    """Options for video: smoothing and tracking.

    Attributes:
        smooth: amount of smoothing of the heat over frames, in ``[0, 1]``; 0 shows each frame's raw map.
        track: the tracker that numbers objects over frames.
    """

    smooth: float = DEFAULT_SMOOTH
    track: TrackerName = TrackerName.OFF


@dataclass(frozen=True)
class Output:
    """Outputs of a command.

    Attributes:
        output: the picture, folder or video to write, as given (a ``Path`` would drop the trailing slash of a folder); None
            lets the command name it.
        overwrite: replace existing files.
        json: a file for the machine-readable result, ``-`` for standard output, None for none.
    """

    output: str | None = None
    overwrite: bool = False
    json: str | None = None


@dataclass(frozen=True)
class ViewOutput(Output):
    """Outputs of what draws views: ``redraw``, and as ``PictureOutput`` also ``snapshot``.

    Attributes:
        view: views to write, each text one or several with commas; empty writes the overlay.
        images: views to put into the JSON document, likewise; empty puts none.
        map_png: write the map beside each picture as a 16-bit PNG.
    """

    view: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    map_png: bool = False


@dataclass(frozen=True)
class PictureOutput(ViewOutput):
    """Outputs of ``snapshot``: the pictures, and files beside them.

    Attributes:
        npz: write the raw maps beside each picture.
        dicom_map: write the map of each DICOM image beside its picture, as a Parametric Map.
        skip_existing: leave out pictures whose results exist.
        increment: write into the next free ``heat2``, ``heat3`` if ``output`` exists.
        resume: go on with an earlier run: leave out pictures whose results are whole and not older than they are.
    """

    npz: bool = False
    dicom_map: bool = False
    skip_existing: bool = False
    increment: bool = False
    resume: bool = False


@dataclass(frozen=True)
class RecordingOutput(Output):
    """Outputs of ``record``.

    Attributes:
        jsonl: a file for each frame's findings, a line a frame, ``-`` for standard output, None for none.
    """

    jsonl: str | None = None


@dataclass(frozen=True)
class FindingsChoice:
    """Choices about findings, and the files they go to.

    Attributes:
        region_share: the share of the evidence that the regions hold together, in ``(0, 1)``; None takes Otsu's threshold.
        foreground: ``auto``, or a picture that is white on the subject: the evidence outside it is told; None does not ask.
        csv, parquet: files for a table with a row an object.
        coco: a file for boxes, scores and evidence in COCO's format.
        save_txt: write ultralytics' label files into ``labels/`` beside the output.
        save_conf: with the confidences in them.
        save_crop: write each object's part of the picture into ``crops/CLASS/`` beside the output.
    """

    region_share: float | None = None
    foreground: str | None = None
    csv: Path | None = None
    parquet: Path | None = None
    coco: Path | None = None
    save_txt: bool = False
    save_conf: bool = False
    save_crop: bool = False

    @property
    def tables(self) -> tuple[Path, ...]:
        """The files of all objects together."""
        return tuple(path for path in (self.csv, self.parquet, self.coco) if path is not None)

    @property
    def writes(self) -> bool:
        """True if files of findings are asked for."""
        return bool(self.tables) or self.save_txt or self.save_crop


@dataclass(frozen=True)
class StatisticsOutput(Output):
    """Outputs of ``stats``: the page, the table beside it, or lines in the terminal.

    Attributes:
        plain: draw in the terminal and write no page.
    """

    plain: bool = False


@dataclass(frozen=True)
class RecordingOptions:
    """Settings of a recording's file.

    Attributes:
        codec: name of the codec; "" takes the container's default.
        crf: constant rate factor on the codec's own scale; None takes its default.
        min_free: disk space that has to stay free: ``500MB``, ``2GB``, ``0``.
        resume: continue an interrupted recording of the same source.
    """

    codec: str = ""
    crf: int | None = None
    min_free: str = "500MB"
    resume: bool = False


@dataclass(frozen=True)
class Extent:
    """Length of a run; None means to the end of the source.

    Attributes:
        max_frames: number of frames at most.
        seconds: number of seconds at most.
    """

    max_frames: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Sampling:
    """Frames and objects to make statistics of.

    Attributes:
        every: look at one frame of so many.
        track: the tracker that numbers objects over frames.
    """

    every: int = 1
    track: TrackerName = TrackerName.OFF


@dataclass(frozen=True)
class WindowChoice(SinkChoice):
    """The window, its pace, and the sinks beside it.

    Attributes:
        fullscreen: fill the screen.
        window_size: ``WIDTHxHEIGHT`` of the window in screen pixels; "" takes the last run's, else the picture's.
        display_fps: draw at most this many frames a second; None draws all.
        every: make a map for every N-th frame, and move it with the objects in between.
        realtime: play a file at its own speed and drop late frames, instead of showing each.
        loop: play a file again from its start at its end.
        speed: speed of a file relative to its own.
        exit_at_end: close the window at the end of a file, instead of holding its last frame.
        reset_settings: discard the settings of the last run.
        report: a file for the run's numbers, as JSON; None writes none.
        compare: a second model, which a key shows instead of the first, beside it, or as the difference; None for none.
        refine: the best kind of map that a paused frame gets.
        trials: of each object at most, for ``true``; None takes the usual number.
    """

    fullscreen: bool = False
    window_size: str = ""
    display_fps: float | None = None
    every: int = 1
    realtime: bool = False
    loop: bool = False
    speed: float = 1.0
    exit_at_end: bool = False
    reset_settings: bool = False
    report: Path | None = None
    compare: str | None = None
    refine: Refine = Refine.TRUE
    trials: int | None = None

    def trials_of_paused(self) -> int:
        """Return the number of trials of each object of a paused frame, 0 for none; or raise a ``UsageError``."""
        if self.refine is Refine.TRUE:
            return self.trials or USUAL_TRIALS
        if self.trials is not None:
            raise UsageError("--trials is for --refine true", "leave out --trials, or --refine fine")
        return 0


@dataclass(frozen=True)
class RecordOptions:
    """Settings of ``heatcam record``.

    Attributes:
        look: colours and boxes of the overlay.
        motion: what only moving pictures have.
        output: where it goes.
        extent: how long.
        recording: how it is written.
        findings: what is told of each frame.
        capture: what to ask the source for; a rate that it cannot be asked for is the recording's.
    """

    look: LookOptions
    motion: MotionOptions
    output: RecordingOutput
    extent: Extent
    recording: RecordingOptions
    findings: FindingsChoice
    capture: FilmChoice


@dataclass(frozen=True)
class StatisticsOptions:
    """Settings of ``heatcam stats``.

    Attributes:
        output: where the page goes.
        extent: how long.
        sampling: which frames.
        capture: what to ask the source for.
    """

    output: StatisticsOutput
    extent: Extent
    sampling: Sampling
    capture: FilmChoice


@dataclass(frozen=True)
class SourceChoice:
    """Source of the window's frames; one of the three, or none for the first camera.

    Attributes:
        place: the source as an argument.
        camera: a camera's number or part of its name.
        source: a file, address or anything else that has frames.
    """

    place: str | None = None
    camera: str | None = None
    source: str | None = None
    _usual: ClassVar[str] = "0"

    def spec(self) -> str:
        """Return the source as ``open_source`` takes it.

        Raises:
            UsageError: more than one source is given.
        """
        given = [one for one in (self.place, self.camera, self.source) if one is not None]
        if len(given) > 1:
            raise UsageError("more than one source is given", "give one: SOURCE, --camera or --source")
        return given[0] if given else self._usual
