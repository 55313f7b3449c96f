"""Words of an audit for the terminal."""

from __future__ import annotations

from heatcam.audit import AuditDocument, ClassSummary, ObjectKind
from heatcam.commands.audit_collect import Collected
from heatcam.commands.audit_run import AuditRun
from heatcam.commands.tables import show_table
from heatcam.commands.terminal import Terminal, summary

_MOST_CLASSES, _MOST_BROKEN = 20, 5
_COLUMNS = ("class", "labels", "true", "wrong", "missed", "precision", "recall", "AP50", "AP50-95")
_NOT_WRONG = {
    kind.value
    for kind in (
        *(ObjectKind.TRUE, ObjectKind.MISSED, ObjectKind.IGNORED, ObjectKind.LOOSE, ObjectKind.UNLABELLED),
    )
}


def say_result(run: AuditRun, document: AuditDocument, collected: Collected) -> None:
    """Print what an audit found and where it is, and what was left out."""
    terminal = run.terminal
    if run.output.json != "-":
        _say_counts(document, terminal)
        for line in run.lines:
            terminal.result(line)
        terminal.result(f"{run.folder}  {document.data.audited} of {document.data.pictures} pictures")
    for broken in document.data.broken[:_MOST_BROKEN]:
        terminal.note(f"left out: {broken.reason}")
    if len(document.data.broken) > _MOST_BROKEN:
        terminal.note(f"and {len(document.data.broken) - _MOST_BROKEN} more pictures: see audit.json")
    if document.data.unknown_classes:
        names = ", ".join(document.data.unknown_classes)
        terminal.note(f"labels left out, as the model has no such class: {names}")
    if collected.pictures:  # (none after --resume of a finished audit)
        terminal.note(
            summary(collected.pictures, "pictures", sum(document.kinds.values()), collected.seconds)
        )
    if collected.stopped:
        terminal.note(f"stopped: what is done is in {run.folder}; --resume goes on")


def _say_counts(document: AuditDocument, terminal: Terminal) -> None:
    if document.figures is None:  # (whose first line says the same)
        terminal.result(
            ", ".join(f"{number} {kind}" for kind, number in document.kinds.items()) or "no objects"
        )
    if document.map50 is not None and document.map50_95 is not None:
        terminal.result(f"mAP50 {document.map50:.3f}, mAP50-95 {document.map50_95:.3f}, as ultralytics' val")
    shown = document.classes[:_MOST_CLASSES]
    if document.data.labelled and shown:
        rows = [_row(each) for each in shown]
        show_table(terminal, _COLUMNS, rows, set(_COLUMNS[1:]))
    if document.data.labelled and len(document.classes) > len(shown):
        terminal.result(f"and {len(document.classes) - len(shown)} more classes: see audit.json")


def _row(each: ClassSummary) -> list[object]:
    wrong = sum(number for kind, number in each.kinds.items() if kind not in _NOT_WRONG)
    shares = (each.precision, each.recall, each.ap50, each.ap50_95)
    return [
        *(each.class_name, each.labels, each.kinds.get("true", 0), wrong, each.kinds.get("missed", 0)),
        *("" if share is None else f"{share:.3f}" for share in shares),
    ]
