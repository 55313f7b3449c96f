"""COCO's JSON documents: pictures and their boxes, crowds among them."""

from __future__ import annotations

from pathlib import Path

from heatcam.audit.labels import DataLabel
from heatcam.errors import UnreadableInputError
from heatcam.sources import CocoDocument, read_coco


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
        document = read_coco(path)
        self._path = path
        self.names = tuple(image.file_name for image in document.images)
        self.class_names = tuple(category.name for category in document.categories)
        self._images = {image.file_name: image for image in document.images}
        self._labels = _labels_of(document, path)
        if len(set(self.names)) < len(self.names):
            raise UnreadableInputError(f"{path} has several pictures of one file_name", "mend it")

    def labels_of(self, name: str, size_wh: tuple[int, int]) -> tuple[DataLabel, ...]:
        """Return the labels of the picture of that file name.

        Raises:
            UnreadableInputError: it has another size than the one that was labelled.
        """
        self._images[name].require_size(size_wh, self._path)
        return self._labels[name]


def _labels_of(document: CocoDocument, path: Path) -> dict[str, tuple[DataLabel, ...]]:
    names, pictures = document.names, {image.id: image.file_name for image in document.images}
    found: dict[str, list[DataLabel]] = {name: [] for name in pictures.values()}
    for n, each in enumerate(document.annotations):
        box = each.box_xyxy(names, f"{path}: annotations.{n}") if each.image_id in pictures else None
        if box is not None:
            ignored = bool(each.ignore) and not each.iscrowd
            label = DataLabel(box, names[each.category_id], bool(each.iscrowd), ignored)
            found[pictures[each.image_id]].append(label)
    return {name: tuple(labels) for name, labels in found.items()}
