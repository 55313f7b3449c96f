"""Labels of a picture as an audit needs them: boxes of the model's classes, and places where nothing counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from heatcam.frames import Int64Array
from heatcam.geometry import Float32Array

BoolArray = npt.NDArray[np.bool_]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class DataLabel:
    """One labelled object as the data set has it.

    Attributes:
        box_xyxy: in image pixels; it may leave the picture.
        class_name: its class.
        is_crowd: True for many objects of the class under one label, COCO's ``iscrowd``: detections on it count neither way.
        is_ignored: True for a place whose objects are not labelled (``ignore``): detections of any class on it count neither way.
    """

    box_xyxy: Box
    class_name: str
    is_crowd: bool = False
    is_ignored: bool = False


@dataclass(frozen=True, eq=False)
class PictureLabels:
    """Labels of one picture in the model's classes.

    Attributes:
        boxes_xyxy: float32 ``(M, 4)`` in image pixels, inside the picture.
        exact_xyxy: float32 ``(M, 4)``, the same as the data set has them: they may leave the picture.
        class_ids: int64 ``(M,)``.
        class_names: M names.
        crowds_xyxy: float32 ``(C, 4)``, crowds.
        crowd_ids: int64 ``(C,)``, their classes.
        ignored_xyxy: float32 ``(I, 4)``, places where nothing counts.
    """

    boxes_xyxy: Float32Array
    exact_xyxy: Float32Array
    class_ids: Int64Array
    class_names: tuple[str, ...]
    crowds_xyxy: Float32Array
    crowd_ids: Int64Array
    ignored_xyxy: Float32Array

    def __len__(self) -> int:
        return len(self.class_names)


@dataclass
class ClassMap:
    """The model's class of each class of a data set, by name, whatever their numbers.

    Args:
        model_names: name of each of the model's classes.
        kept: ids of the model's classes that the audit is about; None for all.

    Attributes:
        unknown: names of labels that the model has no class for, as they were met.
    """

    model_names: dict[int, str]
    kept: tuple[int, ...] | None = None
    unknown: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ids = {_plain(name): class_id for class_id, name in self.model_names.items()}

    def id_of(self, class_name: str) -> int | None:
        """Return the model's class of that name; None where it has none, or the audit is about others."""
        class_id = self._ids.get(_plain(class_name))
        return class_id if self.kept is None or class_id in self.kept else None

    def knows(self, class_name: str) -> bool:
        """Return True if the model has a class of that name."""
        return _plain(class_name) in self._ids

    def labels_of(self, labels: Iterable[DataLabel], size_wh: tuple[int, int]) -> PictureLabels:
        """Return the labels of a picture of this width and height; those of other classes, or outside of it, are left out."""
        boxes: list[tuple[Box, int]] = []
        crowds: list[tuple[Box, int]] = []
        ignored: list[Box] = []
        for label in labels:
            class_id = self.id_of(label.class_name)
            if _area(_inside(label.box_xyxy, size_wh)) <= 0:
                continue
            if label.is_ignored:
                ignored.append(label.box_xyxy)
            elif class_id is not None:
                (crowds if label.is_crowd else boxes).append((label.box_xyxy, class_id))
            elif not self.knows(label.class_name):
                self.unknown[label.class_name] = self.unknown.get(label.class_name, 0) + 1
        exact = [box for box, _ in boxes]
        return PictureLabels(
            _array([_inside(box, size_wh) for box in exact]),
            _array(exact),
            np.array([class_id for _, class_id in boxes], np.int64),
            tuple(self.model_names[class_id] for _, class_id in boxes),
            _array([_inside(box, size_wh) for box, _ in crowds]),
            np.array([class_id for _, class_id in crowds], np.int64),
            _array([_inside(box, size_wh) for box in ignored]),
        )


def _plain(name: str) -> str:
    return name.strip().casefold()


def _inside(box: Box, size_wh: tuple[int, int]) -> Box:
    x1, y1, x2, y2 = box
    wide, tall = map(float, size_wh)
    return (
        min(max(x1, 0.0), wide),
        min(max(y1, 0.0), tall),
        min(max(x2, 0.0), wide),
        min(max(y2, 0.0), tall),
    )


def _area(box: Box) -> float:
    return max(box[2] - box[0], 0) * max(box[3] - box[1], 0)


def _array(boxes: Sequence[Box]) -> Float32Array:
    return np.array(boxes, np.float32).reshape(-1, 4)
