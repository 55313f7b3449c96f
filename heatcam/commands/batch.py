"""``heatcam batch``: a great many pictures to a table of their objects, with the maps."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from heatcam.batch import ENGINES, BatchRun, RowEngine
from heatcam.commands.batch_plan import BatchRequest, open_run
from heatcam.commands.terminal import Terminal, summary
from heatcam.frames import ExplainerFacts
from heatcam.runtime import stopping

_SCHEMA = "heatcam/batch-result/1"


@dataclass
class _Done:
    """Counts of this start, and whether it was stopped."""

    pictures: int = 0
    objects: int = 0
    failed: int = 0
    seconds: float = 0.0
    stopped: bool = False


def run_batch(request: BatchRequest, terminal: Terminal) -> int:
    """Explain all pictures that are not done yet, and write the table part by part.

    Args:
        request: all that is asked.
        terminal: prints results and notes.

    Returns:
        0; 1 when some pictures failed, now or in an earlier start; 130 after Ctrl-C, with what was done.

    Raises:
        HeatcamError: inputs, model or the folder cannot be used; raised before torch is imported where possible.
    """
    run, done = open_run(request, terminal), _Done()
    with run.manifest:
        before = run.manifest.pictures
        if before:
            terminal.note(f"{before} of {run.pictures} pictures are done already")
        if before < run.pictures:
            engine = ENGINES[request.choice.engine].start(run.plan, request.choice.workers)
            _work(run, engine, done, terminal)
        return _finish(run, done, request.output.json, terminal)


def _work(run: BatchRun, engine: RowEngine, done: _Done, terminal: Terminal) -> None:
    """Explain what is not done; Ctrl-C ends it with what is."""
    try:
        with stopping.raising():
            with terminal.status(f"loading {Path(run.plan.model).name}"):
                facts = engine.facts()
            run.runs_on(facts)
            _say_what_runs(run, facts, terminal)
            _explain(run, engine, done, terminal)
    except KeyboardInterrupt:
        done.stopped = True
    finally:
        engine.close()


def _say_what_runs(run: BatchRun, facts: ExplainerFacts, terminal: Terminal) -> None:
    streams = f", {run.plan.streams} streams" if run.plan.streams > 1 else ""
    terminal.note(
        f"model {facts.model} on {facts.device} ({facts.backend} {facts.precision}{streams}), {facts.imgsz} px, "
        f"method {facts.method}"
    )


def _explain(run: BatchRun, engine: RowEngine, done: _Done, terminal: Terminal) -> None:
    """Explain with a bar that shows rate and time left."""
    started = time.perf_counter()
    with terminal.progress("pictures") as progress:
        task = progress.add_task("batch", total=run.pictures - run.manifest.pictures, rate=0.0)
        for step in run.explain(engine):
            done.pictures += step.pictures
            done.objects += step.objects
            done.failed += step.failed
            done.seconds = time.perf_counter() - started
            progress.update(task, advance=step.pictures, rate=done.pictures / max(done.seconds, 1e-9))


def _finish(run: BatchRun, done: _Done, json: str | None, terminal: Terminal) -> int:
    """Print how it ended, write the document, and return the exit code."""
    manifest, folder = run.manifest, run.place.folder
    objects, failed = manifest.total("objects"), manifest.total("failed")
    if done.pictures:
        terminal.note(summary(done.pictures, "pictures", done.objects, done.seconds))
    if failed:
        terminal.note(f"{failed} picture{'s' * (failed != 1)} failed, with the reasons in {run.place.failed}")
    if manifest.pictures < run.pictures:
        terminal.note(f"stopped before the rest: {run.pictures - manifest.pictures} to do; --resume goes on")
    if json != "-":
        parts = f"{len(manifest.parts)} part{'s' * (len(manifest.parts) != 1)}"
        told = f"{manifest.pictures} pictures, {objects} object{'s' * (objects != 1)}, {failed} failed"
        terminal.result(f"{folder}/part-*.parquet  {told}, in {parts}")
    if json:
        document = {
            "schema": _SCHEMA,
            "folder": str(folder),
            "pictures": manifest.pictures,
            "of": run.pictures,
            "objects": objects,
            "failed": failed,
            "complete": manifest.pictures == run.pictures,
            "seconds": round(done.seconds, 2),
            "parts": [str(part["file"]) for part in manifest.parts],
        }
        terminal.document(document, json)
    if done.stopped:
        return stopping.exit_code()
    return int(failed > 0)
