"""An audit as a data set of FiftyOne: a sample a picture, with its detections, missed objects and heat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import polars

from heatcam.audit.crops import grown_box
from heatcam.audit.objects import ObjectKind, Parts
from heatcam.errors import UsageError
from heatcam.geometry import Uint8Array

_HEAT_SIDE = 160  # pixels of a heat map's longer side
_BATCH = 200  # samples that are added at once
#: Columns that become attributes of a detection.
_TOLD = (
    *("number", "kind", "label_class_name", "iou", "energy_in_box", "enrichment", "evidence", "spread"),
    *("low_evidence", "verdict", "why", "evidence_for", "evidence_against", "cluster"),
)


def require_fiftyone(name: str, *, overwrite: bool) -> None:
    """Refuse a data set that cannot be made.

    Raises:
        UsageError: FiftyOne is not installed, or has a data set of that name already.
    """
    if find_spec("fiftyone") is None:
        raise UsageError("--fiftyone needs FiftyOne", "install it: pip install 'heatcam[fiftyone]'")
    if not overwrite and import_module("fiftyone").dataset_exists(name):
        raise UsageError(
            f"FiftyOne has a data set {name!r} already", "choose another name or add --overwrite"
        )


def write_fiftyone(
    name: str,
    files: Mapping[str, Path],
    table: polars.DataFrame,
    parts: Callable[[Sequence[int]], Parts],
) -> int:
    """Make a persistent data set, in place of one of that name; return the number of its samples.

    Samples have ``detections`` and ``missed`` (``fiftyone.Detections``, with attributes from the table) and ``heat``, a
    ``fiftyone.Heatmap`` of all objects' own maps, each as far as its box grown by a quarter.

    Args:
        name: of the data set.
        files: each picture's file, by its name in the table.
        table: all objects.
        parts: reads their maps, by number.
    """
    fo: Any = import_module("fiftyone")
    if fo.dataset_exists(name):
        fo.delete_dataset(name)
    data = fo.Dataset(name, persistent=True)
    of_picture = {str(key[0]): own for key, own in table.group_by("image", maintain_order=True)}
    nothing, samples = table.clear(), []
    for image, path in files.items():
        samples.append(_sample(fo, path, of_picture.get(image, nothing), parts))
        if len(samples) >= _BATCH:
            data.add_samples(samples)
            samples = []
    data.add_samples(samples)
    return len(files)


def _sample(fo: Any, path: Path, own: polars.DataFrame, parts: Callable[[Sequence[int]], Parts]) -> Any:
    rows = list(own.iter_rows(named=True))
    is_missed = [row["kind"] == ObjectKind.MISSED.value for row in rows]
    sample = fo.Sample(filepath=str(path.resolve()))
    found = [row for row, missed in zip(rows, is_missed, strict=True) if not missed]
    sample["detections"] = fo.Detections(detections=[_detection(fo, row) for row in found])
    missed = [row for row, missed in zip(rows, is_missed, strict=True) if missed]
    sample["missed"] = fo.Detections(detections=[_detection(fo, row) for row in missed])
    if found:
        sample["heat"] = fo.Heatmap(map=_heat(found, parts([row["number"] for row in found])), range=[0, 255])
    return sample


def _detection(fo: Any, row: Mapping[str, Any]) -> Any:
    wide, tall = row["image_wide"], row["image_tall"]
    box = [row["x1"] / wide, row["y1"] / tall, (row["x2"] - row["x1"]) / wide, (row["y2"] - row["y1"]) / tall]
    told = {name: row[name] for name in _TOLD if row[name] is not None}
    return fo.Detection(label=row["class_name"], bounding_box=box, confidence=row["confidence"], **told)


def _heat(rows: Sequence[Mapping[str, Any]], parts: Parts) -> Uint8Array:
    """Return the largest of the objects' maps at each place: uint8, its longer side 160 pixels."""
    size = rows[0]["image_wide"], rows[0]["image_tall"]
    scale = _HEAT_SIDE / max(size)
    heat = np.zeros((max(1, round(size[1] * scale)), max(1, round(size[0] * scale))), np.uint8)
    for row, own in zip(rows, parts.own, strict=True):
        x1, y1, x2, y2 = (grown_box([row[side] for side in ("x1", "y1", "x2", "y2")], size) * scale).tolist()
        left, top = min(int(x1), heat.shape[1] - 1), min(int(y1), heat.shape[0] - 1)
        right, bottom = max(left + 1, round(x2)), max(top + 1, round(y2))
        place = heat[top:bottom, left:right]
        fitted = np.asarray(cv2.resize(own, (place.shape[1], place.shape[0])), np.uint8)
        np.maximum(place, fitted, out=place)
    return heat
