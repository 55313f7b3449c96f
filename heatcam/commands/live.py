"""``heatcam live``: the window."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from heatcam.commands.options import CaptureChoice, Extent, Look, ModelChoice, Motion
from heatcam.commands.reporting import run_report
from heatcam.commands.starting import painter, say_scale, say_source, size_to_come, start_explainer
from heatcam.commands.terminal import Terminal
from heatcam.frames import Frame
from heatcam.pipeline import Controls, Limits, Run, run_pipeline
from heatcam.settings import load_settings, save_settings
from heatcam.sinks.display import require_display
from heatcam.sinks.viewer import Viewer
from heatcam.sinks.window import WindowSink
from heatcam.sources.base import Source
from heatcam.sources.images import ImageSource
from heatcam.sources.opening import open_source

INTERRUPTED = 130


def live(
    spec: str,
    model: ModelChoice,
    look: Look,
    motion: Motion,
    extent: Extent,
    report_path: Path | None,
    terminal: Terminal,
    capture: CaptureChoice | None = None,
) -> int:
    """Show the source until it ends or the user quits; the mode is kept for the next run.

    Returns:
        0, or 130 after Ctrl-C.

    Raises:
        HeatcamError: no window, no source or no model; each says the next step.
    """
    require_display()
    asked = (capture or CaptureChoice()).options()
    source = open_source(spec, asked)
    explainer = start_explainer(model, terminal, size_to_come(spec, asked))
    say_scale(look, explainer, terminal)
    settings = load_settings()
    controls, run = Controls(heatmap=settings.heatmap), Run()
    limits = Limits(extent.max_frames, extent.seconds)
    interrupted = False
    try:
        with source, Viewer(f"heatcam - {source.name}") as viewer:
            say_source(source, terminal)
            sink = WindowSink(viewer, controls, _interval_s(source))
            paint = painter(look, with_status=True, smooth=motion.smooth)
            run_pipeline(frames_to_show(source), explainer, paint, (sink,), controls, limits, run)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        save_settings(replace(settings, heatmap=controls.heatmap))
        if report_path is not None:
            numbers = run_report(
                run, source, "frames_shown", heatmap=controls.heatmap, backend=explainer.engine.name
            )
            terminal.document(numbers | {"toggles": controls.toggles}, str(report_path))
    if not run.frames and not interrupted:
        terminal.note(f"{source.name} gave no picture")
    return INTERRUPTED if interrupted else 0


def frames_to_show(source: Source) -> Iterator[Frame]:
    """The source's frames; the last of a set of pictures stays, explained anew when the mode changes, until the user quits."""
    last: Frame | None = None
    for last in source:
        yield last
    if last is not None and isinstance(source, ImageSource):
        yield from itertools.repeat(last)


def _interval_s(source: Source) -> float:
    """Seconds between two frames of what plays by itself; cameras set their own pace."""
    return 0.0 if source.is_live or not source.fps > 0 else 1 / source.fps
