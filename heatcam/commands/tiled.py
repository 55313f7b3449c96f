"""``heatcam snapshot --tiles``: one large picture, explained tile by tile and written as a pyramid."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from heatcam.commands.any_explainer import start_any_explainer
from heatcam.commands.default_model import advice_for_nothing, with_model
from heatcam.commands.findings_log import FindingsLog, check_findings, check_labels
from heatcam.commands.options import ModelChoice, overlay_options
from heatcam.commands.setup import say_scale
from heatcam.commands.snapshot_options import SnapshotOptions
from heatcam.commands.terminal import Terminal
from heatcam.errors import UsageError
from heatcam.frames import ExplainerFacts, Explains, counted
from heatcam.measures import FindingsOptions, ImageFindings, document_head
from heatcam.runtime import stopping
from heatcam.sinks import make_folder, refuse_existing, require_folder
from heatcam.tiling import (
    ExplainedTiles,
    LargePicture,
    findings_of_large,
    require_large,
    require_look,
    require_pyramid_name,
)


def run_tiled(
    inputs: Sequence[str],
    camera: str | None,
    model: ModelChoice,
    options: SnapshotOptions,
    terminal: Terminal,
) -> int:
    """Explain one picture by tiles; what cannot be done is refused before a model is loaded.

    Args:
        inputs: one picture.
        camera: none: a camera's frame fits one pass.
        model: the model, and how it explains.
        options: tiles, look, findings, and where everything goes.
        terminal: prints results, notes and progress.

    Returns:
        0; 1 when a tile's map could not be made; 130 after Ctrl-C, with nothing written.

    Raises:
        HeatcamError: an option, the picture, the model or an output cannot be used.
    """
    _refuse_others(inputs, camera, model, options)
    path = Path(inputs[0])
    output = _output_of(path, options)
    tiles = options.tiling.tiles
    assert tiles is not None
    with LargePicture(path, tiles, options.tiling.shared) as picture:
        for note in picture.notes:
            terminal.note(note)
        chosen = with_model(model, "", terminal)
        explainer = start_any_explainer(chosen, terminal, pictures=len(picture.plan))
        facts = explainer.facts()
        _require_detector(facts)
        say_scale(options.look, explainer, terminal)
        try:
            with stopping.raising():
                explained = _explain_and_write(picture, output, explainer, facts, options, terminal)
        except KeyboardInterrupt:
            terminal.note(f"{path}: stopped, nothing is written")
            return stopping.exit_code() if stopping.stop_requested() else 130
        return _tell(path, output, explained, facts, chosen, options, terminal)


def _explain_and_write(
    picture: LargePicture,
    output: Path,
    explains: Explains,
    facts: ExplainerFacts,
    options: SnapshotOptions,
    terminal: Terminal,
) -> ExplainedTiles:
    """Explain and write the picture, with the progress of both."""
    whole_px = facts.imgsz if options.tiling.whole is not False else 0
    look = overlay_options(options.look)
    started = time.perf_counter()
    with terminal.progress("tiles") as bar:
        task = bar.add_task("explaining", total=len(picture.plan), rate=0.0)

        def on_tile(done: int) -> None:
            stopping.raise_if_stopped()
            bar.update(task, completed=done, rate=done / max(time.perf_counter() - started, 1e-9))

        explained = picture.explain(explains, whole_px=whole_px, on_tile=on_tile)
    begun, written = time.perf_counter(), 0
    with terminal.progress("rows") as bar:
        task = bar.add_task("writing", total=picture.plan.size_wh[1], rate=0.0)

        def on_rows(count: int) -> None:
            nonlocal written
            stopping.raise_if_stopped()
            written += count
            bar.update(task, completed=written, rate=written / max(time.perf_counter() - begun, 1e-9))

        make_folder(output.parent)
        picture.write(output, explained, look, on_rows)
    return explained


def _tell(
    path: Path,
    output: Path,
    explained: ExplainedTiles,
    facts: ExplainerFacts,
    model: ModelChoice,
    options: SnapshotOptions,
    terminal: Terminal,
) -> int:
    """Print what was found, and write document, tables and label files."""
    plan, merged, found = explained.plan, explained.merged, explained.detections
    regions = FindingsOptions(region_share=options.findings.region_share)
    row = findings_of_large(explained, regions, is_written=True, path=str(path), output=str(output))
    log = FindingsLog(options.findings, facts, terminal)
    log.add_row(row, output)
    log.close()
    terminal.note(
        f"{len(plan)} tile{'s' * (len(plan) > 1)} of {'x'.join(map(str, plan.tile_wh))}: {merged.joined} object"
        f"{'s' * (merged.joined != 1)} joined, {merged.left_out} box{'es' * (merged.left_out != 1)} seen twice left out"
    )
    failed, reason = explained.without_map
    if failed:
        terminal.note(f"{path}: no heat map of {failed} tiles ({reason})")
    if not len(found):
        terminal.note(f"nothing found: {advice_for_nothing(model)}")
    _write_document(row, facts, options, terminal)
    if options.output.json != "-":
        terminal.result(f"{path} -> {output}  {counted(found.class_names)}")
    return int(bool(failed))


def _write_document(
    row: ImageFindings, facts: ExplainerFacts, options: SnapshotOptions, terminal: Terminal
) -> None:
    target = options.output.json
    if target:
        if target != "-":
            make_folder(Path(target).parent)
        terminal.document(document_head(facts), target, ("images", [row.as_json()]))


def _refuse_others(
    inputs: Sequence[str], camera: str | None, model: ModelChoice, options: SnapshotOptions
) -> None:
    """Refuse what goes only with pictures of one pass.

    Raises:
        UsageError: there is not exactly one picture, or an option does not go with tiles.
    """
    require_large()
    if camera is not None or len(inputs) != 1:
        raise UsageError(
            "--tiles takes one picture", "for example: heatcam snapshot big.tif --tiles 640 -o out.tif"
        )
    output, findings = options.output, options.findings
    given = {
        "--quality true": model.by_trial,
        f"--method {model.method}": model.by_masks,
        "--trials": options.trying.trials is not None,
        "--view-channels": bool(options.capture.view_channels),
        "--window": bool(options.capture.window),
        "--full-scale": options.capture.full_scale is not None,
        "--channel-evidence": bool(options.channels.channel_evidence),
        "--view": any(view != "overlay" for view in output.view),
        "--images": bool(output.images),
        "--map-png": output.map_png,
        "--npz": output.npz,
        "--resume": output.resume,
        "--skip-existing": output.skip_existing,
        "--increment": output.increment,
        "--foreground": findings.foreground is not None,
        "--save-crop": findings.save_crop,
    }
    for name in (name for name, is_given in given.items() if is_given):
        raise UsageError(f"{name} does not go with --tiles", "leave out one of them")
    require_look(options.look.renorm)


def _output_of(path: Path, options: SnapshotOptions) -> Path:
    """Return the file to write, after checking that it and those beside it can be.

    Raises:
        HeatcamError: a file has another suffix, exists already, is the picture itself, or cannot be written.
    """
    wanted, overwrite = options.output.output, options.output.overwrite
    output = Path(wanted) if wanted else Path(f"{path.stem}-heat.tif")
    if wanted and (wanted.endswith("/") or output.is_dir()):
        output = output / f"{path.stem}-heat.tif"
    require_pyramid_name(output)
    if output.exists() and path.exists() and output.samefile(path):
        raise UsageError(f"{output} is an input and would be overwritten", "choose another name or folder")
    json = options.output.json
    files = [output, *([Path(json)] if json and json != "-" else [])]
    if len({file.resolve() for file in (*files, path)}) <= len(files):
        raise UsageError(f"{files[-1]} would be overwritten", "choose another name for --json")
    refuse_existing(files, overwrite)
    for file in files:
        require_folder(file.parent)
    check_findings(options.findings, overwrite)
    check_labels(options.findings, [output], overwrite)
    return output


def _require_detector(facts: ExplainerFacts) -> None:
    """Refuse a classifier, as a tile's likeliest class says nothing of the picture, and models of other channels.

    Raises:
        UsageError: the model finds no boxes, or reads other channels than three.
    """
    if facts.channels != 3:
        raise UsageError(
            f"{facts.model} reads {facts.channels} channels, and --tiles gives three", "leave out --tiles"
        )
    if facts.task == "classify":
        raise UsageError(
            f"{facts.model} is a classifier, which --tiles cannot merge", "give a model that finds boxes"
        )
