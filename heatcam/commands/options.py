"""What the commands share: the choices of the command line as small records."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path

from heatcam.enums import (
    DEFAULT_SMOOTH,
    Colormap,
    Renorm,
    TrackerName,
)
from heatcam.errors import UsageError
from heatcam.options import ExplainOptions
from heatcam.sources import CaptureOptions, parse_size, parse_time


@dataclass(frozen=True, kw_only=True)
class ModelChoice(ExplainOptions):
    """Which model explains, and how.

    Attributes:
        model: a ``.pt`` file or a built-in model's name; None is the one for the source, with a word about others.
        device: None chooses.
        yes: download published weights that are not here without asking.
    """

    model: str | None = None
    device: str | None = None
    yes: bool = False

    def explain_options(self, pictures: int | None = None) -> ExplainOptions:
        """The part that an explainer takes; ``pictures``: how many there will be, None for a stream.

        Raises:
            UsageError: a threshold or size that cannot be meant.
        """
        self.require_valid()
        own = {field.name: getattr(self, field.name) for field in fields(ExplainOptions)}
        return ExplainOptions(**own | {"pictures": pictures})


@dataclass(frozen=True)
class LookOptions:
    """How the overlay looks.

    Attributes:
        renorm: what the map is scaled by.
        colormap: how heat becomes colour.
        alpha: opacity of the hottest pixel, in ``[0, 1]``.
        boxes: draw boxes and labels.
        hud: draw the top line and the colour bar.
    """

    renorm: Renorm = Renorm.BOX
    colormap: Colormap = Colormap.TURBO
    alpha: float = 0.7
    boxes: bool = True
    hud: bool = True


@dataclass(frozen=True)
class MotionOptions:
    """What only moving pictures have.

    Attributes:
        smooth: how much heat is steadied from frame to frame, in ``[0, 1]``; 0 shows each frame's raw map.
        track: what keeps numbers on objects from frame to frame.
    """

    smooth: float = DEFAULT_SMOOTH
    track: TrackerName = TrackerName.OFF


@dataclass(frozen=True)
class Output:
    """Where results go.

    Attributes:
        output: the picture, folder or video to write, as given (a ``Path`` drops the slash that makes a folder of
            it); None lets the command name it.
        overwrite: replace what is there.
        json: a file for the machine-readable result, ``-`` for standard output, None for none.
    """

    output: str | None = None
    overwrite: bool = False
    json: str | None = None


@dataclass(frozen=True)
class PictureOutput(Output):
    """Where pictures go, and what goes with them.

    Attributes:
        npz: write the raw maps beside each picture.
        skip_existing: leave out pictures whose results are there.
        increment: write into the next free ``heat2``, ``heat3`` where ``output`` is there.
    """

    npz: bool = False
    skip_existing: bool = False
    increment: bool = False


@dataclass(frozen=True)
class RecordingOptions:
    """How a recording is written.

    Attributes:
        codec: its name; "" takes the container's own.
        crf: constant rate factor on the codec's own scale; None takes its usual one.
        min_free: how much of the disk has to stay free: ``500MB``, ``2GB``, ``0``.
        resume: go on with a recording of the same source that was interrupted.
    """

    codec: str = ""
    crf: int | None = None
    min_free: str = "500MB"
    resume: bool = False


@dataclass(frozen=True)
class Extent:
    """How long to run; None means to the end of the source.

    Attributes:
        max_frames: at most so many frames.
        seconds: at most so many seconds.
    """

    max_frames: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class WindowChoice:
    """The window and its pace.

    Attributes:
        fullscreen: fill the screen.
        window_size: ``WIDTHxHEIGHT`` of the window in screen pixels; "" takes the last run's, else the picture's.
        display_fps: draw at most so many frames a second; None draws all.
        every: make the map of every so many frames, and carry it along between them.
        realtime: let a file play at its own speed and drop frames that are late, instead of showing each.
        loop: let a file begin again at its end.
        speed: how much faster than its own times a file plays.
        exit_at_end: leave the window at the end of a file, instead of holding its last frame.
        reset_settings: forget what was kept from the last run.
        report: a file for the run's numbers, as JSON; None writes none.
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


@dataclass(frozen=True)
class CaptureChoice:
    """What to ask a source for.

    Attributes:
        size: ``WIDTHxHEIGHT`` in pixels; "" takes what comes.
        fps: frames a second; None takes what comes. Of a source that cannot be asked, such as a file, a recording gets it.
    """

    size: str = ""
    fps: float | None = None

    def options(self) -> CaptureOptions:
        """The same as sources take it.

        Raises:
            UsageError: the size is none.
        """
        return CaptureOptions(parse_size(self.size), self.fps)


@dataclass(frozen=True)
class FilmChoice(CaptureChoice):
    """What to ask a source for that may be a film.

    Attributes:
        start: where a file begins to play, as ffmpeg writes times; "" is its beginning.
    """

    start: str = ""

    def options(self) -> CaptureOptions:
        """The same as sources take it.

        Raises:
            UsageError: the size or the time is none.
        """
        return replace(super().options(), start_s=parse_time(self.start))


@dataclass(frozen=True)
class RecordedFilm(FilmChoice):
    """The same for a recording, which has the rate that its source cannot be asked for."""


@dataclass(frozen=True)
class RecordOptions:
    """Settings of ``heatcam record``.

    Attributes:
        look: colours and boxes of the overlay.
        motion: what only moving pictures have.
        output: where it goes.
        extent: how long.
        recording: how it is written.
        capture: what to ask the source for; a rate that it cannot be asked for is the recording's.
    """

    look: LookOptions
    motion: MotionOptions
    output: Output
    extent: Extent
    recording: RecordingOptions
    capture: FilmChoice


@dataclass(frozen=True)
class SourceChoice:
    """Where the window's frames come from; one of the three, or none for the first camera.

    Attributes:
        place: the source without an option's name.
        camera: a camera's number or part of its name.
        source: a file, address or anything else that has frames.
    """

    place: str | None = None
    camera: str | None = None
    source: str | None = None

    def spec(self) -> str:
        """The source as ``open_source`` takes it.

        Raises:
            UsageError: more than one was given.
        """
        given = [one for one in (self.place, self.camera, self.source) if one is not None]
        if len(given) > 1:
            raise UsageError("more than one source is given", "give one: SOURCE, --camera or --source")
        return given[0] if given else "0"
