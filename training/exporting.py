"""From a checkpoint to what is shipped: half-precision weights in safetensors, the rest in JSON. No pickle."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
import ultralytics
from safetensors.torch import save
from ultralytics.nn.tasks import torch_safe_load

from heatcam.sources.demo.markers import MARKER_CLASSES
from training.fitting import architecture

EMBEDDED = Path(__file__).parents[1] / "heatcam" / "models" / "embedded"


def export(checkpoint: Path, imgsz: int, facts: dict[str, Any]) -> Path:
    """Write ``markers.safetensors`` and ``markers.json`` into the package; returns the JSON's path."""
    loaded, _ = torch_safe_load(str(checkpoint), safe_only=True)
    network = (loaded.get("ema") or loaded["model"]).float().eval()
    state = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in network.state_dict().items()
    }
    weights = save({name: tensor.contiguous() for name, tensor in state.items()})
    (EMBEDDED / "markers.safetensors").write_bytes(weights)
    card = {
        "name": "markers",
        "task": "detect",
        "imgsz": imgsz,
        "names": dict(enumerate(MARKER_CLASSES)),
        "sha256": hashlib.sha256(weights).hexdigest(),
        "trained_with": {**facts, "ultralytics": ultralytics.__version__, "torch": torch.__version__},
        "metrics": {},
        "architecture": architecture(),
    }
    path = EMBEDDED / "markers.json"
    path.write_text(json.dumps(card, indent=1) + "\n", "utf-8")
    return path
