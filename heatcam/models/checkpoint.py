"""Reading an ultralytics ``.pt`` file, which is a program unless it is loaded with care.

A pickle runs whatever it names. ultralytics' restricted loader (``ULTRALYTICS_SAFE_LOAD``) rebuilds only layers and settings it
knows; heatcam always asks for it, unless the user has set ``ULTRALYTICS_SAFE_LOAD=0`` for a file they trust.
"""

from __future__ import annotations

import os
import pickle
import re
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import nn
from ultralytics.nn.tasks import RTDETRDetectionModel, guess_model_task, torch_safe_load

from heatcam.errors import ModelError

_REFUSED_GLOBAL = re.compile(r"GLOBAL\s+`?([\w.]+)")
_DEFAULT_IMGSZ = 640


def read_checkpoint(path: Path) -> tuple[nn.Module, dict[int, str], int]:
    """The network of a checkpoint, its class names and the input size that it was trained with (longer side, pixels).

    The network may be of any task (``task_of``).

    Raises:
        ModelError: not a checkpoint, truncated, refused by the safe loader, or without a network inside.
    """
    require_checkpoint_format(path)
    checkpoint = _load(path)
    network = checkpoint.get("ema") or checkpoint.get("model")
    if not isinstance(network, nn.Module):
        raise ModelError(
            f"{path.name} holds no ultralytics model",
            "give a checkpoint saved by ultralytics, such as best.pt",
        )
    names = getattr(network, "names", {})
    named = dict(enumerate(names)) if isinstance(names, list) else {int(k): str(v) for k, v in names.items()}
    return network, named, _trained_imgsz(checkpoint)


def task_of(network: nn.Module) -> str:
    """What a network does (``detect``, ``segment``, ``classify``, ... by ultralytics' names); its class where it does not say."""
    told = getattr(network, "task", None) or guess_model_task(network)
    if not told and isinstance(network, RTDETRDetectionModel):
        return "detect"
    return str(told or type(network).__name__)


def require_checkpoint_format(path: Path) -> None:
    """Refuse what cannot be a torch checkpoint before any loader sees it.

    Raises:
        ModelError: an empty file, a truncated archive, or something that is no archive at all.
    """
    next_step = "get the file again, or export it again with ultralytics"
    try:
        head = path.open("rb").read(8)
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read: {error.strerror}", "check the path and its permissions"
        ) from error
    if not head:
        raise ModelError(f"{path.name} is empty", next_step)
    if not head.startswith(b"PK"):
        raise ModelError(f"{path.name} is not a torch checkpoint", "give an ultralytics .pt file")
    if not zipfile.is_zipfile(path):
        raise ModelError(f"{path.name} is truncated or damaged", next_step)


def _load(path: Path) -> dict[str, Any]:
    """Everything the checkpoint holds, through the restricted loader."""
    safe = os.environ.get("ULTRALYTICS_SAFE_LOAD", "1").strip().lower() not in {"0", "false", "no", "off"}
    try:
        return dict(torch_safe_load(str(path), safe_only=safe)[0])
    except (
        TypeError,
        pickle.UnpicklingError,
        ModuleNotFoundError,
        RuntimeError,
        EOFError,
        AttributeError,
    ) as error:
        if wanted := forbidden_names(path, error):
            raise ModelError(
                f"{path.name} was refused: loading it would run {', '.join(wanted)}; nothing was run",
                "use it only if you trust its maker: ULTRALYTICS_SAFE_LOAD=0 heatcam ...",
            ) from error
        raise ModelError(
            f"{path.name} cannot be loaded: {_first_line(error)}",
            "get the file again, or export it again with ultralytics",
        ) from error


def forbidden_names(path: Path, error: BaseException) -> list[str]:
    """What a refused checkpoint wanted to call, as dotted names; empty when it was not refused for that.

    Reads the names out of the pickle without running it (``torch.serialization.get_unsafe_globals_in_checkpoint``), and
    leaves out the layers and containers that the restricted loader knows how to rebuild.
    """
    texts = []
    cause: BaseException | None = error
    while cause is not None:
        texts.append(str(cause))
        cause = cause.__cause__ or cause.__context__
    told = [name for text in texts for name in _REFUSED_GLOBAL.findall(text)]
    if not told:
        return []
    known = ("torch.", "ultralytics.", "numpy.", "collections.", "pathlib.", "builtins.getattr")
    try:
        listed = torch.serialization.get_unsafe_globals_in_checkpoint(str(path))
    except (ValueError, RuntimeError, pickle.UnpicklingError):
        listed = []
    return sorted(name for name in listed if not name.startswith(known)) or told[:1]


def _trained_imgsz(checkpoint: dict[str, Any]) -> int:
    """Longer side of the training input in pixels, 640 where the checkpoint does not say."""
    imgsz = (checkpoint.get("train_args") or {}).get("imgsz", _DEFAULT_IMGSZ)
    return int(max(imgsz) if isinstance(imgsz, list | tuple) else imgsz)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
