"""Context, by trying it: pictures in which an object's background, or the object itself, is taken away.

Evidence outside a box is a symptom. Proof is that the object is lost when its background goes, and found when it goes itself.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

import cv2
import numpy as np
import polars

from heatcam.audit.objects import ObjectKind
from heatcam.audit.store import TRIES_SCHEMA
from heatcam.enums import Fill
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.probing import covered

Box = tuple[float, float, float, float]
#: Width of a soft edge, of the square root of the box's area; and its least width in pixels.
_SOFT, _LEAST_SOFT = 0.15, 4.0


class TryQuestion(Enum):
    """Changes of a picture that ask what a detection stands on."""

    BACKGROUND_BLURRED = "background_blurred"
    BACKGROUND_SWAPPED = "background_swapped"
    OBJECT_BLURRED = "object_blurred"


#: The questions that leave the object as it is.
WITHOUT_BACKGROUND = (TryQuestion.BACKGROUND_BLURRED.value, TryQuestion.BACKGROUND_SWAPPED.value)


@dataclass(frozen=True)
class Try:
    """The answer to one question about one object.

    Attributes:
        number: of the object.
        question: value of a ``TryQuestion``.
        kept: True if a box of the class is still on it, above the threshold.
        confidence: of the class, of the best box on it, kept or not; 0 where no box is.
    """

    number: int
    question: str
    kept: bool
    confidence: float


def tries_table(rows: Sequence[Try]) -> polars.DataFrame:
    """Return tries as a table of ``TRIES_SCHEMA``."""
    names = [field.name for field in fields(Try)]
    return polars.DataFrame({name: [getattr(row, name) for row in rows] for name in names}, TRIES_SCHEMA)


@dataclass(frozen=True)
class TriedObject:
    """An object to ask about.

    Attributes:
        number, image, class_id, class_name: as in the table.
        box_xyxy: in image pixels.
        other_image: a picture without the class, whose background it gets; None where there is none.
    """

    number: int
    image: str
    class_id: int
    class_name: str
    box_xyxy: Box
    other_image: str | None


def objects_to_try(
    table: polars.DataFrame, pictures: Sequence[str], per_class: int, seed: int = 0
) -> tuple[TriedObject, ...]:
    """Draw true detections of each class, from as many pictures as there are; of data without labels any detections.

    The draw of a class depends on the seed and on the class alone. Returned are they in the order of pictures.

    Args:
        table: of ``OBJECT_SCHEMA``.
        pictures: names of all pictures: those without a class lend it their background.
        per_class: objects of each class, at most.
        seed: of the draw.
    """
    wanted = table.filter(polars.col("kind").is_in([ObjectKind.TRUE.value, ObjectKind.UNLABELLED.value]))
    found: list[TriedObject] = []
    for name in sorted(set(wanted["class_name"].to_list())):
        random = np.random.default_rng((seed, zlib.crc32(name.encode("utf-8", "surrogatepass"))))
        others = _without(table, pictures, name)
        rows = wanted.filter(polars.col("class_name") == name).to_dicts()
        for row in _spread([rows[n] for n in random.permutation(len(rows)).tolist()])[:per_class]:
            other = others[int(random.integers(len(others)))] if others else None
            box = row["x1"], row["y1"], row["x2"], row["y2"]
            found.append(TriedObject(row["number"], row["image"], row["class_id"], name, box, other))
    return tuple(sorted(found, key=lambda each: each.number))


def _spread(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows so that the first of each picture come first, then the second of each, else in their order."""
    seen: dict[str, int] = {}
    ranks = []
    for row in rows:
        ranks.append(seen.get(row["image"], 0))
        seen[row["image"]] = ranks[-1] + 1
    return [rows[n] for n in np.argsort(ranks, kind="stable").tolist()]


def _without(table: polars.DataFrame, pictures: Sequence[str], class_name: str) -> list[str]:
    """Return the pictures that have the class neither as a label nor as a detection."""
    has = (polars.col("class_name") == class_name) | (polars.col("label_class_name") == class_name)
    with_it = set(table.filter(has)["image"].to_list())
    return [name for name in pictures if name not in with_it]


def questions_of(tried: TriedObject) -> tuple[TryQuestion, ...]:
    """Return the questions that can be asked about an object."""
    return tuple(
        each for each in TryQuestion if tried.other_image or each is not TryQuestion.BACKGROUND_SWAPPED
    )


def changed_pictures(
    image: Uint8Array, box_xyxy: Box, other: Uint8Array | None
) -> Iterator[tuple[TryQuestion, Uint8Array]]:
    """Yield the picture of each question.

    Old and new are blended over a soft edge outside of the box, 15 % of its size wide. A hard edge is a feature itself: a
    network sees a rectangle, a sign or a screen, and what it answers then is about that. The object is thus whole, with a thin
    ring of its own background.

    Args:
        image: uint8 ``(H, W, 3)``, not changed.
        box_xyxy: the object's, in image pixels.
        other: uint8 ``(h, w, 3)`` of any size, whose background it gets; None leaves that question out.
    """
    for question, change in _CHANGES.items():
        if other is not None or question is not TryQuestion.BACKGROUND_SWAPPED:
            yield question, change(image, box_xyxy, image if other is None else other)


def soft_mask(size_wh: tuple[int, int], box_xyxy: Box) -> Float32Array:
    """Return 1 in a box, falling to 0 outside of it over a soft edge: float32 ``(H, W, 1)``."""
    x1, y1, x2, y2 = box_xyxy
    wide, tall = size_wh
    soft = max(_LEAST_SOFT, _SOFT * float(np.sqrt(max(0.0, (x2 - x1) * (y2 - y1)))))
    along, down = np.arange(wide) + 0.5, np.arange(tall) + 0.5
    outside_x = np.maximum(0, np.maximum(x1 - along, along - x2))
    outside_y = np.maximum(0, np.maximum(y1 - down, down - y2))
    far = np.hypot(outside_x[None], outside_y[:, None]) / soft
    return np.asarray((np.cos(np.pi * far.clip(0, 1)) / 2 + 0.5)[..., None], np.float32)


def _blend(inside: Uint8Array, outside: Uint8Array, box: Box) -> Uint8Array:
    mask = soft_mask((inside.shape[1], inside.shape[0]), box)
    mixed = inside * mask + outside * (1 - mask)
    return np.asarray(np.rint(mixed), np.uint8)


def _blurred_all(image: Uint8Array) -> Uint8Array:
    whole = np.array([[0, 0, image.shape[1], image.shape[0]]], np.float32)
    return covered(image, whole, Fill.BLUR)


def _background_blurred(image: Uint8Array, box: Box, _other: Uint8Array) -> Uint8Array:
    return _blend(image, _blurred_all(image), box)


def _background_swapped(image: Uint8Array, box: Box, other: Uint8Array) -> Uint8Array:
    return _blend(image, _fitted(other, (image.shape[1], image.shape[0])), box)


def _object_blurred(image: Uint8Array, box: Box, _other: Uint8Array) -> Uint8Array:
    """Blur the object with its soft edge; what is around carries in."""
    soft = max(_LEAST_SOFT, _SOFT * float(np.sqrt(max(0.0, (box[2] - box[0]) * (box[3] - box[1])))))
    grown = np.array([[box[0] - soft, box[1] - soft, box[2] + soft, box[3] + soft]], np.float32)
    return _blend(covered(image, grown, Fill.BLUR), image, box)


def _fitted(other: Uint8Array, size_wh: tuple[int, int]) -> Uint8Array:
    """Scale a picture so that it fills a size, and cut its middle out."""
    wide, tall = size_wh
    scale = max(wide / other.shape[1], tall / other.shape[0])
    scaled = max(wide, round(other.shape[1] * scale)), max(tall, round(other.shape[0] * scale))
    large = cv2.resize(other, scaled, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    left, top = (scaled[0] - wide) // 2, (scaled[1] - tall) // 2
    return np.asarray(large[top : top + tall, left : left + wide], np.uint8)


_CHANGES: dict[TryQuestion, Callable[[Uint8Array, Box, Uint8Array], Uint8Array]] = {
    TryQuestion.BACKGROUND_BLURRED: _background_blurred,
    TryQuestion.BACKGROUND_SWAPPED: _background_swapped,
    TryQuestion.OBJECT_BLURRED: _object_blurred,
}
