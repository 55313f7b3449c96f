"""Comparison of pictures: planned and refused before a model is loaded, then explained, painted and written one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from heatcam.commands.compare_options import ComparedOutput
from heatcam.commands.compare_report import ComparisonNotes, counts_in_words, show_objects
from heatcam.commands.options import PictureOutput
from heatcam.commands.picture_files import Picture
from heatcam.commands.picture_plan import PicturePlan, plan_camera, plan_pictures
from heatcam.commands.picture_sink import PicturesDone, PictureSink
from heatcam.commands.terminal import ProgressSink, Terminal
from heatcam.comparison import Comparing, comparison_of, numbers_of
from heatcam.frames import Explanation, Frame
from heatcam.overlay import OverlayOptions
from heatcam.pipeline import Limits, Painter, Run, run_pipeline
from heatcam.runtime import stopping
from heatcam.sinks import make_folder, write_picture
from heatcam.sources import find_pictures


def planned_pictures(
    source: str, output: ComparedOutput, terminal: Terminal, *, recursive: bool
) -> tuple[PicturePlan, PictureOutput]:
    """Plan the output file of each picture; everything that can be refused is refused here.

    Raises:
        HeatcamError: there are no pictures, or outputs exist already or cannot be written.
    """
    wanted = output.output
    if wanted is None:
        found = find_pictures([source], recursive=recursive)
        one = not found.many and len(found.files) == 1
        wanted = f"{found.files[0].path.stem}-compare.png" if one else "compare/"
    asked = PictureOutput(output=wanted, overwrite=output.overwrite, json=output.json)
    return plan_pictures([source], recursive, asked, terminal), asked


def planned_frame(source: str, output: ComparedOutput) -> tuple[PicturePlan, PictureOutput]:
    """Plan the output file of the first frame of a video or camera.

    Raises:
        HeatcamError: the output exists already, or cannot be written.
    """
    asked = PictureOutput(output=output.output, overwrite=output.overwrite, json=output.json)
    return plan_camera(source, asked), asked


class ComparisonSink(PictureSink):
    """Sink that writes each picture of a comparison and tells what was found; of a single one each object.

    Args:
        pictures: where each picture goes, by the index of its frame.
        output: what is written, and over what.
        done: the progress that is kept here.
        terminal: where each picture is told.

    Attributes:
        rows: a row for each picture that was written.
    """

    def __init__(
        self, pictures: tuple[Picture, ...], output: PictureOutput, done: PicturesDone, terminal: Terminal
    ) -> None:
        super().__init__(pictures, output, OverlayOptions(), done, terminal)
        self.rows: list[dict[str, Any]] = []
        self._targets = [picture.target for picture in pictures if picture.target is not None]

    def take(self, picture: object, explanation: Explanation) -> None:
        """Write one painted picture, uint8 ``(H, W, 3)`` BGR; see ``PictureSink``."""
        comparison, frame = comparison_of(explanation), explanation.frame
        target = self._targets[frame.frame_index]
        error = explanation.map_error or None
        row = {"path": frame.name, "output": str(target), "size_wh": list(frame.size_wh), "map_error": error}
        with stopping.held():
            make_folder(target.parent)
            write_picture(target, np.asarray(picture, np.uint8), self._output.overwrite)
            self.rows.append(row)
        if error:
            self._terminal.note(f"{frame.name}: no heat map ({error})")
        if self._output.json != "-":
            numbers = numbers_of(comparison)
            said = counts_in_words(numbers.pairs, numbers.only_a, numbers.only_b)
            self._terminal.result(f"{frame.name} -> {target}  {said}")
            if self.count == 1:
                show_objects(comparison, range(1, len(comparison.objects) + 1), self._terminal)


def compare_pictures(
    frames: Callable[[PictureSink, PicturesDone], Iterable[Frame]],
    plan: tuple[PicturePlan, PictureOutput],
    comparing: Comparing,
    paint: Painter,
    notes: ComparisonNotes,
    terminal: Terminal,
) -> tuple[dict[str, Any], int]:
    """Compare, paint and write every picture; Ctrl-C ends it with what was done.

    Args:
        frames: gives the frames, with the sink that leaves unreadable ones out.
        plan: where they go, and how they are written.
        comparing: explains each by both models.
        paint: draws each.
        notes: keeps the numbers.
        terminal: prints results and notes.

    Returns:
        What the document says of the pictures, and the exit code.
    """
    (planned, output), done, run = plan, PicturesDone(), Run()
    sink = ComparisonSink(planned.pictures, output, done, terminal)
    try:
        with stopping.raising(), terminal.progress("pictures", shown=sink.count > 1) as progress:
            task = progress.add_task("compare", total=sink.count, rate=0.0)
            bar = ProgressSink(progress, task, lambda: (run.frames + 1) / run.elapsed_s)
            given = frames(sink, done)
            run_pipeline(given, comparing, paint, (sink, notes, bar), Limits(), run, sink.leave_out)
    except KeyboardInterrupt:
        done.stopped = True
    failed = len(done.left_out)
    if done.stopped or failed:
        stopped = ", stopped before the rest" if done.stopped else ""
        terminal.note(f"{len(sink.rows)} of {sink.count} pictures written, {failed} left out{stopped}")
    code = 1 if failed or done.stopped or planned.lacking else 0
    if done.stopped and stopping.stop_requested():
        code = stopping.exit_code()
    left_out = {"left_out": done.left_out} if failed else {}
    return {"images": sink.rows, **left_out}, code
