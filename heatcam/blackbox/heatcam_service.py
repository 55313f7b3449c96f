"""``heatcam serve`` as a black box: pictures go there as files, and its findings come back as boxes."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from heatcam.blackbox.http import HttpAnswer, HttpService
from heatcam.blackbox.runtimes.runtime import PictureService
from heatcam.errors import ModelError
from heatcam.geometry import Uint8Array
from heatcam.perturbation import Predicted

PLATFORM = "heatcam"  # as its metadata has it
_AT_ONCE = 8  # pictures in a request; the service takes 32
_LEAST_CONF = 0.01


def heatcam_service(service: HttpService, path: str, name: str, about: dict[str, Any]) -> PictureService:
    """Return a model of ``heatcam serve``.

    Args:
        service: who is asked.
        path: of the model in version 2 of the protocol; predictions are asked for in version 1, next to it.
        name: of the model.
        about: its metadata.

    Raises:
        ModelError: the service does not tell the model's classes: it could not be loaded there.
    """
    ask = f"{path.replace('/v2/models/', '/v1/models/', 1)}:predict?conf={_LEAST_CONF}"
    classes = about.get("classes")
    if not isinstance(classes, list):  # (it is loaded for its first picture, and knows its classes then)
        _sent(service, ask, np.zeros((1, 64, 64, 3), np.uint8))
        classes = json.loads(service.get(path).body).get("classes")
    if not isinstance(classes, list) or not classes:
        raise ModelError(f"{service.shown} does not tell its classes", "check that its model can be loaded")
    names = dict(enumerate(str(one) for one in classes))

    def predict(pictures: Uint8Array) -> Sequence[Predicted]:
        found: list[Predicted] = []
        for start in range(0, len(pictures), _AT_ONCE):
            found += _predicted(service, ask, pictures[start : start + _AT_ONCE], names)
        return found

    return PictureService(f"service {service.shown}", name, names, predict)


def _predicted(
    service: HttpService, path: str, pictures: Uint8Array, names: dict[int, str]
) -> list[Predicted]:
    answer = _sent(service, path, pictures)
    try:
        rows = json.loads(answer.body)["predictions"]
        return [_boxes_of(row["detections"], names) for row in rows]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ModelError(f"{service.shown} answers no predictions", "check its version of heatcam") from error


def _sent(service: HttpService, path: str, pictures: Uint8Array) -> HttpAnswer:
    """Send pictures in version 1 of the protocol, and return the answer."""
    body = {"instances": [{"image_bytes": {"b64": _png(picture)}} for picture in pictures]}
    return service.post(path, json.dumps(body).encode(), {"Content-Type": "application/json"})


def _boxes_of(detections: list[dict[str, Any]], names: dict[int, str]) -> Predicted:
    """Return findings as predictions that name one class each."""
    boxes = np.array([one["box_xyxy"] for one in detections], np.float32).reshape(-1, 4)
    scores = np.zeros((len(detections), len(names)), np.float32)
    for row, one in enumerate(detections):
        scores[row, int(one["class_id"])] = float(one["confidence"])
    return Predicted(boxes, scores)


def _png(picture: Uint8Array) -> str:
    """Return a picture's PNG file in base64."""
    _, data = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return base64.b64encode(data.tobytes()).decode()
