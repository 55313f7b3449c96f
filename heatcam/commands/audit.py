"""``heatcam audit``: a data set's mistakes, sorted by evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from heatcam.audit import (
    AuditDocument,
    AuditStore,
    ClassMap,
    open_data_set,
    settings_of,
    write_fiftyone,
    write_mistakes,
    write_tables,
)
from heatcam.commands.audit_collect import Collected, collect
from heatcam.commands.audit_document import ROTATED, UPRIGHT, count, document_of, head_of
from heatcam.commands.audit_options import AuditChoice, AuditModel, AuditOutput
from heatcam.commands.audit_plan import (
    DOCUMENT,
    STORE,
    PlannedPicture,
    class_map,
    plan_pictures,
    prepare_folder,
    settings_digest,
)
from heatcam.commands.audit_run import AuditRun
from heatcam.commands.audit_stages import run_stages
from heatcam.commands.audit_words import say_result
from heatcam.commands.probing_checks import require_detector
from heatcam.commands.setup import model_at_hand, start_explainer
from heatcam.commands.terminal import Terminal
from heatcam.errors import UsageError
from heatcam.models import MARKERS
from heatcam.runtime import stopping

if TYPE_CHECKING:
    from heatcam.saliency import Explainer


def run_audit(
    spec: str, model: AuditModel, choice: AuditChoice, output: AuditOutput, terminal: Terminal
) -> int:
    """Match a model's detections with a data set's labels, explain each, and write it all into a folder.

    Args:
        spec: a ``.yaml`` file of ultralytics, a ``.json`` file of COCO, or a picture, folder or glob without labels.
        model: the model and its thresholds.
        choice: the part of the data set, and what is asked of it.
        output: the folder and further files.
        terminal: prints results and notes.

    Returns:
        0; 1 when pictures could not be read; 130 after Ctrl-C, with what was done.

    Raises:
        HeatcamError: data, model or an output cannot be used; raised before torch is imported where possible.
    """
    choice.require_valid()
    require_detector(model)
    data = open_data_set(spec, choice.split, choice.images, exclude=output.output)
    prepare_folder(output)
    for note in data.notes:
        terminal.note(note)
    model = replace(model, model=model_at_hand(model.model, MARKERS, terminal))
    explainer = start_explainer(model, terminal, pictures=len(data.pictures))
    _refuse_others(explainer)
    _say_upright(explainer, terminal)
    classes = class_map(data, explainer)
    store = AuditStore(output.output / STORE)
    store.begin(settings_digest(data, explainer, choice))
    files = {picture.name: picture.path for picture in data.pictures}
    run = AuditRun(data, files, explainer, store, choice, output, terminal, model=model.model or MARKERS)
    collected = _collect(run, classes)
    counted = count(store)
    document = document_of(run, classes, counted, complete=not collected.stopped)
    _write(run, document)
    if not collected.stopped:
        document = _with_stages(run, document, collected)
    _write_elsewhere(run, document)
    say_result(run, document, collected)
    store.close()
    if collected.stopped:
        return stopping.exit_code()
    return 1 if document.data.broken else 0


def _collect(run: AuditRun, classes: ClassMap) -> Collected:
    """Survey what is not done yet."""
    from heatcam.saliency import ObjectEmbedder, Surveyor  # noqa: PLC0415 (torch: loaded by now)

    with run.terminal.status("reading labels"):
        planned = plan_pictures(run.data, classes, run.explainer)
    fits = {each.picture.name: each.letterbox for each in planned if isinstance(each, PlannedPicture)}
    run.letterboxes.update(fits)
    surveyor = Surveyor(run.explainer, ObjectEmbedder)
    run.store.arrange([picture.name for picture in run.data.pictures])
    return collect(planned, surveyor, run.store, run.choice.match_iou, run.terminal)


def _refuse_others(explainer: Explainer) -> None:
    """Refuse models that find no boxes.

    Raises:
        UsageError: it is a classifier.
    """
    if explainer.task == "classify":
        raise UsageError(f"{explainer.title} finds classes, not boxes", "give a model that finds boxes")


def _say_upright(explainer: Explainer, terminal: Terminal) -> None:
    """Say that rotated boxes are matched by the upright ones around them."""
    if explainer.task == ROTATED:
        terminal.note(f"rotated boxes: {UPRIGHT}")


def _with_stages(run: AuditRun, document: AuditDocument, collected: Collected) -> AuditDocument:
    """Run the stages, and write again what they changed; Ctrl-C leaves out the rest of them."""
    run.head.update(head_of(document))
    run.settings.update(settings_of(document.as_json()))
    try:
        with stopping.raising():
            run_stages(run)
    except KeyboardInterrupt:
        collected.stopped = True
    document = document.model_copy(update={**run.documents, "complete": not collected.stopped})
    _write(run, document)
    return document


def _write(run: AuditRun, document: AuditDocument) -> None:
    """Write the tables and the document."""
    with stopping.held():
        write_tables(run.folder, run.store.table())
        run.terminal.document(document.as_json(), str(run.folder / DOCUMENT))


def _write_elsewhere(run: AuditRun, document: AuditDocument) -> None:
    """Write what else was asked for."""
    table = run.store.table()
    if run.output.json:
        run.terminal.document(document.as_json(), run.output.json)
    if run.output.labels_out is not None:
        number = write_mistakes(run.output.labels_out, table, run.explainer.class_names)
        run.lines.append(f"{run.output.labels_out}  labels of the mistakes in {number} pictures")
    if run.output.fiftyone and document.complete:
        number = write_fiftyone(run.output.fiftyone, run.files, table, run.store.parts)
        run.lines.append(f"FiftyOne has {number} samples in {run.output.fiftyone!r}")
