"""Writing of an explanation to a NumPy archive: the raw maps, from which the colours were made, and all that draws them again.

``raw_maps_reading`` reads it.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from heatcam.errors import SinkError
from heatcam.frames import Detections, Explanation, SaliencyMap
from heatcam.geometry import CentreCrop, Letterbox, Uint8Array
from heatcam.sinks.files import refuse_existing, write_whole
from heatcam.sinks.nested_arrays import flattened
from heatcam.sinks.picture_names import fitting_name

#: Version of the archive's layout; those before the second had no picture and no number.
ARCHIVE_VERSION = 2
#: Maps in image pixels for ``numpy.load`` are left out above this: sixty of them at 4K would take 2 GB.
_MOST_IMAGE_SIZED = 128 * 1024**2


def raw_path(picture: Path) -> Path:
    """Return the path of a picture's raw maps: ``out.png.npz``, because ``out.jpg`` may exist beside it."""
    return picture.with_name(fitting_name(picture.name, ".npz"))


def write_raw_maps(path: Path, explanation: Explanation, overwrite: bool = False) -> None:
    """Write the maps, boxes and picture of one explanation as a NumPy archive (``numpy.load``, ``read_raw_maps``).

    For ``numpy.load`` it holds ``boxes_xyxy`` float32 ``(N, 4)`` in image pixels, ``confidences`` float32 ``(N,)``, ``class_ids``
    int64 ``(N,)``, ``class_names`` ``(N,)`` and what else ``Detections`` has, by its own names. With a map also ``saliency``
    float32 ``(H, W)``, signed, over the image's pixels; ``cells`` float32 ``(h, w)``, the same map in its own cells, over the
    letterbox; and ``method``, ``layer`` and ``unit``. If each object has its own map, also ``object_cells`` float32
    ``(N, h, w)``, and ``object_maps`` float32 ``(N, H, W)`` over the image's pixels, up to 128 MB of them. Of maps by trial
    ``deviation`` and ``object_deviations`` are the standard deviations of ``cells`` and ``object_cells``, of the same shapes.

    To draw it again it holds ``archive_version``; ``picture``, the bytes of a PNG, uint8 ``(n,)``; ``low_evidence`` bool ``(N,)``
    where that is known; ``question_scores`` where a class was asked about; and ``about``, a JSON text with the letterbox and
    scale of each map, model, question and the frame's name.

    Raises:
        UsageError: an existing file without ``overwrite``.
        SinkError: the file cannot be written; nothing is left behind.
    """
    refuse_existing([path], overwrite)
    question = explanation.question
    arrays: dict[str, Any] = {
        "archive_version": np.array(ARCHIVE_VERSION),
        "about": np.array(json.dumps(_about(explanation))),
        "picture": _png(explanation.frame.image_bgr),
        **_fields_of(explanation.detections),
        **_maps_of(explanation),
    }
    if explanation.low_evidence:
        arrays["low_evidence"] = np.array(explanation.low_evidence, bool)
    if question is not None and question.scores is not None:
        arrays["question_scores"] = question.scores
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_whole(path, buffer.getvalue())


def _maps_of(explanation: Explanation) -> dict[str, Any]:
    """Return the arrays of the maps, in cells and in image pixels."""
    saliency, own = explanation.saliency, explanation.object_maps
    arrays: dict[str, Any] = {}
    if saliency is not None:
        arrays |= {
            "saliency": saliency.in_image(),
            "cells": saliency.values,
            "method": np.array(saliency.method),
            "layer": np.array(saliency.layer),
            "unit": np.array(saliency.unit),
        }
        if saliency.deviation is not None:
            arrays["deviation"] = saliency.deviation
    if own:
        arrays["object_cells"] = np.stack([one.values for one in own])
        deviations = [one.deviation for one in own if one.deviation is not None]
        if len(deviations) == len(own):
            arrays["object_deviations"] = np.stack(deviations)
        wide, tall = explanation.frame.size_wh
        if len(own) * wide * tall * 4 <= _MOST_IMAGE_SIZED:
            arrays["object_maps"] = np.stack([one.in_image() for one in own])
    return arrays


def _fields_of(found: Detections) -> dict[str, Any]:
    """Return the arrays of each field of the detections that is known."""
    arrays: dict[str, Any] = {}
    for name in (field.name for field in fields(found)):
        value = getattr(found, name)
        if name == "class_names":
            arrays[name] = np.array(value, np.str_)
        elif isinstance(value, tuple):
            arrays |= flattened(name, value)
        elif value is not None:
            arrays[name] = value
    return arrays


def _about(explanation: Explanation) -> dict[str, Any]:
    """Return all that is no array, for JSON."""
    saliency, question, frame = explanation.saliency, explanation.question, explanation.frame
    return {
        "frame": {"name": frame.name, "frame_index": frame.frame_index, "pts_s": frame.pts_s},
        "model": explanation.model,
        "map_error": explanation.map_error,
        "question": None
        if question is None
        else {"about": question.about, "class_name": question.class_name},
        "timings": asdict(explanation.timings),
        "saliency": None if saliency is None else map_facts(saliency),
        "object_maps": [map_facts(own) for own in explanation.object_maps],
    }


def map_facts(saliency: SaliencyMap) -> dict[str, Any]:
    """Return all of a map that is no array, for JSON: method, layer, unit, scale and letterbox."""
    return {
        "method": saliency.method,
        "layer": saliency.layer,
        "unit": saliency.unit,
        "full_heat": saliency.full_heat,
        **({"trials": saliency.trials} if saliency.trials else {}),
        **({"seconds": saliency.seconds} if saliency.seconds else {}),
        "letterbox": _letterbox_facts(saliency.letterbox),
    }


def _letterbox_facts(letterbox: Letterbox) -> dict[str, Any]:
    return asdict(letterbox) | {"crops": isinstance(letterbox, CentreCrop)}


def _png(image_bgr: Uint8Array) -> Uint8Array:
    """Encode a picture without loss: uint8 ``(n,)``.

    Raises:
        SinkError: it is too large for the format.
    """
    try:
        done, data = cv2.imencode(".png", image_bgr)
    except cv2.error as error:
        raise SinkError("the picture cannot be written into the archive") from error
    if not done:
        raise SinkError("the picture cannot be written into the archive")
    return np.asarray(data, np.uint8)
