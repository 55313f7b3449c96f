"""``heatcam snapshot``: pictures in, pictures with their heatmap out."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from heatcam.commands.any_explainer import start_any_explainer
from heatcam.commands.by_masks import masked_explainer, with_masks_for_black_boxes, without_masks
from heatcam.commands.default_model import advice_for_nothing, with_model
from heatcam.commands.findings_log import FindingsLog, check_findings, check_labels
from heatcam.commands.options import ModelChoice, overlay_options
from heatcam.commands.picture_files import Picture
from heatcam.commands.picture_plan import first_picture, plan_camera, plan_pictures
from heatcam.commands.picture_sink import (
    ObjectByObject,
    PicturesDone,
    PictureSink,
    TrialByTrial,
    finish_pictures,
)
from heatcam.commands.setup import AnyExplainer, channels_of, say_scale, say_source
from heatcam.commands.snapshot_options import SnapshotOptions
from heatcam.commands.terminal import ProgressSink, Terminal
from heatcam.commands.tiled import run_tiled
from heatcam.commands.view_note import ViewNote
from heatcam.commands.with_channels import WithChannels
from heatcam.errors import HeatcamError, SourceError, UsageError
from heatcam.frames import ExplainerFacts, Explains, Explanation, Frame
from heatcam.geometry import Uint8Array
from heatcam.measures import document_head
from heatcam.pipeline import Limits, Run, run_pipeline
from heatcam.runtime import map_ahead, stopping
from heatcam.sources import CaptureOptions, PictureOptions, PicturePixels, open_source, read_pixels

if TYPE_CHECKING:
    from heatcam.saliency import Explainer

_FRAMES_UNTIL_EXPOSED = 5
_DECODERS, _AHEAD = 2, 3  # threads that read pictures, and pictures in memory before they are explained


def run_snapshot(
    inputs: Sequence[str],
    camera: str | None,
    model: ModelChoice,
    options: SnapshotOptions,
    terminal: Terminal,
    *,
    recursive: bool = False,
) -> int:
    """Explain every picture and write it; one that cannot be read is left out with a note.

    Args:
        inputs: files, folders and globs.
        camera: a camera or stream to take one frame from, instead of ``inputs``.
        model: the model, and how it explains.
        options: look, findings, and where everything goes.
        terminal: prints results and notes.
        recursive: include the pictures in sub-folders.

    Returns:
        0; 1 when some pictures could not be read or written, some views not made, or a folder had no picture; 130 after Ctrl-C,
        with what was done.

    Raises:
        HeatcamError: nothing could be done at all; raised before torch is imported where possible.
    """
    options.tiling.require_valid()
    if options.tiling.tiles is not None:
        return run_tiled(inputs, camera, model, options, terminal)
    if bool(inputs) == (camera is not None):
        raise UsageError("give pictures or --camera", "for example: heatcam snapshot photo.jpg -o out.png")
    look, output, asked = options.look, options.output, options.capture.options()
    model = with_masks_for_black_boxes(model, terminal)
    trials = options.trying.count(model)
    replaces = output.overwrite or output.resume
    check_findings(options.findings, replaces)
    plan = (
        plan_pictures(inputs, recursive, output, terminal) if camera is None else plan_camera(camera, output)
    )
    outputs = [picture.target for picture in plan.pictures if picture.target is not None]
    if plan.pictures:
        check_labels(options.findings, outputs, replaces or output.skip_existing)
    if plan.skipped:
        terminal.note(f"{len(plan.skipped)} of {len(plan.skipped + plan.pictures)} are there already")
    if output.resume and not plan.pictures:
        return int(bool(plan.lacking))  # (the documents of the earlier run stay as they are)
    done, run, head, log = PicturesDone(), Run(), None, None
    if plan.pictures:
        first = first_picture(plan.pictures, asked.pictures) if camera is None else None
        model = with_model(model, camera or "", terminal)
        explainer = start_any_explainer(
            without_masks(model), terminal, pictures=len(plan.pictures), by_trial=True
        )
        say_scale(look, explainer, terminal)
        explains, facts = _explains(explainer, model, trials, terminal, done)
        channels = channels_of(explainer)
        if options.channels.is_wanted(channels):
            explains = WithChannels(explains, explainer)
        head = document_head(facts)
        log = FindingsLog(options.findings, facts, terminal)
        log.take_over(plan.earlier)
        drawn = overlay_options(look, options.findings.region_share)
        sink = PictureSink(plan.pictures, output, drawn, done, terminal, log)
        frames: Iterable[Frame] = (
            [first_frame(camera, asked, terminal, channels)]
            if camera is not None
            else read_frames(plan.pictures, first, sink, done, replace(asked.pictures, channels=channels))
        )
        _run(frames, explains, sink, done, run, terminal)
    if done.rows.empty:
        where = f" in {done.rows.empty} of {done.rows.count} pictures" if done.rows.count > 1 else ""
        terminal.note(f"nothing found{where}: {advice_for_nothing(model)}")
    code = finish_pictures(plan, done, run, output, terminal, head)
    if log is not None:
        log.close()  # (last, so that a table that cannot be written does not cost the document)
    return code


def _explains(
    explainer: AnyExplainer,
    model: ModelChoice,
    trials: int,
    terminal: Terminal,
    done: PicturesDone,
) -> tuple[Explains, ExplainerFacts]:
    """Return what explains the pictures, by gradients, by so many trials of each object, or by masks, and its facts."""
    if model.by_masks:
        by_masks = masked_explainer(explainer, model.method, trials)
        return TrialByTrial(by_masks, terminal, done, "masks"), by_masks.facts()
    if not trials:
        return ObjectByObject(explainer, terminal), explainer.facts()
    from heatcam.saliency import TrialExplainer  # noqa: PLC0415 (torch: it is loaded by now)

    network = cast("Explainer", explainer)  # (a file makes no trials, and is refused before)
    by_trial = TrialExplainer(network, trials, model.backend, model.precision)
    return TrialByTrial(by_trial, terminal, done), by_trial.facts()


def _run(
    frames: Iterable[Frame],
    explainer: Explains,
    sink: PictureSink,
    done: PicturesDone,
    run: Run,
    terminal: Terminal,
) -> None:
    """Explain, paint and write every picture; Ctrl-C ends it with what was done."""
    try:
        with stopping.raising(), terminal.progress("pictures", shown=sink.count > 1) as progress:
            task = progress.add_task("snapshot", total=sink.count, rate=0.0)
            bar = ProgressSink(progress, task, lambda: (run.frames + 1) / run.elapsed_s)
            run_pipeline(
                frames, explainer, _unpainted, (sink, ViewNote(terminal), bar), Limits(), run, sink.leave_out
            )
    except KeyboardInterrupt:
        done.stopped = True


def _unpainted(explanation: Explanation, _: Run) -> Uint8Array:
    """Return the frame as it is: the sink draws the views, one after the other."""
    return explanation.frame.image_bgr


def read_frames(
    pictures: Sequence[Picture],
    first: Uint8Array | None,
    sink: PictureSink,
    done: PicturesDone,
    asked: PictureOptions | None = None,
) -> Iterator[Frame]:
    """Read the pictures a few ahead, and leave out those that cannot be read; ``first`` are the pixels of the only one.

    Args:
        pictures: their files.
        first: uint8 ``(H, W, 3)`` BGR; None reads it.
        sink: told of those that are left out.
        done: tells if the run was stopped.
        asked: how they are read; None reads them for networks of colour pictures.

    Raises:
        HeatcamError: the only picture cannot be read.
    """
    if first is not None:
        yield Frame(first, 0, time.monotonic(), 0.0, str(pictures[0].source))
        return
    with closing(map_ahead(partial(_pixels, asked=asked), pictures, _DECODERS, _AHEAD)) as read:
        for number, (picture, own) in enumerate(zip(pictures, read, strict=True)):
            stopping.raise_if_stopped()
            if done.stopped:
                return
            if not isinstance(own, HeatcamError):
                name = str(picture.source)
                yield Frame(own.image_bgr, number, time.monotonic(), 0.0, name, own.samples)
            elif not sink.leave_out(own):
                raise own


def _pixels(picture: Picture, asked: PictureOptions | None) -> PicturePixels | HeatcamError:
    """Read a picture; return the error, which is dealt with at its turn, where that fails."""
    try:
        return read_pixels(picture.source, asked)
    except HeatcamError as error:
        return error


def first_frame(camera: str, asked: CaptureOptions, terminal: Terminal, channels: int = 3) -> Frame:
    """Read one frame, as number 0; the first ones of a live source are thrown away, because cameras open dark.

    Raises:
        SourceError: the source gave no picture.
        ChannelsError: the source has colour pictures, and the network reads another number of ``channels``.
    """
    source = open_source(camera, asked).for_channels(channels)
    with source:
        say_source(source, terminal)
        for frame in source:
            if not source.is_live or frame.frame_index >= _FRAMES_UNTIL_EXPOSED:
                return replace(frame, frame_index=0)
    raise SourceError(f"{source.name} gave no picture", "check that nothing else uses it")
