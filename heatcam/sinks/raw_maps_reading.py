"""Reading of the archives that ``raw_maps`` writes, with hard checks: a file may come from anybody."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from heatcam.errors import UnreadableInputError
from heatcam.frames import Detections, Explanation, Frame, Question, SaliencyMap, Timings
from heatcam.geometry import CentreCrop, Float32Array, Letterbox, Uint8Array
from heatcam.options import MOST_DETECTIONS
from heatcam.sinks.checked_json import CheckedJson
from heatcam.sinks.nested_arrays import nested_again
from heatcam.sinks.npz_parts import NpzParts, open_npz
from heatcam.sinks.raw_maps import ARCHIVE_VERSION

MOST_PIXELS = 119_000_000  # of the picture; the sources' limit
_MOST_TEXT = 64 * 1024**2  # bytes; NumPy takes four for a letter
_MOST_CELLS = 512 * 1024**2  # bytes of maps: 10,000 objects at 80x160 cells
_MOST_CELLS_EACH = 1 << 22  # a picture of 4096 pixels a side at stride 2
_MOST_OF_BOXES = 512 * MOST_DETECTIONS  # bytes of one field of the detections
_PNG_HEAD = b"\x89PNG\r\n\x1a\n"
_AGAIN = "write it again with `heatcam snapshot --npz`"
#: Kind of dtype and shape after the first dimension of the detections' fields; those that are not here may have any.
_FIELDS = {
    "boxes_xyxy": ("f", (4,)),
    "confidences": ("f", ()),
    "class_names": ("U", ()),
    **dict.fromkeys(("class_ids", "anchors", "levels", "track_ids"), ("iu", ())),
    "keypoints": ("f", (None, 3)),
    "rotated_xywhr": ("f", (5,)),
}
_NESTED_FIELDS = ("mask_polygons",)
_NESTED = {"": "f", "_lengths": "iu", "_counts": "iu"}
_LEAST_POINTS = 3  # of a ring
_FARTHEST = 1e6  # pixels
_NEEDED = ("boxes_xyxy", "confidences", "class_ids", "anchors", "class_names")


def read_raw_maps(path: Path) -> Explanation:
    """Read an archive back to the explanation that was written.

    The frame's ``captured_at_s`` is 0: the clock it was measured by is gone.

    Raises:
        UnreadableInputError: the file is missing, damaged, larger than any that is written, or of a version that has no picture.
    """
    with open_npz(path) as parts:
        _require_version(parts, path)
        about = CheckedJson(_json(parts), parts.refuse)
        image = _picture(parts)
        detections = _detections(parts, (image.shape[1], image.shape[0]))
        return _explanation(about, parts, image, detections)


def _require_version(parts: NpzParts, path: Path) -> None:
    """Refuse archives without a picture, and those of later layouts.

    Raises:
        UnreadableInputError: it is one.
    """
    if "archive_version" not in parts:
        if "boxes_xyxy" in parts:
            raise UnreadableInputError(f"{path} is of an earlier version, which had no picture in it", _AGAIN)
        raise UnreadableInputError(
            f"{path} holds no explanation", "give a file that `heatcam snapshot --npz` wrote"
        )
    version = int(parts.array("archive_version", "iu", 0, 8)[()])
    if version > ARCHIVE_VERSION:
        raise UnreadableInputError(f"{path} was written by a newer heatcam", "update heatcam")
    if version < ARCHIVE_VERSION:
        raise UnreadableInputError(f"{path} is of an earlier version", _AGAIN)


def _json(parts: NpzParts) -> dict[str, Any]:
    text = parts.text("about", _MOST_TEXT)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        parts.refuse("about is no JSON object")
    return data


def _picture(parts: NpzParts) -> Uint8Array:
    """Decode the picture, after a look at the size that its header declares: uint8 ``(H, W, 3)``, BGR.

    Raises:
        UnreadableInputError: it is no PNG of 8-bit colours, too large, or damaged.
    """
    data = parts.array("picture", "u", 1, 4 * MOST_PIXELS)
    head = data[:26].tobytes()
    if (
        data.dtype != np.uint8
        or len(head) < 26
        or not head.startswith(_PNG_HEAD)
        or head[24:26] != b"\x08\x02"
    ):
        parts.refuse("picture is no PNG of 8-bit colours")
    wide, tall = int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    if not 0 < wide * tall <= MOST_PIXELS:
        parts.refuse(f"its picture is said to have {wide}x{tall} pixels")
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    except cv2.error:
        image = None
    if image is None or image.shape != (tall, wide, 3):
        parts.refuse("picture cannot be decoded")
    return np.asarray(image, np.uint8)


def _detections(parts: NpzParts, size_wh: tuple[int, int]) -> Detections:
    """Read every field of the detections that is there.

    Raises:
        UnreadableInputError: one is missing, or does not fit the others or the picture.
    """
    names = [field.name for field in fields(Detections)]
    found: dict[str, Any] = {name: _field(parts, name) for name in names if name in parts or name in _NEEDED}
    count = len(found["confidences"])
    if count > MOST_DETECTIONS or any(len(value) != count for value in found.values()):
        parts.refuse("its boxes and their numbers do not belong together")
    boxes, scores = found["boxes_xyxy"], found["confidences"]
    if not ((boxes >= -1) & (boxes <= np.tile(size_wh, 2) + 1)).all():
        parts.refuse("its boxes do not lie in the picture")
    if not ((scores >= 0) & (scores <= 1)).all():
        parts.refuse("its confidences are not between 0 and 1")
    return Detections(**found | {"class_names": tuple(str(name) for name in found["class_names"])})


def _field(parts: NpzParts, name: str) -> Any:
    """Read one field of the detections: an array whose first dimension counts them, or a tuple of lists of arrays.

    Raises:
        UnreadableInputError: it has another form, or numbers that are not finite or far outside of any picture.
    """
    if name in _NESTED_FIELDS:
        flat = [parts.array(f"{name}{part}", kinds, -1, _MOST_OF_BOXES) for part, kinds in _NESTED.items()]
        try:
            return nested_again(_near(parts, name, flat[0]), flat[1], flat[2], _LEAST_POINTS)
        except ValueError as error:
            parts.refuse(f"{name}: {error}")
    kinds, tail = _FIELDS.get(name, ("fiu", None))
    values = _near(parts, name, parts.array(name, kinds, -1, _MOST_OF_BOXES))
    fits = values.ndim > 0 if tail is None else values.ndim == 1 + len(tail)
    if not fits or any(
        b not in (None, a) for a, b in zip(values.shape[1:], tail or (), strict=tail is not None)
    ):
        parts.refuse(f"{name} has the shape {values.shape}")
    return values


def _near(parts: NpzParts, name: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return numbers as float32 or int64, a copy, texts as they are; refuse what is not finite or no place in any picture."""
    values = _standard(values)
    if values.dtype.kind == "f" and not (np.abs(values) <= _FARTHEST).all():
        parts.refuse(f"{name} has numbers that are none")
    return values


def _standard(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return numbers as float32 or int64, a copy; texts as they are."""
    kinds: dict[str, Any] = {"f": np.float32, "i": np.int64, "u": np.int64}
    return values.astype(kinds.get(values.dtype.kind, values.dtype))


def _explanation(about: CheckedJson, parts: NpzParts, image: Uint8Array, found: Detections) -> Explanation:
    frame, times = about.inner("frame"), about.inner("timings")
    size_wh, count = (image.shape[1], image.shape[0]), len(found)
    facts = about.inners("object_maps")
    own: Float32Array = _cells(parts, "object_cells", 3) if facts else np.zeros((0, 1, 1), np.float32)
    if len(facts) not in (0, count) or len(own) != len(facts):
        parts.refuse("its maps do not belong to its boxes")
    apart = _deviation(parts, "object_deviations", own) if facts else None
    return Explanation(
        frame=Frame(image, frame.whole("frame_index"), 0.0, frame.number("pts_s"), frame.text("name")),
        detections=found,
        saliency=_summed(about.inner("saliency"), size_wh, parts) if about.has("saliency") else None,
        object_maps=tuple(
            _map(one, values, size_wh, parts, None if apart is None else apart[n])
            for n, (one, values) in enumerate(zip(facts, own, strict=True))
        ),
        map_error=about.text("map_error"),
        timings=Timings(*(times.number(field.name) for field in fields(Timings))),
        low_evidence=_low_evidence(parts, count),
        question=_question(about.inner("question"), parts, count) if about.has("question") else None,
        model=about.text("model"),
    )


def _low_evidence(parts: NpzParts, count: int) -> tuple[bool, ...]:
    if "low_evidence" not in parts:
        return ()
    low = parts.array("low_evidence", "b", 1, MOST_DETECTIONS)
    return (
        tuple(bool(one) for one in low)
        if len(low) == count
        else parts.refuse("low_evidence is of other boxes")
    )


def _question(about: CheckedJson, parts: NpzParts, count: int) -> Question:
    scores: Float32Array | None = None
    if "question_scores" in parts:
        scores = parts.array("question_scores", "f", 1, _MOST_OF_BOXES).astype(np.float32)
        if len(scores) != count or not ((scores >= 0) & (scores <= 1)).all():
            parts.refuse("question_scores are of other boxes")
    return Question(about.text("about"), about.text("class_name"), scores)


def _cells(parts: NpzParts, name: str, dimensions: int) -> Float32Array:
    """Read maps in their own cells.

    Raises:
        UnreadableInputError: they are empty, or not all finite.
    """
    cells = parts.array(name, "f", dimensions, _MOST_CELLS).astype(np.float32)
    if not 0 < math.prod(cells.shape[-2:]) <= _MOST_CELLS_EACH or not np.isfinite(cells).all():
        parts.refuse(f"{name} is no map")
    return np.asarray(cells, np.float32)


def _deviation(parts: NpzParts, name: str, cells: Float32Array) -> Float32Array | None:
    """Read the standard deviations of maps, of the maps' own shape; None where there are none.

    Raises:
        UnreadableInputError: they have another shape, or are negative.
    """
    if name not in parts:
        return None
    found = _cells(parts, name, cells.ndim)
    if found.shape != cells.shape or (found < 0).any():
        parts.refuse(f"{name} does not belong to its maps")
    return found


def _summed(about: CheckedJson, size_wh: tuple[int, int], parts: NpzParts) -> SaliencyMap:
    """Read the map of all objects."""
    cells = _cells(parts, "cells", 2)
    return _map(about, cells, size_wh, parts, _deviation(parts, "deviation", cells))


def _map(
    about: CheckedJson,
    values: Float32Array,
    size_wh: tuple[int, int],
    parts: NpzParts,
    deviation: Float32Array | None,
) -> SaliencyMap:
    full_heat = about.number("full_heat") if about.has("full_heat") else None
    if full_heat is not None and not (math.isfinite(full_heat) and full_heat > 0):
        parts.refuse("full_heat is not positive")
    letterbox = _letterbox(about.inner("letterbox"), size_wh, parts)
    trials = about.whole("trials") if about.has("trials") else 0
    seconds = about.number("seconds") if about.has("seconds") else 0.0
    if not 0 <= seconds < math.inf:
        parts.refuse("seconds are below 0")
    words = about.word("method"), about.word("layer"), about.word("unit")
    return SaliencyMap(values, letterbox, *words, full_heat, max(0, trials), deviation, seconds=seconds)


def _letterbox(about: CheckedJson, size_wh: tuple[int, int], parts: NpzParts) -> Letterbox:
    """Return the geometry of a map, if it is of this picture and shows some of it.

    Raises:
        UnreadableInputError: it is not, or would take more memory than a picture may.
    """
    sizes = about.size("image_wh"), about.size("resized_wh"), about.size("model_wh")
    pads = about.whole("pad_left"), about.whole("pad_top")
    shows = all(
        max(pad, 0) < min(pad + resized, model) for pad, resized, model in zip(pads, *sizes[1:], strict=True)
    )
    if sizes[0] != size_wh or not shows or max(math.prod(size) for size in sizes) > MOST_PIXELS:
        parts.refuse("its letterbox does not fit the picture")
    if about.flag("crops"):
        return CentreCrop(*sizes, *pads, about.flag("smooth"), about.flag("bicubic"))
    return Letterbox(*sizes, *pads, about.flag("smooth"))
