"""Facts that an exported file tells of itself, in its metadata: all that a reader needs beside the tensors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

from heatcam.errors import ModelError
from heatcam.frames import LOGITS

#: Version of inputs, outputs and metadata; readers refuse others.
FORMAT_VERSION = 1
#: Names of the inputs, and of the outputs in their order: see docs/export.md.
INPUTS = "images", "conf"
BOXES = "boxes_xyxy", "scores", "class_ids", "anchors"
COHERENCE = "coherence"
MAPS = "maps", "map"
_TEXTS = "title", "sha256", "task", "method", "unit"  # written as they are, all others as JSON


@dataclass(frozen=True)
class ExportedFacts:
    """Facts about an exported model.

    Attributes:
        title: the model's name for people.
        sha256: of the file that it was exported from; "" for a built-in one without.
        task: ultralytics' name: ``detect``.
        names: name of each class id.
        model_wh: width and height of the input, in pixels; pictures are letterboxed into it.
        channels: of the input: 3 for RGB, 1 for grey.
        strides: model pixels a cell of each level; anchors are numbered level after level, row after row.
        smooth: True if pictures should be shrunk by averaging, as in training; ultralytics' own networks want bilinear.
        objects: K, the number of objects that it tells of at most.
        iou: boxes of a class that overlap more than this are one.
        suppresses: False for an end-to-end head, which does without ``iou``.
        method: the CAM method's name; "" for a file without maps.
        layers: the layers that maps come from, as ``index:type``.
        unit: of the sum over a map's cells.
        map_stride: model pixels a cell of the maps; 0 without maps.
        full_heat: the evidence in one cell that is full heat at one scale for all pictures, in ``unit``; None if not measured.
        low_evidence: an object whose ``coherence`` is not above this has low evidence; None if not known.
        versions: versions of heatcam, torch and ultralytics that wrote it.
        format_version: of inputs, outputs and metadata.
    """

    title: str
    sha256: str
    task: str
    names: dict[int, str]
    model_wh: tuple[int, int]
    channels: int
    strides: tuple[int, ...]
    smooth: bool
    objects: int
    iou: float
    suppresses: bool
    method: str
    layers: tuple[str, ...]
    unit: str = LOGITS
    map_stride: int = 0
    full_heat: float | None = None
    low_evidence: float | None = None
    versions: dict[str, str] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION

    def as_texts(self) -> dict[str, str]:
        """Return the metadata: texts as they are, everything else as JSON."""
        return {
            name: value if name in _TEXTS else json.dumps(value, ensure_ascii=False)
            for name, value in asdict(self).items()
        }


def facts_from(texts: Mapping[str, str], name: str) -> ExportedFacts:
    """Read the metadata of a file that the message calls ``name``.

    Raises:
        ModelError: it is not a file of ``heatcam export``, or of another version.
    """
    from pydantic import ValidationError  # noqa: PLC0415 (a tenth of a second)

    if "format_version" not in texts or "model_wh" not in texts:
        raise ModelError(
            f"{name} was not written by `heatcam export`", "give its .pt original, or export that again"
        )
    if texts["format_version"] != str(FORMAT_VERSION):
        raise ModelError(
            f"{name} was written by another version of `heatcam export`", "export its .pt original again"
        )
    try:
        values = {key: text if key in _TEXTS else json.loads(text) for key, text in texts.items()}
        known = {key: values[key] for key in ExportedFacts.__dataclass_fields__ if key in values}
        return _checked(_adapter().validate_python(known))
    except (ValueError, ValidationError) as error:
        raise ModelError(f"the metadata of {name} is damaged", "export its .pt original again") from error


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter  # noqa: PLC0415 (a tenth of a second)

    return TypeAdapter(ExportedFacts)


def _checked(facts: ExportedFacts) -> ExportedFacts:
    """Refuse sizes that no file has.

    Raises:
        ValueError: a size is not positive, or there are no classes.
    """
    sizes = (*facts.model_wh, *facts.strides, facts.objects, facts.channels)
    if (
        min(sizes) < 1
        or not (facts.strides and facts.names)
        or sorted(facts.names) != list(range(len(facts.names)))
    ):
        raise ValueError("a size below 1, or classes that are not numbered")
    return facts
