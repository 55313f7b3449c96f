"""``heatcam eval``: measurement of how faithful the maps are."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from heatcam.commands.picture_plan import find_and_say
from heatcam.commands.refusals import checked_outputs
from heatcam.commands.setup import model_at_hand
from heatcam.commands.tables import show_table
from heatcam.commands.terminal import Terminal
from heatcam.engine import choose_device
from heatcam.errors import HeatcamError, UsageError
from heatcam.evaluation import (
    CHECK_HEADINGS,
    FAITH_HEADINGS,
    INFILLS,
    PLACE_HEADINGS,
    PROTOCOLS,
    CheckedRow,
    EvalPlan,
    Judged,
    Outputs,
    Photograph,
    Score,
    ScoringSettings,
    by_row,
    check_cells,
    checked_rows,
    chosen_objects,
    chosen_rows,
    csv_text,
    curves_picture,
    detector,
    faith_cells,
    fitting_rows,
    infills_of,
    json_rows,
    place_cells,
    scores_of,
    side_cells,
    side_headings,
)
from heatcam.models import MARKERS, LoadedModel, load_model
from heatcam.options import DetectOptions, ExplainOptions
from heatcam.runtime import stopping
from heatcam.saliency import Explainer, explainer_of
from heatcam.sinks import make_folder, write_picture, write_whole
from heatcam.sources import read_picture

_FEW_OBJECTS = 10  # with fewer, an interval says little


def run_eval(
    inputs: Sequence[str],
    judged: Judged,
    plan: EvalPlan,
    outputs: Outputs,
    terminal: Terminal,
    *,
    recursive: bool = False,
) -> int:
    """Score every row's map of every object, and print confidence intervals of the differences.

    Args:
        inputs: photographs, folders and globs.
        judged: the model, and the thresholds of its detections.
        plan: the maps to evaluate, and the measures.
        outputs: output files beside the table.
        terminal: prints results and notes.
        recursive: include the photographs in sub-folders.

    Returns:
        0; 1 when photographs could not be read, or a folder had none; 130 after Ctrl-C, with the photographs that were done.

    Raises:
        HeatcamError: nothing can be measured; raised before the model is loaded where that is possible.
        KeyboardInterrupt: Ctrl-C came before one photograph was done.
    """
    plan.require_valid()
    rows = chosen_rows(plan, _options(judged))
    listed = find_and_say(inputs, recursive, terminal)
    paths = listed.paths
    outputs = checked_outputs(outputs, paths)
    loaded = _load(judged, terminal)
    device = choose_device(judged.device)
    size_wh = _first_size(paths)
    with terminal.status("preparing the maps"):
        finder = explainer_of(loaded, device, rows[-1].options, size_wh)
        detector(finder)
        rows = fitting_rows(rows, finder, with_checks=plan.checks)
        rivals = checked_rows(rows, loaded, device, size_wh, plan.seed if plan.checks else None)
        means = _means(finder, loaded, judged, plan, size_wh)
    found, failed = _objects(finder, paths, plan, terminal)
    terminal.note(
        f"model {loaded.title} on {device}, {finder.imgsz} px; maps by torch, scores by {means.scoring.name}"
    )
    for tried in plan.tried():
        terminal.note(f"{tried.name} is made by trials under {tried.infill}, and not judged by it")
    scores, done = _measured(found, rivals, means, terminal)
    facts = _facts(loaded, finder, plan, means, found[:done])
    _write(json_rows(by_row(scores), plan.counted().value, plan.seed), facts, scores, outputs, terminal)
    if done < len(found):
        terminal.note(f"stopped after {done} of {len(found)} photographs")
        return stopping.exit_code()
    return 1 if failed or listed.empty else 0


def _options(judged: Judged) -> ExplainOptions:
    judged.require_valid()
    return ExplainOptions(**{field.name: getattr(judged, field.name) for field in fields(DetectOptions)})


def _load(judged: Judged, terminal: Terminal) -> LoadedModel:
    model = model_at_hand(judged.model, MARKERS, terminal)
    with terminal.status("loading the model"):
        return load_model(model)


def _means(
    finder: Explainer, loaded: LoadedModel, judged: Judged, plan: EvalPlan, size_wh: tuple[int, int]
) -> ScoringSettings:
    """Return the protocol and the network that scores, on the backend asked for; always in float32."""
    engine = detector(finder)
    if judged.backend.value != "torch":
        options = replace(_options(judged), backend=judged.backend.value, precision="fp32")
        engine = detector(explainer_of(loaded, finder.engine.device, options, size_wh))
    return ScoringSettings(
        PROTOCOLS[plan.protocol.value],
        tuple(INFILLS[name] for name in plan.infill_names()),
        plan.counted(),
        plan.whole,
        plan.seed,
        engine,
        tuple(plan.control_names()),
    )


def _first_size(paths: Sequence[Path]) -> tuple[int, int]:
    """Return width and height of the first photograph that can be read.

    Raises:
        HeatcamError: none of them can be read.
    """
    for path in paths:
        try:
            image = read_picture(path)
        except HeatcamError:
            if len(paths) == 1:
                raise
            continue
        return image.shape[1], image.shape[0]
    raise UsageError("none of the photographs can be read", "give others")


def _objects(
    finder: Explainer, paths: Sequence[Path], plan: EvalPlan, terminal: Terminal
) -> tuple[list[Photograph], int]:
    """Choose the objects to score in each photograph; return them and the number of photographs that could not be read.

    Raises:
        HeatcamError: there is no object to score.
    """
    found, failed = [], 0
    for path in paths:
        try:
            image = read_picture(path)
        except HeatcamError as error:
            terminal.note(f"left out: {error}")
            failed += 1
            continue
        seen = finder.explain(image, with_map=False).detections
        letterbox, _ = finder.prepare(image)
        found.append(
            chosen_objects(
                path,
                seen,
                letterbox,
                PROTOCOLS[plan.protocol.value],
                plan.most,
                keep_small=plan.keeps_small,
            )
        )
    small = sum(photograph.too_small for photograph in found)
    step = PROTOCOLS[plan.protocol.value].first_step
    if small:
        terminal.note(
            f"{small} objects left out: they cover less than {step:.1%} of the picture, the protocol's first step, so maps cut "
            "to their box cannot be told apart (--small keeps them, --fractions box can judge them)"
        )
    if not any(photograph.candidates for photograph in found):
        raise HeatcamError(
            f"no object to judge in {len(found)} photographs", "lower --conf, or give other photographs"
        )
    return found, failed


def _measured(
    found: Sequence[Photograph], rivals: Sequence[CheckedRow], means: ScoringSettings, terminal: Terminal
) -> tuple[list[Score], int]:
    """Score all photographs; return the scores and the number of photographs done; Ctrl-C keeps those that were done.

    Raises:
        KeyboardInterrupt: Ctrl-C came before any was done.
    """
    scores: list[Score] = []
    maps = sum(len(photograph.candidates) for photograph in found) * (len(rivals) + len(means.controls))
    with stopping.raising(), terminal.progress("maps") as progress:
        task, started, count = progress.add_task("eval", total=maps, rate=0.0), time.perf_counter(), 0

        def step() -> None:
            nonlocal count
            count += 1
            progress.update(task, advance=1, rate=count / (time.perf_counter() - started))

        for number, photograph in enumerate(found):
            try:
                scores += _of_one(photograph, number, rivals, means, step)
            except KeyboardInterrupt:
                if not scores:
                    raise
                return scores, number
    return scores, len(found)


def _of_one(
    photograph: Photograph,
    number: int,
    rivals: Sequence[CheckedRow],
    means: ScoringSettings,
    step: Callable[[], None],
) -> list[Score]:
    if not photograph.candidates:
        return []
    return list(scores_of(photograph, number, read_picture(photograph.path), rivals, means, step))


def _facts(
    loaded: LoadedModel,
    finder: Explainer,
    plan: EvalPlan,
    means: ScoringSettings,
    found: Sequence[Photograph],
) -> dict[str, Any]:
    """Return the other fields of the JSON document, beside the rows."""
    cut = "as they are, over the whole picture" if plan.whole else "cut to their box"
    return {
        "protocol": f"{means.protocol.text(means.infills, means.fractions_of)}; maps {cut}",
        "protocol_name": means.protocol.name,
        "infills": [infill.name for infill in means.infills],
        "fractions": means.fractions_of.value,
        "objects": sum(len(photograph.candidates) for photograph in found),
        "objects_left_out": sum(photograph.too_small for photograph in found),
        "model": loaded.title,
        "photographs": [str(photograph.path) for photograph in found],
        "imgsz": finder.imgsz,
        "conf": finder.thresholds.conf,
        "iou": finder.thresholds.iou,
        "device": str(finder.engine.device),
        "backend": means.scoring.name,
        "whole": plan.whole,
        "most": plan.most,
        "seed": plan.seed,
    }


def _write(
    rows: list[dict[str, Any]],
    facts: dict[str, Any],
    scores: Sequence[Score],
    outputs: Outputs,
    terminal: Terminal,
) -> None:
    """Write the CSV file, the plot and the JSON document, and print the tables."""
    for path in (
        outputs.csv,
        outputs.curves,
        None if outputs.json in (None, "-") else Path(str(outputs.json)),
    ):
        if path is not None:
            make_folder(path.parent)
    if outputs.csv is not None:
        write_whole(outputs.csv, csv_text(scores, facts["fractions"]).encode())
    what = f"{facts['objects']} objects of {facts['model']} in {len(facts['photographs'])} photographs"
    if outputs.curves is not None:
        write_picture(
            outputs.curves,
            curves_picture(
                rows,
                f"{what}, maps {'whole' if facts['whole'] else 'cut to their box'}",
                facts["protocol_name"],
            ),
            outputs.overwrite,
        )
    if outputs.json:
        terminal.document(facts | {"rows": rows}, outputs.json)
    if facts["objects"] < _FEW_OBJECTS:
        terminal.note(f"{facts['objects']} objects are few: the intervals say little")
    if outputs.json != "-":
        _show(rows, facts, what, terminal)


def _show(rows: list[dict[str, Any]], facts: dict[str, Any], what: str, terminal: Terminal) -> None:
    terminal.result(f"{what}; protocol {facts['protocol_name']}: {facts['protocol']}")
    infills = infills_of(rows)
    if len(infills) > 1:
        show_table(terminal, side_headings(rows), side_cells(rows), side_headings(rows)[1:])
    for infill in infills:
        terminal.result(f"infill {infill}:")
        show_table(terminal, FAITH_HEADINGS, faith_cells(rows, infill), FAITH_HEADINGS[1:])
    show_table(terminal, PLACE_HEADINGS, place_cells(rows), PLACE_HEADINGS[1:])
    if checked := check_cells(rows):
        show_table(terminal, CHECK_HEADINGS, checked, CHECK_HEADINGS[1:])
