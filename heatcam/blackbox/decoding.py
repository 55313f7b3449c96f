"""Decoding of outputs into boxes and class scores. Each layout is a record in ``LAYOUTS``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from heatcam.blackbox.metadata import MOST_CLASSES, TASKS, ExportMetadata
from heatcam.blackbox.network import AnyArray, shapes_in_words
from heatcam.errors import ModelError
from heatcam.geometry import Float32Array
from heatcam.perturbation import Predicted

_END2END_COLUMNS = 6  # xyxy, confidence, class


@dataclass(frozen=True)
class OutputLayout:
    """A layout of outputs.

    Attributes:
        name: for people.
        matches: returns True if outputs of a batch of so many pictures are laid out so.
        decode: returns the predictions of each picture, in model pixels.
        suppressed: True if overlapping boxes of a class are suppressed already.
    """

    name: str
    matches: Callable[[Sequence[AnyArray], ExportMetadata, int], bool]
    decode: Callable[[Sequence[AnyArray], ExportMetadata], list[Predicted]]
    suppressed: bool


def layout_of(outputs: list[AnyArray], facts: ExportMetadata, batch: int, title: str) -> OutputLayout:
    """Return the layout of a network's outputs.

    Args:
        outputs: of a batch.
        facts: what the export tells; empty for files of other programs, whose layout their shapes tell.
        batch: pictures in it.
        title: the model's name, for the message.

    Raises:
        ModelError: it is none that is known; the message says what was seen.
    """
    if facts.task and facts.task not in TASKS:
        raise ModelError(
            f"{title} is a '{facts.task}' model, and of exported ones only boxes are read",
            "give its .pt original",
        )
    for layout in LAYOUTS:
        if layout.matches(outputs, facts, batch):
            return layout
    raise ModelError(
        f"the outputs of {title} have shapes {shapes_in_words(outputs)}, which are none of a detector that is known here",
        "give (1, 4 + classes, boxes) or (1, boxes, 6) as `yolo export` writes them, or boxes, labels and scores",
    )


def _is_end2end(outputs: Sequence[AnyArray], facts: ExportMetadata, batch: int) -> bool:
    shape = outputs[0].shape if outputs else ()
    if len(shape) != 3 or shape[0] != batch:
        return False
    return bool(shape[2] == _END2END_COLUMNS or (facts.end2end and shape[2] > _END2END_COLUMNS))


def _from_end2end(outputs: Sequence[AnyArray], facts: ExportMetadata) -> list[Predicted]:
    """Decode ``(B, K, 6)``: xyxy, confidence and class, with rows of zeros where there are fewer boxes."""
    return [_one_class_each(rows[:, :4], rows[:, 4], rows[:, 5], facts) for rows in outputs[0]]


def _one_class_each(
    boxes: AnyArray, confidences: AnyArray, labels: AnyArray, facts: ExportMetadata
) -> Predicted:
    """Return predictions that name one class each, without those of confidence 0."""
    kept = confidences > 0
    classes = labels[kept].astype(np.int64)
    if classes.size and not 0 <= classes.min() <= classes.max() < MOST_CLASSES:
        raise ModelError(
            f"the model gave classes from {classes.min()} to {classes.max()}", "give a detector with fewer"
        )
    count = max(len(facts.names), int(classes.max(initial=-1)) + 1)
    scores = np.zeros((len(classes), count), np.float32)
    scores[np.arange(len(classes)), classes] = confidences[kept]
    return Predicted(np.asarray(boxes[kept], np.float32), scores)


def _is_raw(outputs: Sequence[AnyArray], facts: ExportMetadata, batch: int) -> bool:
    shape = outputs[0].shape if outputs else ()
    if len(shape) != 3 or shape[0] != batch:
        return False
    columns = 4 + len(facts.names)
    return bool(shape[1] >= columns if facts.names else 5 <= shape[1] < shape[2])


def _from_raw(outputs: Sequence[AnyArray], facts: ExportMetadata) -> list[Predicted]:
    """Decode ``(B, 4 + classes + more, K)``: centre and sides, and a score for each class."""
    classes = len(facts.names) or outputs[0].shape[1] - 4
    found = []
    for columns in outputs[0]:
        values: Float32Array = np.asarray(columns, np.float32)
        centre, half = values[:2], values[2:4] / 2
        boxes = np.concatenate((centre - half, centre + half)).T
        found.append(Predicted(np.ascontiguousarray(boxes), values[4 : 4 + classes].T))
    return found


def _parts(outputs: Sequence[AnyArray]) -> tuple[AnyArray, AnyArray, AnyArray] | None:
    """Return boxes ``(K, 4)``, labels and scores ``(K,)`` among three outputs, as torchvision's detectors give them."""
    if len(outputs) < 3:
        return None
    flat = [one[0] if one.ndim > 1 and one.shape[0] == 1 and one.shape != (1, 4) else one for one in outputs]
    boxes = [one for one in flat if one.ndim == 2 and one.shape[1] == 4]
    labels = [one for one in flat if one.ndim == 1 and one.dtype.kind in "iu"]
    scores = [one for one in flat if one.ndim == 1 and one.dtype.kind == "f"]
    if not (len(boxes) == len(labels) == len(scores) == 1) or not len(boxes[0]) == len(labels[0]) == len(
        scores[0]
    ):
        return None
    return boxes[0], labels[0], scores[0]


def _is_in_parts(outputs: Sequence[AnyArray], facts: ExportMetadata, batch: int) -> bool:  # noqa: ARG001
    return batch == 1 and _parts(outputs) is not None


def _from_parts(outputs: Sequence[AnyArray], facts: ExportMetadata) -> list[Predicted]:
    """Decode boxes, labels and scores of one picture."""
    parts = _parts(outputs)
    assert parts is not None  # (it matched)
    boxes, labels, scores = parts
    return [_one_class_each(boxes, scores, labels, facts)]


#: In the order in which they are tried.
LAYOUTS = (
    OutputLayout("boxes, labels and scores", _is_in_parts, _from_parts, suppressed=True),
    OutputLayout("(batch, boxes, 6)", _is_end2end, _from_end2end, suppressed=True),
    OutputLayout("(batch, 4 + classes, boxes)", _is_raw, _from_raw, suppressed=False),
)
