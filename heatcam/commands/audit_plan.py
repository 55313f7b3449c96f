"""Plan of an audit: sizes, labels and geometry of all pictures, and which of them are done. Does not import torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from heatcam.audit import (
    AuditPicture,
    ClassMap,
    DataSet,
    PictureLabels,
    PicturePlace,
    require_fiftyone,
    val_letterboxes,
)
from heatcam.commands.audit_options import AuditChoice, AuditOutput
from heatcam.errors import HeatcamError, UnreadableInputError, UsageError
from heatcam.geometry import Letterbox
from heatcam.sinks import make_folder, refuse_existing, require_folder
from heatcam.sources import picture_size

if TYPE_CHECKING:
    from heatcam.saliency import Explainer

STORE, DOCUMENT = "audit.sqlite", "audit.json"
_FILES = (DOCUMENT, STORE, "objects.parquet", "objects.csv")
_RESUME = "choose another folder, or add --resume to go on with it or --overwrite to start anew"


@dataclass(frozen=True, eq=False)
class PlannedPicture:
    """A picture that can be audited.

    Attributes:
        picture: its file.
        place: in the data set.
        labels: in the model's classes; None in a data set without labels.
        letterbox: its geometry, as ultralytics' ``val`` has it; None where the model has its own.
    """

    picture: AuditPicture
    place: PicturePlace
    labels: PictureLabels | None
    letterbox: Letterbox | None


@dataclass(frozen=True, eq=False)
class BrokenPlace:
    """A picture that cannot be read, or whose labels cannot."""

    name: str
    position: int
    reason: str


def prepare_folder(output: AuditOutput) -> None:
    """Make the folder of an audit, and refuse or remove what is in the way.

    Raises:
        HeatcamError: there is an audit already, or files cannot be written.
    """
    if output.overwrite and output.resume:
        raise UsageError("--overwrite and --resume exclude each other", "give one")
    folder = output.output
    if not output.resume:
        refuse_existing([folder / name for name in _FILES], output.overwrite, _RESUME)
    json_file = Path(output.json) if output.json and output.json != "-" else None
    if json_file is not None:
        refuse_existing([json_file], output.overwrite or output.resume)
        require_folder(json_file.parent)
    if output.labels_out is not None:
        there = output.labels_out.is_dir() and any(output.labels_out.iterdir())
        if there and not (output.overwrite or output.resume):
            raise UsageError(
                f"{output.labels_out} has files already", "choose another folder or add --overwrite"
            )
        require_folder(output.labels_out)
    if output.fiftyone:
        require_fiftyone(output.fiftyone, overwrite=output.overwrite or output.resume)
    require_folder(folder)
    make_folder(folder)
    if output.overwrite:
        for name in (*_FILES, f"{STORE}-wal", f"{STORE}-shm"):
            with suppress(FileNotFoundError):
                (folder / name).unlink()


def class_map(data: DataSet, explainer: Explainer) -> ClassMap:
    """Return the model's class of each of the data set's.

    Raises:
        UsageError: the model knows none of them.
    """
    found = ClassMap(explainer.class_names, explainer.thresholds.class_ids)
    if data.is_labelled and data.class_names and not any(map(found.knows, data.class_names)):
        some = ", ".join(data.class_names[:4]) + (", ..." if len(data.class_names) > 4 else "")
        raise UsageError(
            f"{explainer.title} knows none of the data set's classes ({some})", "give another model"
        )
    return found


def plan_pictures(
    data: DataSet, classes: ClassMap, explainer: Explainer
) -> list[PlannedPicture | BrokenPlace]:
    """Read the header and the labels of every picture, in the order of the data set."""
    sizes = [_size_of(picture) for picture in data.pictures]
    readable = [size for size in sizes if not isinstance(size, str)]
    boxes = iter(_letterboxes(readable, explainer))
    planned: list[PlannedPicture | BrokenPlace] = []
    for n, (picture, size) in enumerate(zip(data.pictures, sizes, strict=True), 1):
        if isinstance(size, str):
            planned.append(BrokenPlace(picture.name, n, size))
            continue
        planned.append(_planned(data, classes, picture, n, size, next(boxes)))
    return planned


def _planned(
    data: DataSet,
    classes: ClassMap,
    picture: AuditPicture,
    position: int,
    size_wh: tuple[int, int],
    letterbox: Letterbox | None,
) -> PlannedPicture | BrokenPlace:
    try:
        told = data.read(picture, size_wh)
        labels = classes.labels_of(told, size_wh) if data.is_labelled else None
        stamp = _stamp(picture.path, told, letterbox)
    except HeatcamError as error:
        return BrokenPlace(picture.name, position, str(error))
    return PlannedPicture(picture, PicturePlace(picture.name, position, stamp), labels, letterbox)


def _size_of(picture: AuditPicture) -> tuple[int, int] | str:
    """Return width and height; the reason where it cannot be read."""
    try:
        return picture_size(picture.path)
    except UnreadableInputError as error:
        return str(error)


def _letterboxes(sizes: Sequence[tuple[int, int]], explainer: Explainer) -> Iterator[Letterbox | None]:
    """Yield each picture's geometry; of heads without anchors, which stretch pictures, the model's own is ``val``'s."""
    if explainer.engine.anchored() is None or not sizes:
        yield from [None] * len(sizes)
        return
    stride = explainer.engine.stride
    smooth = explainer.letterbox_of(sizes[0]).smooth
    imgsz = -(-explainer.imgsz // stride) * stride
    yield from val_letterboxes(sizes, imgsz, stride, smooth=smooth)


def _stamp(path: Path, labels: Sequence[object], letterbox: Letterbox | None) -> str:
    """Return a digest that changes with a picture's file, its labels and its geometry."""
    try:
        stat = path.stat()
    except OSError as error:
        raise UnreadableInputError(
            f"cannot read {path} ({error.strerror})", "check its permissions"
        ) from error
    known = repr((str(path.resolve()), stat.st_size, stat.st_mtime_ns, labels, letterbox))
    return hashlib.sha256(known.encode("utf-8", "surrogatepass")).hexdigest()


def settings_digest(data: DataSet, explainer: Explainer, choice: AuditChoice) -> str:
    """Return a digest of all but the pictures that changes an audit's numbers."""
    facts, kept = explainer.facts(), explainer.thresholds
    known = {
        "data": [data.form, data.split, data.is_labelled],
        "model": [facts.sha256, facts.model, facts.method, facts.layers, facts.imgsz, facts.precision],
        "kept": [kept.conf, kept.iou, kept.max_det, kept.class_ids],
        "match_iou": choice.match_iou,
    }
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()
