"""Data sets in ultralytics' form: a YAML file that names folders or lists of pictures, whose labels lie beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from heatcam.audit.labels import DataLabel
from heatcam.errors import UnreadableInputError, UsageError, reason_of
from heatcam.sources import read_labels

#: Suffixes that ultralytics takes for pictures (``IMG_FORMATS`` in 8.4.190), of those that can be read here.
SUFFIXES = frozenset(
    {"avif", "bmp", "heic", "heif", "jp2", "jpeg", "jpeg2000", "jpg", "mpo", "png", "tif", "tiff", "webp"}
)
_SHAPE = "it has path, train, val, test and names"


class _YoloDocument(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    path: str | None = None
    train: str | list[str] | None = None
    val: str | list[str] | None = None
    validation: str | list[str] | None = None
    test: str | list[str] | None = None
    names: dict[int, str] | list[str]


class YoloData:
    """One split of a data set in ultralytics' form.

    Args:
        path: its YAML file.
        split: ``train``, ``val`` or ``test``.

    Attributes:
        root: the folder that its paths are relative to.
        pictures: its pictures, sorted by name as ultralytics does.
        class_names: name of each class id.

    Raises:
        UnreadableInputError: the file is no such data set, or a path in it does not exist.
        UsageError: it has no such split.
    """

    def __init__(self, path: Path, split: str) -> None:
        document = _read(path)
        self.root = _root(path, document.path)
        given = getattr(document, split) or (document.validation if split == "val" else None)
        if not given:
            raise UsageError(f"{path} has no split {split!r}", f"it has {_splits_of(document)}")
        places = [given] if isinstance(given, str) else given
        self.pictures = tuple(sorted({p for each in places for p in _pictures_at(self._place(each, path))}))
        if not self.pictures:
            raise UnreadableInputError(
                f"the split {split!r} of {path} has no pictures", f"looked in {self.root}"
            )
        self.class_names: dict[int, str] = (
            dict(enumerate(document.names)) if isinstance(document.names, list) else dict(document.names)
        )

    def labels_of(self, picture: Path, size_wh: tuple[int, int]) -> tuple[DataLabel, ...]:
        """Return the labels of a picture; none where it has no label file: then nothing is on it.

        Raises:
            UnreadableInputError: its label file is broken, or has a class that the data set does not name.
        """
        file = label_path(picture)
        if not file.is_file():
            return ()
        boxes = dict.fromkeys(read_labels(file, picture, size_wh))  # (ultralytics drops repeated lines too)
        strange = [box.class_id for box in boxes if box.class_id not in self.class_names]
        if strange:
            raise UnreadableInputError(
                f"{file} has class {strange[0]}, and the data set names {len(self.class_names)}",
                "mend either",
            )
        return tuple(DataLabel(box.box_xyxy, self.class_names[box.class_id or 0]) for box in boxes)

    @property
    def is_labelled(self) -> bool:
        """False if not one of its pictures has a label file."""
        return any(label_path(picture).is_file() for picture in self.pictures)

    def _place(self, text: str, path: Path) -> Path:
        """Return a path of the file; ``../`` too much in front of it is forgiven, as by ultralytics."""
        place = self.root / text
        if not place.exists() and text.startswith("../"):
            place = self.root / text[3:]
        if not place.exists():
            raise UnreadableInputError(f"{place} does not exist", f"{path} names it: mend that, or its path")
        return place


def label_path(picture: Path) -> Path:
    """Return the label file of a picture: the last folder ``images`` in its path becomes ``labels``, its suffix ``.txt``."""
    parts = list(picture.parts)
    for n in range(len(parts) - 2, -1, -1):
        if parts[n] == "images":
            parts[n] = "labels"
            break
    return Path(*parts).with_suffix(".txt")


def _pictures_at(place: Path) -> Iterator[Path]:
    """Yield the pictures of a folder and those below it, or those that a text file lists."""
    if place.is_dir():
        for folder, _, names in os.walk(place, followlinks=True):
            yield from (Path(folder, name) for name in names if _is_picture(name))
        return
    try:
        lines = place.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInputError(
            f"{place} cannot be read: {reason_of(error)}", "it lists pictures, one a line"
        ) from error
    for line in filter(None, map(str.strip, lines)):
        if _is_picture(line):
            yield place.parent / line[2:] if line.startswith("./") else Path(line)


def _is_picture(name: str) -> bool:
    return name.rpartition(".")[2].lower() in SUFFIXES


def _root(path: Path, stated: str | None) -> Path:
    """Return the data set's root: ``path`` in the file, below the file's folder or the working folder, else the file's folder."""
    if not stated:
        return path.parent
    tried = [path.parent / stated, Path(stated)]
    for place in tried:
        if place.is_dir():
            return place
    raise UnreadableInputError(
        f"the data set's folder {stated} is neither in {path.parent.resolve()} nor in {Path.cwd()}",
        f"mend path in {path}",
    )


def _splits_of(document: _YoloDocument) -> str:
    given = [name for name in ("train", "val", "test") if getattr(document, name)]
    return ", ".join(given) or "none"


def _read(path: Path) -> _YoloDocument:
    try:
        read: Any = yaml.safe_load(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInputError(f"{path} cannot be read: {reason_of(error)}", "check the path") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise UnreadableInputError(f"{path} is no YAML: {str(error).splitlines()[0]}", _SHAPE) from error
    if not isinstance(read, Mapping):
        raise UnreadableInputError(f"{path} is no data set", _SHAPE)
    try:
        return _YoloDocument.model_validate(read)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UnreadableInputError(f"{path} is no data set: {where}: {first['msg']}", _SHAPE) from error
