"""The document of an audit from its store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from heatcam import __version__
from heatcam.audit import (
    BACKGROUND_IOU,
    AuditDocument,
    AuditedData,
    AuditedModel,
    AuditStore,
    AuditThresholds,
    BrokenPicture,
    ClassMap,
    MeanPrecision,
    class_summaries,
    kind_counts,
    label_counts,
    mean_precision,
)
from heatcam.commands.audit_run import AuditRun
from heatcam.text import printable

if TYPE_CHECKING:
    from heatcam.saliency import Explainer

ROTATED = "obb"  # ultralytics' name of the task
#: Said of models that find rotated boxes.
UPRIGHT = (
    "matched, and counted in mAP, by the upright boxes around them; ultralytics' val takes them as they are"
)


@dataclass(frozen=True)
class Counted:
    """Counts of a store that no stage changes.

    Attributes:
        precision: average precisions.
        labels: number of labels of each class, by its id.
        audited: number of finished pictures.
        broken: those that were left out.
    """

    precision: MeanPrecision
    labels: Mapping[int, int]
    audited: int
    broken: tuple[BrokenPicture, ...]


def count(store: AuditStore) -> Counted:
    """Count what a store holds."""
    images = store.images()
    broken = tuple(
        BrokenPicture(image=printable(name), reason=printable(reason))
        for name, reason in images.select("image", "error").iter_rows()
        if reason is not None
    )
    precision, labels = mean_precision(store.scored()), label_counts(store.scored())
    return Counted(precision, labels, len(images) - len(broken), broken)


def document_of(run: AuditRun, classes: ClassMap, counted: Counted, *, complete: bool) -> AuditDocument:
    """Return the document of an audit, without what stages add."""
    table, kept = run.store.table(), run.explainer.thresholds
    precision, labels = counted.precision, counted.labels
    return AuditDocument(
        heatcam=__version__,
        made_at=datetime.now().astimezone().isoformat(timespec="seconds"),
        complete=complete,
        data=_data(run, classes, counted),
        model=_model(run.explainer),
        thresholds=AuditThresholds(
            conf=kept.conf,
            iou=kept.iou,
            max_det=kept.max_det,
            match_iou=run.choice.match_iou,
            background_iou=BACKGROUND_IOU,
        ),
        map50=precision.map50,
        map50_95=precision.map50_95,
        kinds=kind_counts(table),
        classes=class_summaries(table, labels, precision, run.explainer.class_names),
    )


def head_of(document: AuditDocument) -> dict[str, str]:
    """Return what a page says first, in words."""
    data, model, at = document.data, document.model, document.thresholds
    said = {
        "model": model.name,
        "data": data.path + (f" ({data.split})" if data.split else ""),
        "pictures": f"{data.audited} of {data.pictures}",
        "labels": str(data.labels) if data.labelled else "none",
        "thresholds": f"conf {at.conf:g}, iou {at.iou:g}, match {at.match_iou:g}",
        "method": f"{model.method} at {', '.join(model.layers)}",
    }
    if document.map50 is not None and document.map50_95 is not None:
        said["mAP50"], said["mAP50-95"] = f"{document.map50:.3f}", f"{document.map50_95:.3f}"
    if model.task == ROTATED:
        said["rotated boxes"] = UPRIGHT
    said["made"] = datetime.fromisoformat(document.made_at).strftime("%Y-%m-%d %H:%M")
    return {name: printable(words) for name, words in said.items()}


def _data(run: AuditRun, classes: ClassMap, counted: Counted) -> AuditedData:
    data = run.data
    return AuditedData(
        path=printable(str(data.path)),
        form=data.form,
        split=data.split or None,
        pictures=len(data.pictures),
        audited=counted.audited,
        broken=list(counted.broken),
        labelled=data.is_labelled,
        labels=sum(counted.labels.values()),
        unknown_classes={printable(name): number for name, number in classes.unknown.items()},
    )


def _model(explainer: Explainer) -> AuditedModel:
    facts = explainer.facts()
    return AuditedModel(
        name=printable(facts.model),
        sha256=facts.sha256,
        task=facts.task,
        method=facts.method,
        layers=list(facts.layers),
        unit=facts.unit,
        device=facts.device,
        backend=facts.backend,
        precision=facts.precision,
        imgsz=facts.imgsz,
    )
