"""``heatcam snapshot``: pictures in, pictures with their heatmap out."""

from __future__ import annotations

import errno
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heatcam import stopping
from heatcam.commands.default_model import advice_for_nothing, with_model
from heatcam.commands.options import CaptureChoice, LookOptions, ModelChoice, PictureOutput
from heatcam.commands.picture_plan import Picture, PicturePlan, first_picture, plan_camera, plan_pictures
from heatcam.commands.setup import painter, say_scale, say_source, start_explainer
from heatcam.commands.terminal import Terminal, summary
from heatcam.errors import HeatcamError, SinkError, SourceError, UsageError
from heatcam.frames import Explanation, Frame
from heatcam.geometry import Uint8Array
from heatcam.measures.findings import describe
from heatcam.pipeline import Painter, Run
from heatcam.sinks.files import make_folder
from heatcam.sinks.pictures import write_picture
from heatcam.sinks.raw_maps import raw_path, write_raw_maps
from heatcam.sources.decoding import read_picture
from heatcam.sources.opening import open_source
from heatcam.sources.options import CaptureOptions

if TYPE_CHECKING:
    from heatcam.saliency.explainer import Explainer

_FRAMES_UNTIL_EXPOSED = 5
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@dataclass
class PicturesDone:
    """Progress of a snapshot run.

    Attributes:
        rows: of the JSON document, one for each picture that was written.
        failed: number of pictures that could not be read or written.
        stopped: True if Ctrl-C or a full disk ended it.
        run: its clock.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    failed: int = 0
    stopped: bool = False
    run: Run = field(default_factory=Run)


@dataclass(frozen=True)
class PictureJob:
    """Explainer, painter and outputs of a run.

    Attributes:
        explainer: explains the pictures.
        paint: draws them.
        output: files beside them, and rules for existing files.
        terminal: prints results and notes.
    """

    explainer: Explainer
    paint: Painter
    output: PictureOutput
    terminal: Terminal


def snapshot(
    inputs: Sequence[str],
    camera: str | None,
    model: ModelChoice,
    look: LookOptions,
    output: PictureOutput,
    terminal: Terminal,
    capture: CaptureChoice | None = None,
    *,
    recursive: bool = False,
) -> int:
    """Explain every picture and write it; one that cannot be read is left out with a note.

    Args:
        inputs: files, folders and globs.
        camera: a camera or stream to take one frame from, instead of ``inputs``.
        model: the model, and how it explains.
        look: look of the overlay.
        output: files for the pictures and the JSON document.
        terminal: prints results and notes.
        capture: size and rate to ask the camera for.
        recursive: include the pictures in sub-folders.

    Returns:
        0; 1 when some pictures could not be read or written, or a folder had none; 130 after Ctrl-C, with what was done.

    Raises:
        HeatcamError: nothing could be done at all; raised before torch is imported where possible.
    """
    if bool(inputs) == (camera is not None):
        raise UsageError("give pictures or --camera", "for example: heatcam snapshot photo.jpg -o out.png")
    asked = (capture or CaptureChoice()).options()
    plan = (
        plan_pictures(inputs, recursive, output, terminal) if camera is None else plan_camera(camera, output)
    )
    if plan.skipped:
        terminal.note(f"{len(plan.skipped)} of {len(plan.skipped + plan.pictures)} are there already")
    done = PicturesDone()
    if plan.pictures:
        first = first_picture(plan.pictures) if camera is None else None
        model = with_model(model, camera or "", terminal)
        job = _start(model, look, output, terminal, len(plan.pictures))
        if camera is not None:
            frame = _camera_frame(camera, asked, terminal)
            _one(frame, plan.pictures[0].target, job, done)
        else:
            done.run = Run()
            _many(plan.pictures, first, job, done)
    if nothing := sum(not row["detections"] for row in done.rows):
        where = f" in {nothing} of {len(done.rows)} pictures" if len(done.rows) > 1 else ""
        terminal.note(f"nothing found{where}: {advice_for_nothing(model)}")
    return _finish(plan, done, output, terminal)


def _start(
    model: ModelChoice, look: LookOptions, output: PictureOutput, terminal: Terminal, pictures: int
) -> PictureJob:
    explainer = start_explainer(model, terminal, pictures=pictures)
    say_scale(look, explainer, terminal)
    return PictureJob(explainer, painter(look), output, terminal)


def _finish(plan: PicturePlan, done: PicturesDone, output: PictureOutput, terminal: Terminal) -> int:
    """Print how it ended, write the JSON document, and return the exit code."""
    count = len(plan.pictures)
    if done.stopped or done.failed:
        what = f"{done.failed} left out" if done.failed else ""
        stopped = "stopped before the rest" if done.stopped else ""
        said = ", ".join(words for words in (what, stopped) if words)
        terminal.note(f"{len(done.rows)} of {count} pictures written, {said}")
    if len(done.rows) > 1:
        objects = sum(len(row["detections"]) for row in done.rows)
        terminal.note(summary(len(done.rows), "pictures", objects, done.run.elapsed_s))
    if output.json:
        if output.json != "-":
            make_folder(Path(output.json).parent)
        skipped = [{"path": str(p.source), "output": str(p.target)} for p in plan.skipped]
        more = {"skipped": skipped} if skipped else {}
        terminal.document({"images": done.rows, **more}, output.json)
    if done.stopped and stopping.is_asked():
        return stopping.exit_code()
    return 1 if done.failed or done.stopped or plan.lacking else 0


def _many(pictures: Sequence[Picture], first: Uint8Array | None, job: PictureJob, done: PicturesDone) -> None:
    """Explain and write every picture in turn; ``first`` has the pixels of the only one. Ctrl-C and a full disk end it."""
    run = Run()
    try:
        with (
            stopping.raising(),
            job.terminal.progress("pictures", shown=len(pictures) > 1) as progress,
        ):
            task = progress.add_task("snapshot", total=len(pictures), rate=0.0)
            for picture in pictures:
                stopping.require_going_on()
                try:
                    image = read_picture(picture.source) if first is None else first
                    frame = Frame(image, 0, time.monotonic(), 0.0, str(picture.source))
                    _one(frame, picture.target, job, done)
                except HeatcamError as error:
                    if len(pictures) == 1:
                        raise
                    job.terminal.note(f"left out: {error}")
                    done.failed += 1
                    if _is_full(error):
                        done.stopped = True
                        return
                run.frames += 1
                progress.update(task, advance=1, rate=run.frames / run.elapsed_s)
    except KeyboardInterrupt:
        done.stopped = True


def _is_full(error: HeatcamError) -> bool:
    """Return True if the disk is full or read-only, so that no further picture could be written."""
    cause = error.__cause__
    return isinstance(error, SinkError) and isinstance(cause, OSError) and cause.errno in _NO_ROOM


def _one(frame: Frame, target: Path, job: PictureJob, done: PicturesDone) -> None:
    """Explain, paint and write one picture, and add its row of the JSON document."""
    with job.terminal.objects() as on_object:
        explanation = job.explainer.explain(frame, with_object_maps=True, on_object=on_object)
    painted = job.paint(explanation, Run())
    row = {"path": frame.name, "output": str(target), **describe(explanation)}
    with stopping.held():  # every written picture must be in the document too
        make_folder(target.parent)
        _write(target, painted, explanation, job.output)
        done.rows.append(row)
    if explanation.map_error:
        job.terminal.note(f"{frame.name}: no heat map ({explanation.map_error})")
    if job.output.json != "-":
        found = counted(explanation.detections.class_names)
        job.terminal.result(f"{frame.name} -> {target}  {found}")


def _write(target: Path, painted: Uint8Array, explanation: Explanation, output: PictureOutput) -> None:
    """Write the picture and its maps; with ``--skip-existing`` only those that do not exist."""
    if not (output.skip_existing and target.exists()):
        write_picture(target, painted, output.overwrite)
    raw = raw_path(target)
    if output.npz and not (output.skip_existing and raw.exists()):
        write_raw_maps(raw, explanation, output.overwrite)


def counted(class_names: Sequence[str]) -> str:
    """Return the counts of classes: ``2 person, 1 bus``, or ``nothing detected``."""
    counts = {name: class_names.count(name) for name in dict.fromkeys(class_names)}
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "nothing detected"


def _camera_frame(camera: str, asked: CaptureOptions, terminal: Terminal) -> Frame:
    """Read one frame; the first ones of a live source are thrown away, because cameras open dark.

    Raises:
        SourceError: the source gave no picture.
    """
    source = open_source(camera, asked)
    with source:
        say_source(source, terminal)
        for frame in source:
            if not source.is_live or frame.frame_index >= _FRAMES_UNTIL_EXPOSED:
                return frame
    raise SourceError(f"{source.name} gave no picture", "check that nothing else uses it")
