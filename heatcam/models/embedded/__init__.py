"""``markers``: the small detector that comes with heatcam. ``CARD.md`` beside this file describes its training data.

It is stored as a half-precision state dict in safetensors and an architecture in JSON: nothing here is a pickle.
"""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from typing import Any

from safetensors.torch import load
from torch import nn
from ultralytics.nn.tasks import DetectionModel

from heatcam.errors import ModelError
from heatcam.geometry import Uint8Array

_EXAMPLES = 0, 500  # frames of the demo scene, over two backdrops
_REINSTALL = "install heatcam again: pip install --force-reinstall --no-deps heatcam"


def build() -> tuple[nn.Module, dict[int, str], int]:
    """Build the embedded network (float32, not fused); return it with its class names and its training input size in pixels.

    Raises:
        ModelError: its files are missing or damaged.
    """
    card, weights = read_files()
    if hashlib.sha256(weights).hexdigest() != card["sha256"]:
        raise ModelError("the embedded model's weights are damaged", _REINSTALL)
    class_names = {int(i): name for i, name in card["names"].items()}
    network = DetectionModel(card["architecture"], ch=3, nc=len(class_names), verbose=False)
    network.load_state_dict({name: tensor.float() for name, tensor in load(weights).items()})
    network.names = class_names
    return network, class_names, int(card["imgsz"])


def read_files() -> tuple[dict[str, Any], bytes]:
    """Read the JSON beside the weights, and the weights' bytes.

    Raises:
        ModelError: one of them is missing or cannot be read.
    """
    folder = files(__package__)
    try:
        card: dict[str, Any] = json.loads((folder / "markers.json").read_text("utf-8"))
        return card, (folder / "markers.safetensors").read_bytes()
    except (OSError, json.JSONDecodeError) as error:
        raise ModelError(f"the embedded model cannot be read ({error})", _REINSTALL) from error


def sha256() -> str:
    """Return the SHA-256 of the weights, in hexadecimal, which ``build`` has checked."""
    return str(read_files()[0]["sha256"])


def examples(size_wh: tuple[int, int]) -> list[Uint8Array]:
    """Return two pictures of the demo scene, uint8 ``(H, W, 3)`` BGR, of this size but at least 160 pixels a side."""
    from heatcam.sources import DemoScene  # noqa: PLC0415 (draws markers: needed at the first start only)

    scene = DemoScene(size_wh=(max(160, size_wh[0]), max(160, size_wh[1])))
    return [scene.render(frame_index).image_bgr for frame_index in _EXAMPLES]
