"""Classifiers and detectors of torchvision: ``torchvision:NAME@weights.safetensors``, or ``torchvision:NAME`` of the cache."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from heatcam.errors import ModelError
from heatcam.models.formats.format import ModelFormat, require_library
from heatcam.models.formats.weights import NamedWeights, require_weights

if TYPE_CHECKING:
    from heatcam.models.loaded import LoadedModel

_PREFIX = "torchvision:"


def _matches(spec: str) -> bool:
    return spec.startswith(_PREFIX)


def _find(spec: str) -> Path:
    """See ``ModelFormat``: the file behind the @, or the one that torch's hub has kept of that architecture."""
    named = NamedWeights.read(spec)
    if named.path is not None:
        found = require_weights(named.path)
        require_library("torchvision", "torchvision", "safetensors")
        return found
    return _cached(named.architecture)


def _cached(architecture: str) -> Path:
    """Return torchvision's own weights of an architecture, downloaded before.

    Raises:
        ModelError: there are none, or several.
    """
    folder = _hub() / "checkpoints"
    pattern = re.compile(rf"{re.escape(architecture)}(_[a-z_]+)?-[0-9a-f]{{8}}\.pth")
    found = sorted(file for file in folder.glob("*.pth") if pattern.fullmatch(file.name))
    if not found:
        raise ModelError(
            f"no weights of {architecture or 'a model'} are in torch's cache, and heatcam downloads nothing unasked",
            f"--model {_PREFIX}{architecture or 'NAME'}@weights.safetensors",
        )
    if len(found) > 1:
        raise ModelError(
            f"{len(found)} files of weights of {architecture} are in torch's cache: {', '.join(file.name for file in found)}",
            f"--model {_PREFIX}{architecture}@{found[-1]}",
        )
    return found[0].absolute()


def _hub() -> Path:
    """Return the folder of torch's hub, as torch finds it, without importing torch."""
    home = os.environ.get("TORCH_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "torch")
    return Path(home).expanduser() / "hub"


def _load(spec: str) -> LoadedModel:
    from heatcam.models.formats.torchvision_models.loading import load  # noqa: PLC0415 (torch)

    return load(NamedWeights.read(spec).architecture, _find(spec))


FORMAT = ModelFormat("torchvision model", "torchvision:resnet50@weights.safetensors", _matches, _find, _load)
