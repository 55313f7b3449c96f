"""COCO's JSON documents: pictures and their boxes, crowds among them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from heatcam.audit.labels import DataLabel
from heatcam.errors import UnreadableInputError, reason_of


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Image(_Record):
    id: int | str
    file_name: str
    width: int | None = Field(default=None, ge=1)
    height: int | None = Field(default=None, ge=1)


class _Category(_Record):
    id: int
    name: str


class _Annotation(_Record):
    image_id: int | str
    category_id: int
    bbox: tuple[float, float, float, float] | None = None
    iscrowd: int = 0
    ignore: int = 0


class _Document(_Record):
    images: list[_Image]
    categories: list[_Category]
    annotations: list[_Annotation]


class CocoData:
    """A document of COCO's, read once.

    Args:
        path: the file.

    Attributes:
        names: file names of its pictures, in their order.
        class_names: of its categories, in their order.

    Raises:
        UnreadableInputError: it cannot be read or is no such document; the message names the place.
    """

    def __init__(self, path: Path) -> None:
        document = _read(path)
        self._path = path
        self.names = tuple(image.file_name for image in document.images)
        self.class_names = tuple(category.name for category in document.categories)
        self._sizes = {image.file_name: (image.width, image.height) for image in document.images}
        self._labels = _labels_of(document, path)
        if len(set(self.names)) < len(self.names):
            raise UnreadableInputError(f"{path} has several pictures of one file_name", "mend it")

    def labels_of(self, name: str, size_wh: tuple[int, int]) -> tuple[DataLabel, ...]:
        """Return the labels of the picture of that file name.

        Raises:
            UnreadableInputError: it has another size than the one that was labelled.
        """
        stated = self._sizes[name]
        if None not in stated and stated != size_wh:
            raise UnreadableInputError(
                f"{self._path} has labels for {stated[0]}x{stated[1]}, and {name} is {size_wh[0]}x{size_wh[1]}",
                "give the pictures that were labelled",
            )
        return self._labels[name]


def _labels_of(document: _Document, path: Path) -> dict[str, tuple[DataLabel, ...]]:
    names = {category.id: category.name for category in document.categories}
    pictures = {image.id: image.file_name for image in document.images}
    found: dict[str, list[DataLabel]] = {name: [] for name in pictures.values()}
    for n, each in enumerate(document.annotations):
        if each.image_id in pictures and each.bbox is not None:
            found[pictures[each.image_id]].append(_label(each, names, f"{path}: annotations.{n}"))
    return {name: tuple(labels) for name, labels in found.items()}


def _label(each: _Annotation, names: Mapping[int, str], where: str) -> DataLabel:
    assert each.bbox is not None
    if each.category_id not in names:
        raise UnreadableInputError(f"{where}: there is no category {each.category_id}", "mend it")
    if not all(map(math.isfinite, each.bbox)):
        raise UnreadableInputError(f"{where}: bbox is not finite", "mend it")
    x, y, wide, tall = each.bbox
    box = (x, y, x + wide, y + tall)
    return DataLabel(box, names[each.category_id], bool(each.iscrowd), bool(each.ignore) and not each.iscrowd)


def _read(path: Path) -> _Document:
    try:
        return _Document.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UnreadableInputError(f"{path} cannot be read: {reason_of(error)}", "check the path") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise UnreadableInputError(
            f"{path} is no COCO document: {where}: {first['msg']}",
            "it has images, categories and annotations",
        ) from error
