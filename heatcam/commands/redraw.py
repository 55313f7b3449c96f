"""``heatcam redraw``: archives of raw maps in, pictures in another style out. No model is loaded, and no torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from heatcam.commands.options import LookOptions, ViewOutput, overlay_options
from heatcam.commands.picture_files import Picture
from heatcam.commands.picture_plan import PicturePlan, plan_archives
from heatcam.commands.picture_sink import PicturesDone, PictureSink, finish_pictures
from heatcam.commands.terminal import ProgressSink, Terminal
from heatcam.errors import HeatcamError
from heatcam.frames import Explanation
from heatcam.pipeline import Run
from heatcam.runtime import stopping
from heatcam.sinks import read_raw_maps


def run_redraw(archives: Sequence[str], look: LookOptions, output: ViewOutput, terminal: Terminal) -> int:
    """Draw what was explained before in another style; an archive that cannot be read is left out with a note.

    Args:
        archives: files that ``heatcam snapshot --npz`` wrote.
        look: look of the overlay.
        output: files for the pictures and the JSON document.
        terminal: prints results and notes.

    Returns:
        0; 1 when some archives could not be read or some views not made; 130 after Ctrl-C, with what was done.

    Raises:
        HeatcamError: nothing could be done at all.
    """
    plan, done, run = PicturePlan(plan_archives(archives, output)), PicturesDone(), Run()
    sink = PictureSink(plan.pictures, output, overlay_options(look), done, terminal)
    try:
        with stopping.raising(), terminal.progress("pictures", shown=sink.count > 1) as progress:
            task = progress.add_task("redraw", total=sink.count, rate=0.0)
            bar = ProgressSink(progress, task, lambda: (run.frames + 1) / run.elapsed_s)
            for explanation in _read(plan.pictures, sink, done):
                sink.take(None, explanation)
                bar.take(None, explanation)
                run.frames += 1
    except KeyboardInterrupt:
        done.stopped = True
    return finish_pictures(plan, done, run, output, terminal)


def _read(pictures: Sequence[Picture], sink: PictureSink, done: PicturesDone) -> Iterator[Explanation]:
    """Read the archives one after the other, each frame numbered by its place; those that cannot be read are left out.

    Raises:
        HeatcamError: the only archive cannot be read.
    """
    for number, picture in enumerate(pictures):
        stopping.raise_if_stopped()
        if done.stopped:
            return
        try:
            explanation = read_raw_maps(picture.source)
        except HeatcamError as error:
            if not sink.leave_out(error):
                raise
        else:
            yield replace(explanation, frame=replace(explanation.frame, frame_index=number))
