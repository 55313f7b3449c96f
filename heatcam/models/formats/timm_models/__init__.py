"""Classifiers of timm: ``timm:NAME@weights.safetensors``. The wrapper is that of all libraries' classifiers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from heatcam.errors import ModelError
from heatcam.models.formats.format import ModelFormat, require_library
from heatcam.models.formats.weights import NamedWeights, require_weights

if TYPE_CHECKING:
    from heatcam.models.loaded import LoadedModel

_PREFIX = "timm:"


def _matches(spec: str) -> bool:
    return spec.startswith(_PREFIX)


def _find(spec: str) -> Path:
    """See ``ModelFormat``: the file behind the @."""
    named = NamedWeights.read(spec)
    if named.path is None:
        raise ModelError(
            f"{spec} names no weights, and heatcam downloads nothing unasked",
            f"--model {_PREFIX}{named.architecture or 'NAME'}@weights.safetensors",
        )
    found = require_weights(named.path)
    require_library("timm", "timm")
    return found


def _load(spec: str) -> LoadedModel:
    from heatcam.models.formats.timm_models.loading import load  # noqa: PLC0415 (torch, timm)

    return load(NamedWeights.read(spec))


FORMAT = ModelFormat("timm classifier", "timm:resnet50@weights.safetensors", _matches, _find, _load)
