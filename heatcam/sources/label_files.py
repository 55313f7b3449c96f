"""Label files: the objects that a picture is known to have, in YOLO's text format or COCO's JSON."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from heatcam.errors import UnreadableInputError, reason_of
from heatcam.sources.coco_document import read_coco

_WITH_CONFIDENCE = 6  # numbers in a line of ultralytics' predictions
_FORMAT = "a line is: class x y width height, as shares of the picture"


@dataclass(frozen=True)
class LabelledBox:
    """One labelled object.

    Attributes:
        box_xyxy: in image pixels; it may leave the picture.
        class_name: as COCO's categories have it; "" where the file has numbers only.
        class_id: as YOLO's lines have it, a number of the model's own classes; None for a name.
    """

    box_xyxy: tuple[float, float, float, float]
    class_name: str = ""
    class_id: int | None = None


def read_labels(labels: Path, picture: Path, size_wh: tuple[int, int]) -> tuple[LabelledBox, ...]:
    """Read the labels of one picture.

    Args:
        labels: a text file in YOLO's format (boxes, polygons, or predictions with confidences), a folder of such, each named like
            its picture, or a JSON file in COCO's format, in which the picture is found by its name. Crowds are left out.
        picture: the picture's file.
        size_wh: its width and height in pixels.

    Raises:
        UnreadableInputError: a file is missing or is none of these, or does not know the picture; the message names the place.
    """
    path = labels / f"{picture.stem}.txt" if labels.is_dir() else labels
    if path.suffix.lower() == ".json":
        return _coco(path, picture, size_wh)
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInputError(
            f"labels {path} cannot be read: {reason_of(error)}", "give YOLO's .txt or COCO's .json"
        ) from error
    lines = [(n, line.split()) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    return tuple(_yolo(words, f"{path} line {n}", size_wh) for n, words in lines)


def _yolo(words: list[str], where: str, size_wh: tuple[int, int]) -> LabelledBox:
    """Read one line of YOLO's format."""
    try:
        class_id, numbers = int(words[0]), [float(word) for word in words[1:]]
    except ValueError as error:
        raise UnreadableInputError(f"{where} is no label", _FORMAT) from error
    is_polygon = len(numbers) >= _WITH_CONFIDENCE and len(numbers) % 2 == 0
    is_box = len(numbers) in (_WITH_CONFIDENCE - 2, _WITH_CONFIDENCE - 1)
    if class_id < 0 or not (is_box or is_polygon) or not all(map(math.isfinite, numbers)):
        raise UnreadableInputError(f"{where} is no label", _FORMAT)
    if any(not -1 <= number <= 2 for number in numbers[:4]):
        raise UnreadableInputError(f"{where} is in pixels, not in shares of the picture", _FORMAT)
    wide, tall = size_wh
    if is_polygon:
        xs, ys = numbers[::2], numbers[1::2]
        return LabelledBox(
            (min(xs) * wide, min(ys) * tall, max(xs) * wide, max(ys) * tall), class_id=class_id
        )
    x, y, width, height = numbers[:4]
    box = (x - width / 2) * wide, (y - height / 2) * tall, (x + width / 2) * wide, (y + height / 2) * tall
    return LabelledBox(box, class_id=class_id)


def _coco(path: Path, picture: Path, size_wh: tuple[int, int]) -> tuple[LabelledBox, ...]:
    """Read the boxes of one picture from a document of COCO's."""
    document = read_coco(path)
    own = [image for image in document.images if Path(image.file_name).name == picture.name]
    if len(own) != 1:
        raise UnreadableInputError(
            f"{path} has {len(own) or 'no'} pictures named {picture.name}", "file_name says which is which"
        )
    own[0].require_size(size_wh, path)
    names, found = document.names, []
    for n, each in enumerate(document.annotations):
        if each.image_id == own[0].id and not each.iscrowd:
            box = each.box_xyxy(names, f"{path}: annotations.{n}")
            found += [] if box is None else [LabelledBox(box, names[each.category_id])]
    return tuple(found)
