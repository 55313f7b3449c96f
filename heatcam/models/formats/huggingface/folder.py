"""Search for the folder of a model of transformers, and checks of its files that need neither torch nor transformers.

Nothing is downloaded: a name of the hub is looked up in the cache where the hub's own command has put it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from heatcam.errors import ModelError
from heatcam.models.formats.huggingface.architectures import ARCHITECTURES

PREFIX = "hf:"
CONFIG, PROCESSOR = "config.json", "preprocessor_config.json"
WEIGHTS, SHARDS = "model.safetensors", "model.safetensors.index.json"
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_LARGEST_JSON = 50_000_000  # bytes


def find_folder(spec: str) -> Path:
    """Return the absolute path of the folder that ``hf:FOLDER`` or ``hf:OWNER/NAME`` means.

    Raises:
        ModelError: there is no such folder, and the hub's cache has no model of that name.
    """
    name = spec.removeprefix(PREFIX)
    folder = _expanded(name)
    if name and _is_folder(folder):
        return folder.absolute()
    if cached := _in_cache(name):
        return cached
    if _HUB_NAME.fullmatch(name):
        raise ModelError(
            f"model {spec} is no folder here, and heatcam downloads nothing unasked",
            f"hf download {name} (from the package huggingface_hub), then give the same --model again",
        )
    raise ModelError(
        f"{spec} is no folder",
        f"give the folder that has the model's {CONFIG}, such as {PREFIX}./detr-resnet-50",
    )


def weights_in(folder: Path) -> Path:
    """Return the file of a folder's weights, after the checks that can be made without reading them.

    Raises:
        ModelError: a file is missing or damaged, the weights are a pickle alone, or the architecture is not supported.
    """
    require_supported(read_json(folder / CONFIG), folder.name)
    read_json(folder / PROCESSOR)
    for name in (WEIGHTS, SHARDS):
        if (folder / name).is_file():
            return folder / name
    if pickles := sorted(path.name for path in folder.glob("*.bin")):
        raise ModelError(
            f"{folder.name} has its weights in {pickles[0]} alone, a pickle, which can run any program when it is read",
            f"give one with {WEIGHTS}; from a source you trust: model.save_pretrained(...) of transformers writes it",
        )
    raise ModelError(
        f"{folder.name} has no {WEIGHTS}", "give a folder that save_pretrained or `hf download` wrote"
    )


def read_json(path: Path) -> dict[str, Any]:
    """Read a file of one JSON object.

    Raises:
        ModelError: it is missing, too large, or holds none.
    """
    try:
        if path.stat().st_size > _LARGEST_JSON:
            raise ValueError("too large")
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ModelError(
            f"{path.parent.name} has no {path.name}",
            "give a folder that save_pretrained or `hf download` wrote",
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(
            f"{path.name} of {path.parent.name} cannot be read ({error})", "get the file again"
        ) from error
    if not isinstance(found, dict):
        raise ModelError(f"{path.name} of {path.parent.name} holds no settings", "get the file again")
    return found


def require_supported(config: dict[str, Any], name: str) -> None:
    """Refuse an architecture that is not in the table.

    Raises:
        ModelError: the message lists those that are.
    """
    kind = config.get("model_type")
    if not isinstance(kind, str) or kind not in ARCHITECTURES:
        names = ", ".join(one.name for one in ARCHITECTURES.values())
        raise ModelError(
            f"{name} is a model of type {kind!r}, which cannot be explained", f"give one of: {names}"
        )
    wanted = ARCHITECTURES[kind].model_class
    saved = config.get("architectures")
    if isinstance(saved, list) and saved and wanted not in saved:
        raise ModelError(
            f"{name} is a {saved[0]}, which finds no boxes", f"give one that was saved as {wanted}"
        )


def _expanded(name: str) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError:  # (nobody of that name)
        return Path(name)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _in_cache(name: str) -> Path | None:
    """Return the folder in the hub's cache of a model that was downloaded before; None without one."""
    if not _HUB_NAME.fullmatch(name):
        return None
    try:
        from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415 (only for a name of the hub)
    except ImportError:
        return None
    try:
        found = try_to_load_from_cache(name, CONFIG)
    except ValueError:  # (no name that the hub gives)
        return None
    return Path(found).parent if isinstance(found, str) else None
