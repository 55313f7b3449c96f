"""Context tries of an audit: what the model still finds where background or object are taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars

from heatcam.audit import TriedObject, Try, TryQuestion, changed_pictures, objects_to_try, questions_of
from heatcam.errors import HeatcamError
from heatcam.frames import Candidates
from heatcam.geometry import Uint8Array, overlaps

if TYPE_CHECKING:
    from heatcam.saliency import Prober

Reader = Callable[[str], Uint8Array]
#: Returns the model as it looked at the picture of this name: with the same geometry.
ProberOf = Callable[[str], "Prober"]


@dataclass(frozen=True)
class TryPlan:
    """Choice of what to try.

    Attributes:
        per_class: objects of each class, at most; 0 tries nothing.
        seed: of the objects that are drawn, and of their new backgrounds.
        match_iou: a box is on the object from this overlap on.
        conf: a box counts above this confidence; None takes the model's threshold.
    """

    per_class: int = 30
    seed: int = 0
    match_iou: float = 0.5
    conf: float | None = None


def tries_to_make(table: polars.DataFrame, pictures: Sequence[str], plan: TryPlan) -> tuple[TriedObject, ...]:
    """Return the objects to try, in the order of pictures; see ``audit.objects_to_try``."""
    return objects_to_try(table, pictures, plan.per_class, plan.seed) if plan.per_class > 0 else ()


def answers_to_come(tried: Sequence[TriedObject]) -> int:
    """Return how many answers there will be: one forward pass each."""
    return sum(len(questions_of(each)) for each in tried)


def run_tries(
    prober_of: ProberOf,
    tried: Sequence[TriedObject],
    read: Reader,
    plan: TryPlan,
    failed: Callable[[HeatcamError], None] = lambda _: None,
) -> Iterator[Try]:
    """Yield the answers, one by one: nothing is lost when it is stopped.

    A picture is read once for all of its objects. One that cannot be read leaves its questions out.

    Args:
        prober_of: the model for a picture; an object that was found with other borders may be lost by these alone.
        tried: in the order of pictures.
        read: reads a picture of the data set by its name, uint8 ``(H, W, 3)`` BGR.
        plan: the thresholds.
        failed: told of pictures that cannot be read.
    """
    name, image = "", None
    for each in tried:
        if each.image != name:
            name, image = each.image, _read(read, each.image, failed)
        if image is not None:
            other = None if each.other_image is None else _read(read, each.other_image, failed)
            for question, picture in changed_pictures(image, each.box_xyxy, other):
                yield _answer(prober_of(each.image), each, question, picture, plan)


def _read(read: Reader, name: str, failed: Callable[[HeatcamError], None]) -> Uint8Array | None:
    try:
        return read(name)
    except HeatcamError as error:
        failed(error)
        return None


def _answer(
    prober: Prober, tried: TriedObject, question: TryQuestion, picture: Uint8Array, plan: TryPlan
) -> Try:
    box = np.array([tried.box_xyxy], np.float32)
    candidates = prober.candidates(picture, box)
    found = candidates.detections
    conf = candidates.conf if plan.conf is None else plan.conf
    on_it = overlaps(found.boxes_xyxy, box)[:, 0] >= plan.match_iou
    counts = on_it & (found.class_ids == tried.class_id) & (found.confidences > conf)
    return Try(tried.number, question.value, bool(counts.any()), _confidence(candidates, tried, plan))


def _confidence(candidates: Candidates, tried: TriedObject, plan: TryPlan) -> float:
    """Return the class's confidence of the best box on the object, kept or not; 0 where no box is."""
    box = np.array([tried.box_xyxy], np.float32)
    on_it = overlaps(candidates.boxes_xyxy, box)[:, 0] >= plan.match_iou
    logits = candidates.logits[on_it, tried.class_id]
    return float(1 / (1 + np.exp(-logits.max()))) if len(logits) else 0.0
