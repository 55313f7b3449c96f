"""Loading of a folder of transformers: its own class for a known architecture, weights from safetensors, no network."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from heatcam.errors import ModelError
from heatcam.models.class_names import class_names_of
from heatcam.models.formats.huggingface.architectures import ARCHITECTURES
from heatcam.models.formats.huggingface.folder import CONFIG, SHARDS, read_json, require_supported, weights_in
from heatcam.models.formats.huggingface.network import TransformerDetector
from heatcam.models.formats.huggingface.preparation import ProcessorPreparation
from heatcam.models.loaded import LoadedModel
from heatcam.models.official import sha256_of


def load_folder(folder: Path) -> LoadedModel:
    """Load a detector of transformers, ready for the engine. No code of the folder is run, and no network is reached.

    Raises:
        ModelError: its architecture is not supported, a package that its backbone needs is missing, or weights are.
    """
    weights = weights_in(folder)
    settings = read_json(folder / CONFIG)
    require_supported(settings, folder.name)
    architecture = ARCHITECTURES[settings["model_type"]]
    with _quiet_and_offline():
        detector = _detector(folder, architecture.model_class)
        preparation = ProcessorPreparation(_processor(folder))
        preparation.require_usable(folder.name)
    network = TransformerDetector(detector, architecture, preparation)
    names = class_names_of(detector.config.id2label, int(detector.config.num_labels), folder.name)
    return LoadedModel(folder.name, network, names, preparation.imgsz, sha256=_digest(weights))


def _detector(folder: Path, class_name: str) -> Any:
    """Read a model in float32.

    Raises:
        ModelError: its backbone needs a package that is missing, or weights are missing.
    """
    import torch  # noqa: PLC0415
    import transformers  # noqa: PLC0415 (seconds)

    try:
        detector, told = getattr(transformers, class_name).from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
            dtype=torch.float32,
        )
    except ImportError as error:
        raise ModelError(
            f"the backbone of {folder.name} needs a package that is not installed ({str(error).strip().splitlines()[0][:120]})",
            "pip install timm, or save the model with a backbone of transformers",
        ) from error
    lacking = sorted(told["missing_keys"]) + sorted(str(key) for key in told["mismatched_keys"])
    if lacking:
        raise ModelError(
            f"{folder.name} lacks {len(lacking)} of its network's weights, such as {lacking[0][:80]}",
            "get the files again",
        )
    return detector


def _processor(folder: Path) -> Any:
    """Read the image processor's settings."""
    from transformers import AutoImageProcessor  # noqa: PLC0415 (seconds)

    return AutoImageProcessor.from_pretrained(folder, local_files_only=True, trust_remote_code=False)


@contextlib.contextmanager
def _quiet_and_offline() -> Iterator[None]:
    """Keep the hub's client from the network, and transformers from writing bars and notes; both are as before afterwards.

    A configuration may name a backbone of the hub, which transformers would ask the hub about.
    """
    from huggingface_hub import constants  # noqa: PLC0415
    from transformers.utils import logging  # noqa: PLC0415 (seconds)

    offline, verbosity, bars = (
        constants.HF_HUB_OFFLINE,
        logging.get_verbosity(),
        logging.is_progress_bar_enabled(),
    )
    constants.HF_HUB_OFFLINE = True
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = offline
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _digest(weights: Path) -> str:
    """Return the SHA-256 of the weights; of weights in several files, that of their digests in order of their names."""
    if weights.name != SHARDS:
        return sha256_of(weights)
    listed = json.loads(weights.read_text("utf-8")).get("weight_map", {})
    files = sorted({Path(str(name)).name for name in listed.values()})
    return hashlib.sha256("".join(sha256_of(weights.parent / name) for name in files).encode()).hexdigest()
