"""Prompts: what an open-vocabulary network is to look for, in words, as vectors, or as places in a picture.

Vectors of words are remembered in the cache folder by word and model, so that the text encoder is needed once. Does not import
torch.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from heatcam.errors import UsageError
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.models.class_vectors import ClassVectors, bytes_of_class_vectors, read_class_vectors
from heatcam.models.finding import WORDS, find_checkpoint
from heatcam.models.limits import MOST_CLASSES, MOST_NAME_LENGTH
from heatcam.models.official import official_name, sha256_of
from heatcam.runtime import cache_dir, write_atomically

_SUFFIX, _UNNAMED = ".npz", "object"
_BOXES = "give x1, y1, x2, y2 in its pixels, with x1 below x2 and y1 below y2"
_TAKES_PROMPTS = "give a YOLOE or YOLO-World model, such as --model yoloe-11s-seg.pt or yolov8s-worldv2.pt"
_TAKES_PICTURES = "give a YOLOE model, such as --model yoloe-11s-seg.pt"


@dataclass(frozen=True)
class Likeness:
    """Places in a picture: more like what is there is to be found.

    Attributes:
        image_bgr: the picture, uint8 ``(H, W, 3)``.
        boxes_xyxy: the places, float32 ``(places, 4)`` in its pixels.
        names: of the class of each place; places of one name are one class.
    """

    image_bgr: Uint8Array
    boxes_xyxy: Float32Array
    names: tuple[str, ...]


def likeness(image_bgr: Uint8Array, boxes_xyxy: npt.ArrayLike, names: Sequence[str] = ()) -> Likeness:
    """Return places in a picture after a check.

    Args:
        image_bgr: uint8 ``(H, W, 3)``.
        boxes_xyxy: the places, ``(4,)`` or ``(places, 4)`` in its pixels; they are cut at its borders.
        names: of their class or classes: one for all, or one each; empty calls them ``object``.

    Raises:
        UsageError: there are no boxes, one is none or outside of the picture, or the number of names is another.
    """
    tall, wide = image_bgr.shape[:2]
    try:
        boxes = np.asarray(boxes_xyxy, np.float32).reshape(-1, 4)
    except (TypeError, ValueError):
        raise UsageError("the places of a prompt are no boxes", _BOXES) from None
    given = tuple(names) or (_UNNAMED,)
    if not len(boxes) or len(given) not in (1, len(boxes)) or not all(given):
        raise UsageError(
            f"{len(boxes)} places and {len(given)} names", "give one name, or one for each place"
        )
    boxes = np.clip(boxes, 0, np.array([wide, tall, wide, tall], np.float32))
    if not (boxes[:, :2] < boxes[:, 2:]).all():
        raise UsageError(f"a place lies outside of the picture of {wide}x{tall} pixels, or is no box", _BOXES)
    return Likeness(image_bgr, boxes, given if len(given) > 1 else given * len(boxes))


@dataclass(frozen=True)
class Prompt:
    """Classes to look for: those of all parts, in this order.

    Attributes:
        texts: classes in words.
        vectors: classes by their vectors; None for none.
        likes: classes by places in pictures; a class of several pictures is the mean of what they show.
    """

    texts: tuple[str, ...] = ()
    vectors: ClassVectors | None = None
    likes: tuple[Likeness, ...] = ()


def texts_checked(texts: Sequence[str]) -> tuple[str, ...]:
    """Return classes in words, each once and without spaces around it.

    Raises:
        UsageError: there are none, too many, or one is too long.
    """
    found = tuple(dict.fromkeys(text.strip() for text in texts if text.strip()))
    if not 1 <= len(found) <= MOST_CLASSES or any(len(text) > MOST_NAME_LENGTH for text in found):
        raise UsageError(
            f"the prompt has {len(found)} classes, or one that is too long",
            'for example: --prompt "person, potted plant"',
        )
    return found


def require_promptable_name(model: str | None, *, places: bool) -> None:
    """Refuse a model that takes no such prompt, where its name says so: built-in and published ones.

    Args:
        model: as given; None is a built-in one.
        places: True if places in a picture are part of the prompt.

    Raises:
        UsageError: it takes none.
    """
    name = model or "the built-in model"
    known = official_name(name)
    if model in (None, *WORDS) or (known and not _is_open(known)):
        raise UsageError(f"{name} takes no prompts", _TAKES_PICTURES if places else _TAKES_PROMPTS)
    if places and "-world" in known:
        raise no_places(name)


def _is_open(name: str) -> bool:
    """Return True if a published model takes prompts; prompt-free ones have their vocabulary built in."""
    return "-world" in name or (name.startswith("yoloe-") and "-pf." not in name)


def no_prompts(name: str) -> UsageError:
    """Return the error for a model that takes no prompts at all."""
    return UsageError(f"{name} takes no prompts", _TAKES_PROMPTS)


def no_places(name: str) -> UsageError:
    """Return the error for a model that takes words, but no places in a picture."""
    return UsageError(f"{name} takes words as a prompt, no places in a picture", _TAKES_PICTURES)


def words_are_at_hand(model: str, texts: Sequence[str]) -> bool:
    """Return True if the vectors of all texts are remembered for this model, so that no text encoder is needed.

    Raises:
        ModelError: there is no such model.
    """
    sha256 = sha256_of(find_checkpoint(model))
    return all(remembered(sha256, text) is not None for text in texts)


def remembered(sha256: str, text: str) -> ClassVectors | None:
    """Return the class vector of one text that is remembered for the model of this SHA-256; None if there is none."""
    path = _path_of(sha256, text)
    if path.is_file():
        with contextlib.suppress(UsageError):  # (damaged: made again)
            found = read_class_vectors(path)
            return found if found.names == (text,) else None
    return None


def remember(sha256: str, vectors: ClassVectors) -> None:
    """Remember the vectors of texts, the classes' names, for the model of this SHA-256; a read-only folder is no error."""
    for name, vector in zip(vectors.names, vectors.vectors, strict=True):
        path = _path_of(sha256, name)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            one = ClassVectors((name,), vector[None], vectors.model)
            write_atomically(path, bytes_of_class_vectors(one, _SUFFIX))


def _path_of(sha256: str, text: str) -> Path:
    key = hashlib.sha256(f"{sha256}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()
    return cache_dir() / "class-vectors" / f"{key[:32]}{_SUFFIX}"
