"""Metadata that ultralytics writes into what it exports: names, sizes and task."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from heatcam.errors import ModelError

#: Tasks whose first output has boxes and class scores; the rest of it is left out.
TASKS = "detect", "segment", "pose"
MOST_CLASSES = 10_000
_LONGEST = 10_000_000  # letters of one text


@dataclass(frozen=True)
class ExportMetadata:
    """Facts about an export of ultralytics.

    Attributes:
        task: ultralytics' name; "" where there is no metadata.
        names: name of each class id; empty where there is none.
        input_wh: width and height of the input in pixels; None where not told.
        stride: sides of an input of any size are multiples of it.
        channels: of the input: 3 for RGB, 1 for grey.
        batch: pictures in one call.
        dynamic: True if it takes any number of pictures of any size.
        end2end: True if it gives boxes that need no suppression.
    """

    task: str = ""
    names: Mapping[int, str] = field(default_factory=dict)
    input_wh: tuple[int, int] | None = None
    stride: int = 32
    channels: int = 3
    batch: int = 1
    dynamic: bool = False
    end2end: bool = False


def metadata_of(texts: Mapping[str, str], title: str) -> ExportMetadata:
    """Read the metadata; texts hold Python's literals, as ultralytics writes them, or JSON's.

    Args:
        texts: as they stand in the file; empty for a file of another program.
        title: the model's name, for messages.

    Raises:
        ModelError: they are damaged.
    """
    if "names" not in texts:
        return ExportMetadata()
    known: dict[str, Any] = {key: _value(text) for key, text in texts.items() if len(text) < _LONGEST}
    try:
        return _read(known)
    except (TypeError, ValueError, AttributeError, KeyError, IndexError) as error:
        raise ModelError(f"the metadata of {title} is damaged", "export it again") from error


def _value(text: str) -> Any:
    """Return the value that a text stands for, or the text."""
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    return text


def _read(known: dict[str, Any]) -> ExportMetadata:
    names = known["names"]
    numbered = enumerate(names) if isinstance(names, list) else names.items()
    by_id = {int(number): str(name) for number, name in numbered}
    if len(by_id) > MOST_CLASSES or sorted(by_id) != list(range(len(by_id))):
        raise ValueError("classes that are not numbered")
    args = known.get("args")
    args = args if isinstance(args, dict) else {}
    sides = known.get("imgsz")
    sides = [sides, sides] if isinstance(sides, int) else sides
    return ExportMetadata(
        task=str(known.get("task", "detect")),
        names=by_id,
        input_wh=None if sides is None else (_size(sides[-1]), _size(sides[0])),
        stride=_size(known.get("stride", 32)),
        channels=_size(known.get("channels", 3)),
        batch=_size(known.get("batch", 1)),
        dynamic=bool(args.get("dynamic", known.get("dynamic", False))),
        end2end=known.get("end2end") is True or args.get("nms") is True,
    )


def _size(value: Any) -> int:
    size = int(value)
    if not 1 <= size <= 16_384:
        raise ValueError("a size out of range")
    return size
