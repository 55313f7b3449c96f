"""Writing of raw saliency maps, from which the colours were made, to a NumPy archive."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from heatcam.frames import Explanation
from heatcam.sinks.files import refuse_existing, write_whole
from heatcam.sinks.picture_names import fitting_name


def raw_path(picture: Path) -> Path:
    """Return the path of a picture's raw maps: ``out.png.npz``, because ``out.jpg`` may exist beside it."""
    return picture.with_name(fitting_name(picture.name, ".npz"))


def write_raw_maps(path: Path, explanation: Explanation, overwrite: bool = False) -> None:
    """Write the maps and boxes of one picture as a NumPy archive (``numpy.load``).

    It holds ``boxes_xyxy`` float32 ``(N, 4)`` in image pixels, ``confidences`` float32 ``(N,)``, ``class_ids`` int64 ``(N,)`` and
    ``class_names`` ``(N,)``. With a map also ``saliency`` float32 ``(H, W)``, signed, over the image's pixels; ``cells`` float32
    ``(h, w)``, the same map in its own cells, over the letterbox; and ``method``, ``layer`` and ``unit``. If each object has its
    own map, also ``object_maps`` float32 ``(N, H, W)``.

    Raises:
        UsageError: an existing file without ``overwrite``.
        SinkError: the file cannot be written; nothing is left behind.
    """
    refuse_existing([path], overwrite)
    found, saliency = explanation.detections, explanation.saliency
    arrays: dict[str, Any] = {
        "boxes_xyxy": found.boxes_xyxy,
        "confidences": found.confidences,
        "class_ids": found.class_ids,
        "class_names": np.array(found.class_names, np.str_),
    }
    if saliency is not None:
        arrays |= {
            "saliency": saliency.in_image(),
            "cells": saliency.values,
            "method": np.array(saliency.method),
            "layer": np.array(saliency.layer),
            "unit": np.array(saliency.unit),
        }
    if explanation.object_maps:
        arrays["object_maps"] = np.stack([own.in_image() for own in explanation.object_maps])
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_whole(path, buffer.getvalue())
