"""Classifiers of Keras 3, ``model.keras``, run by Keras' torch backend."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from heatcam.errors import ModelError
from heatcam.models.formats.format import ModelFormat, require_library

if TYPE_CHECKING:
    from heatcam.models.loaded import LoadedModel

_SUFFIX = ".keras"


def _matches(spec: str) -> bool:
    return spec.casefold().endswith(_SUFFIX)


def _find(spec: str) -> Path:
    """See ``ModelFormat``."""
    path = Path(spec).expanduser()
    if not path.is_file():
        raise ModelError(f"model file {spec} does not exist", "check the path")
    require_library("keras", "keras")
    _require_torch_backend()
    return path.absolute()


def _require_torch_backend() -> None:
    """Make torch Keras' backend, which it chooses when it is imported.

    Raises:
        ModelError: it was imported already, with another one.
    """
    keras = sys.modules.get("keras")
    if keras is None:
        os.environ["KERAS_BACKEND"] = "torch"
    elif hasattr(keras, "backend") and keras.backend.backend() != "torch":
        raise ModelError(
            f"Keras runs on {keras.backend.backend()} here, and maps need its torch backend",
            "set KERAS_BACKEND=torch before keras is imported",
        )


def _load(spec: str) -> LoadedModel:
    from heatcam.models.formats.keras_models.loading import load  # noqa: PLC0415 (torch, keras)

    return load(_find(spec))


FORMAT = ModelFormat("Keras classifier", "model.keras", _matches, _find, _load)
