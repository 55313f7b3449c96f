"""``heatcam snapshot``: pictures in, pictures with their heat map out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heatcam.commands.default_model import advice_for_nothing, with_model
from heatcam.commands.options import CaptureChoice, Look, ModelChoice, PictureOutput
from heatcam.commands.starting import painter, say_scale, say_source, start_explainer
from heatcam.commands.terminal import Terminal
from heatcam.errors import HeatcamError, SourceError, UsageError
from heatcam.findings import describe
from heatcam.frames import Frame
from heatcam.pipeline import Painter, Run
from heatcam.sinks.files import refuse_existing
from heatcam.sinks.pictures import output_paths, write_picture
from heatcam.sinks.raw_maps import write_raw_maps
from heatcam.sources.images import list_pictures, read_picture
from heatcam.sources.opening import open_source
from heatcam.sources.options import CaptureOptions

if TYPE_CHECKING:
    from heatcam.saliency.explainer import Explainer

_FRAMES_UNTIL_EXPOSED = 5


def snapshot(
    inputs: Sequence[str],
    camera: str | None,
    model: ModelChoice,
    look: Look,
    output: PictureOutput,
    terminal: Terminal,
    capture: CaptureChoice | None = None,
) -> int:
    """Explain every picture and write it; a picture that cannot be read is said and left out.

    Args:
        inputs: files, folders and globs.
        camera: a camera or stream to take one frame from, instead of ``inputs``.
        model: which model explains, and how.
        look: how the overlay looks.
        output: where the pictures and the JSON document go.
        terminal: where to say it.
        capture: what to ask the camera for.

    Returns:
        0, or 1 when some pictures could not be read or written.

    Raises:
        HeatcamError: nothing could be done at all; raised before the model is loaded where that can be known.
    """
    if bool(inputs) == (camera is not None):
        raise UsageError("give pictures or --camera", "for example: heatcam snapshot photo.jpg -o out.png")
    asked = (capture or CaptureChoice()).options()
    paths = list_pictures(inputs) if camera is None else ()
    names = paths or (Path(f"camera-{camera}.png" if str(camera).isdecimal() else "camera.png"),)
    targets = output_paths(names, output.output or _default_output(names), output.overwrite)
    if output.npz:
        refuse_existing([raw_path(target) for target in targets], output.overwrite)
    model = with_model(model, camera or "", terminal)
    explainer = start_explainer(model, terminal, pictures=len(names))
    say_scale(look, explainer, terminal)
    paint = painter(look)
    if camera is not None:
        rows, failed = (
            [_one(_camera_frame(camera, asked, terminal), targets[0], explainer, paint, output, terminal)],
            0,
        )
    else:
        rows, failed = _many(paths, targets, explainer, paint, output, terminal)
    if nothing := sum(not row["detections"] for row in rows):
        where = f" in {nothing} of {len(rows)} pictures" if len(rows) > 1 else ""
        terminal.note(f"nothing found{where}: {advice_for_nothing(model)}")
    if output.json:
        terminal.document({"images": rows}, output.json)
    return 1 if failed else 0


def _many(
    paths: Sequence[Path],
    targets: Sequence[Path],
    explainer: Explainer,
    paint: Painter,
    output: PictureOutput,
    terminal: Terminal,
) -> tuple[list[dict[str, Any]], int]:
    """Every picture in turn: the rows of those that worked, and how many did not."""
    rows, failed, run = [], 0, Run()
    with terminal.progress("pictures", shown=len(paths) > 1) as progress:
        task = progress.add_task("snapshot", total=len(paths), rate=0.0)
        for path, target in zip(paths, targets, strict=True):
            try:
                frame = Frame(read_picture(path), 0, time.monotonic(), 0.0, str(path))
                rows.append(_one(frame, target, explainer, paint, output, terminal))
            except HeatcamError as error:
                if len(paths) == 1:
                    raise
                terminal.note(f"left out: {error}")
                failed += 1
            run.frames += 1
            progress.update(task, advance=1, rate=run.frames / run.elapsed_s)
    if failed:
        terminal.note(f"{len(rows)} of {len(paths)} pictures written, {failed} left out")
    return rows, failed


def _one(
    frame: Frame,
    target: Path,
    explainer: Explainer,
    paint: Painter,
    output: PictureOutput,
    terminal: Terminal,
) -> dict[str, Any]:
    """Explain, paint and write one picture; its row of the JSON document."""
    explanation = explainer.explain(frame, with_object_maps=True)
    write_picture(target, paint(explanation, Run()), output.overwrite)
    if output.npz:
        write_raw_maps(raw_path(target), explanation, output.overwrite)
    if explanation.map_error:
        terminal.note(f"{frame.name}: no heat map ({explanation.map_error})")
    if output.json != "-":
        terminal.result(f"{target}  {counted(explanation.detections.class_names)}")
    return {"path": frame.name, "output": str(target), **describe(explanation)}


def raw_path(picture: Path) -> Path:
    """Where a picture's raw maps go: ``out.png.npz``, because ``out.jpg`` may stand beside it."""
    return picture.with_name(f"{picture.name}.npz")


def counted(class_names: Sequence[str]) -> str:
    """``2 person, 1 bus``, or ``nothing detected``."""
    counts = {name: class_names.count(name) for name in dict.fromkeys(class_names)}
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "nothing detected"


def _camera_frame(camera: str, asked: CaptureOptions, terminal: Terminal) -> Frame:
    """One fresh frame; the first ones are thrown away, because cameras open dark."""
    source = open_source(camera, asked)
    with source:
        say_source(source, terminal)
        for frame in source:
            if not source.is_live or frame.frame_index >= _FRAMES_UNTIL_EXPOSED:
                return frame
    raise SourceError(f"{source.name} gave no picture", "check that nothing else uses it")


def _default_output(names: Sequence[Path]) -> str:
    """Beside where the user stands: ``photo-heat.png`` for one picture, the folder ``heat/`` for several."""
    return f"{names[0].stem}-heat.png" if len(names) == 1 else "heat/"
