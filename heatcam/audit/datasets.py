"""Data sets that can be audited: in ultralytics' form, in COCO's, or pictures without labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from heatcam.audit.coco import CocoData
from heatcam.audit.labels import DataLabel
from heatcam.audit.yolo_data import YoloData, label_path
from heatcam.errors import UnreadableInputError, UsageError
from heatcam.sources import find_pictures
from heatcam.text import printable

YOLO, COCO, PICTURES = "ultralytics", "coco", "pictures"
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class AuditPicture:
    """One picture of a data set.

    Attributes:
        path: its file.
        name: its path below the data set's root, with ``/`` on all systems, safe to show; rarely not the path's own letters.
        label_file: the file that its labels are in; None where it has none.
    """

    path: Path
    name: str
    label_file: Path | None = None


@dataclass(frozen=True)
class DataSet:
    """A data set, whose pictures are not read yet.

    Attributes:
        path: what was named.
        form: ``ultralytics``, ``coco`` or ``pictures``.
        split: of ultralytics' form; else "".
        pictures: its pictures, in the order of the audit.
        class_names: the classes that it names; () where it names none.
        is_labelled: False if nothing can be right or wrong.
        notes: remarks about it for the user.
        read: returns the labels of a picture of this width and height in pixels; raises ``UnreadableInputError``.
    """

    path: Path
    form: str
    split: str
    pictures: tuple[AuditPicture, ...]
    class_names: tuple[str, ...]
    is_labelled: bool
    notes: tuple[str, ...] = ()
    read: Callable[[AuditPicture, tuple[int, int]], Sequence[DataLabel]] = field(
        default=lambda *_: (), repr=False
    )


def open_data_set(
    spec: str, split: str = "", images: Path | None = None, exclude: Path | None = None
) -> DataSet:
    """Open a data set.

    Args:
        spec: a ``.yaml`` file of ultralytics, a ``.json`` file of COCO, or a picture, folder or glob.
        split: of ultralytics' form; "" takes ``val``.
        images: the folder of the pictures of COCO's form; None looks for it.
        exclude: a folder in which no pictures are looked for.

    Raises:
        UnreadableInputError: it cannot be read, or has no pictures.
        UsageError: ``split`` or ``images`` make no sense with it.
    """
    form = _form_of(spec)
    if split and form != YOLO:
        raise UsageError("--split is for data sets in ultralytics' form", "leave it out")
    if images is not None and form != COCO:
        raise UsageError("--images is for COCO's JSON", "leave it out")
    if form == YOLO:
        return _yolo(Path(spec), split or "val")
    return _coco(Path(spec), images) if form == COCO else _pictures(spec, exclude)


def _form_of(spec: str) -> str:
    """Return the form that a name tells."""
    path = Path(spec)
    if path.suffix.lower() in (".yaml", ".yml") and not path.is_dir():
        return YOLO
    return COCO if path.suffix.lower() == ".json" and not path.is_dir() else PICTURES


def _yolo(path: Path, split: str) -> DataSet:
    data = YoloData(path, split)
    files = {picture: label_path(picture) for picture in data.pictures}
    pictures = tuple(
        AuditPicture(picture, printable(_below(picture, data.root)), file if file.is_file() else None)
        for picture, file in files.items()
    )
    known = data.is_labelled
    notes = (
        () if known else (f"no picture of {path} has a label file beside it: nothing can be right or wrong",)
    )

    def read(picture: AuditPicture, size_wh: tuple[int, int]) -> Sequence[DataLabel]:
        return data.labels_of(picture.path, size_wh)

    return DataSet(path, YOLO, split, pictures, tuple(data.class_names.values()), known, notes, read)


def _coco(path: Path, images: Path | None) -> DataSet:
    data = CocoData(path)
    if not data.names:
        raise UnreadableInputError(f"{path} has no pictures", "give another file")
    folder = _folder_of(path, data.names, images)
    pictures = tuple(
        AuditPicture(folder / name, printable(Path(name).as_posix()), path) for name in data.names
    )
    names = {picture.path: name for picture, name in zip(pictures, data.names, strict=True)}

    def read(picture: AuditPicture, size_wh: tuple[int, int]) -> Sequence[DataLabel]:
        return data.labels_of(names[picture.path], size_wh)

    return DataSet(path, COCO, "", pictures, data.class_names, True, (), read)


def _folder_of(path: Path, names: Sequence[str], given: Path | None) -> Path:
    """Find the folder of a document's pictures, some of which may be missing: the given one, beside it, or where COCO has them.

    Raises:
        UsageError: none of them is there.
    """
    here, year = path.parent, path.stem.split("_")[-1]
    above = here.parent
    usual = (here, here / "images", above / "images", here / year, above / year, above / "images" / year)
    for folder in usual if given is None else (given,):
        if any((folder / name).is_file() for name in names):
            return folder
    where = "beside it" if given is None else f"in {given}"
    missing = names[0] if len(names) == 1 else f"none of the {len(names):,} pictures"
    raise UsageError(
        f"{missing} of {path} {'is not' if len(names) == 1 else 'is'} {where}",
        "give the folder of the pictures: --images FOLDER",
    )


def _pictures(spec: str, exclude: Path | None) -> DataSet:
    found = find_pictures([spec], recursive=True, exclude=exclude)
    pictures = tuple(AuditPicture(file.path, printable(file.below.as_posix())) for file in found.files)
    inside = Path(spec) / "data.yaml"
    hint = (f"{spec} has a data.yaml: give that, and labels are read too",) if inside.is_file() else ()
    return DataSet(Path(spec), PICTURES, "", pictures, (), False, hint)


def _below(picture: Path, root: Path) -> str:
    """Return a picture's path below the root, else as it is."""
    try:
        return picture.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return picture.as_posix()
