"""Detectors of transformers: a folder with ``config.json``, ``model.safetensors`` and ``preprocessor_config.json``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from heatcam.models.formats.format import ModelFormat, require_library
from heatcam.models.formats.huggingface.folder import PREFIX, find_folder, weights_in

if TYPE_CHECKING:
    from heatcam.models.loaded import LoadedModel


def _matches(spec: str) -> bool:
    return spec.startswith(PREFIX)


def _find(spec: str) -> Path:
    require_library("transformers", "transformers")
    return weights_in(find_folder(spec))


def _load(spec: str) -> LoadedModel:
    from heatcam.models.formats.huggingface.loading import load_folder  # noqa: PLC0415 (torch and transformers)

    return load_folder(find_folder(spec))


FORMAT = ModelFormat("detector of transformers", f"{PREFIX}FOLDER", _matches, _find, _load)
