"""``heatcam bench``: heatcam, ultralytics and grad-cam on the same pictures, in one run."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import Any

from heatcam.bench import (
    MOST_FRAMES,
    NAMES,
    NUMBERS,
    REFERENCE,
    BenchInput,
    Conditions,
    Measurement,
    Plan,
    Setup,
    chosen,
    heatcam_contestants,
    json_rows,
    machine_facts,
    measure,
    read_input,
    rival_contestants,
    table_cells,
)
from heatcam.commands.default_model import named_model
from heatcam.commands.options import ModelChoice
from heatcam.commands.setup import start_explainer
from heatcam.commands.tables import show_table
from heatcam.commands.terminal import Terminal
from heatcam.models import MARKERS
from heatcam.runtime import stopping
from heatcam.saliency import Explainer


def run_bench(
    source: str | None, conditions: Conditions, plan: Plan, json: str | None, terminal: Terminal
) -> int:
    """Measure every contestant, or those that ``plan.only`` names, interleaved.

    Args:
        source: a photograph, video or other source; None is the photograph that comes with ultralytics.
        conditions: the model and how it runs, the same for all.
        plan: number of rounds, warm-up, and the rows to measure.
        json: a file for the machine-readable result, ``-`` for standard output, None for none.
        terminal: prints results and notes.

    Returns:
        0; 1 when no row could be measured; 130 after Ctrl-C, with the rounds that were complete.

    Raises:
        HeatcamError: the input or the model cannot be used, or ``only`` matches no row.
        KeyboardInterrupt: Ctrl-C came before one round was complete.
    """
    names = chosen(NAMES, plan.only)
    given = read_input(source, min(MOST_FRAMES, plan.rounds))
    model = named_model(conditions.model, MARKERS, terminal)  # (the rivals are detectors)
    conditions = dataclasses.replace(conditions, model=model)
    choice = ModelChoice(**dataclasses.asdict(conditions), backend="torch")
    explainer = start_explainer(choice, terminal)
    own = dataclasses.asdict(conditions) | {"imgsz": explainer.imgsz}
    setup = Setup(**own | {"device": str(explainer.engine.device)})
    objects = [len(explainer.explain(frame, with_map=False).detections) for frame in given.frames]
    measurement = _measured(names, setup, given, plan, terminal)
    rows = json_rows(measurement)
    facts = _facts(setup, given, explainer, objects, plan, measurement)
    if json:
        terminal.document({"rows": rows} | facts, json)
    _tell(rows, facts, measurement, terminal, on_results=json != "-")
    if measurement.interrupted:
        return stopping.exit_code()
    return 0 if any(times.taken_ms for times in measurement.times) else 1


def _measured(
    names: list[str], setup: Setup, given: BenchInput, plan: Plan, terminal: Terminal
) -> Measurement:
    """Measure the named contestants; the files that they write are deleted afterwards."""
    with (
        stopping.raising(),
        tempfile.TemporaryDirectory(prefix="heatcam-bench-") as folder,
        terminal.progress("runs", by_itself=False) as progress,  # drawn between two runs, never during one
    ):
        everybody = [*heatcam_contestants(setup), *rival_contestants(setup, Path(folder))]
        contestants = [contestant for contestant in everybody if contestant.name in names]
        task = progress.add_task("bench", total=len(contestants) * plan.rounds, rate=0.0)

        def step() -> None:
            progress.update(task, advance=1, rate=progress.tasks[0].speed or 0.0)
            progress.refresh()

        return measure(contestants, given.frames, plan, on_run=step)


def _facts(
    setup: Setup,
    given: BenchInput,
    explainer: Explainer,
    objects: list[int],
    plan: Plan,
    measurement: Measurement,
) -> dict[str, Any]:
    """Return the other fields of the JSON document, beside the rows."""
    return {
        "input": {"name": given.name, "size_wh": list(given.size_wh), "frames": len(given.frames)},
        "model": explainer.title,
        **{key: getattr(setup, key) for key in ("device", "imgsz", "conf", "iou")},
        "objects": objects,
        "runs": measurement.rounds,
        "warmup": plan.warmup,
        "interrupted": measurement.interrupted,
        "machine": machine_facts(),
    }


def _tell(
    rows: list[dict[str, Any]],
    facts: dict[str, Any],
    measurement: Measurement,
    terminal: Terminal,
    *,
    on_results: bool,
) -> None:
    """Print the conditions and the table; with the document on standard output, only notes on what disturbs the figures."""
    if not any(facts["objects"]):
        terminal.note(
            "nothing is detected in this input, and maps of nothing cost little: give another input"
        )
    if measurement.interrupted:
        terminal.note(f"stopped after {measurement.rounds} full rounds")
    if not on_results:
        return
    for line in _conditions(facts):
        terminal.result(line)
    headings, cells = table_cells(rows)
    show_table(terminal, headings, cells, NUMBERS)


def _conditions(facts: dict[str, Any]) -> list[str]:
    """Return the conditions of the figures in three lines."""
    objects, machine, versions = facts["objects"], facts["machine"], facts["machine"]["versions"]
    width, height = facts["input"]["size_wh"]
    found = " to ".join(str(count) for count in sorted({min(objects), max(objects)}))
    frames = f" in each of {len(objects)} frames" if len(objects) > 1 else ""
    return [
        f"input: {facts['input']['name']} ({width}x{height}), {found} objects{frames}",
        f"model: {facts['model']} on {facts['device']}, {facts['imgsz']} px; {machine['torch_threads']} threads, "
        f"torch {versions['torch']}, ultralytics {versions['ultralytics']}, openvino {versions['openvino']}",
        f"{facts['runs']} rounds after {facts['warmup']} for warm-up; ratio is to {REFERENCE}",
    ]
