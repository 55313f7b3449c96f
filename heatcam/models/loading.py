"""Loading of the network that the user names with ``--model``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from heatcam.engine import input_channels
from heatcam.errors import ModelError
from heatcam.models import embedded, everyday
from heatcam.models.checkpoint import Checkpoint, faults_named, read_checkpoint
from heatcam.models.class_names import class_names_of
from heatcam.models.class_vectors import ClassVectors
from heatcam.models.finding import EVERYDAY, MARKERS, find_checkpoint
from heatcam.models.formats import ModelFormat, format_of
from heatcam.models.loaded import LoadedModel
from heatcam.models.official import sha256_of
from heatcam.models.open_vocabulary import lacks_classes, with_set_classes
from heatcam.models.prompt import Prompt, no_prompts
from heatcam.models.prompting import Prompted, require_promptable, set_classes, takes_places, takes_words
from heatcam.models.trial import require_running
from heatcam.models.validation import (
    check_classes,
    check_sizes,
    check_structure,
    check_weights,
)

#: By ultralytics' names: tasks that find boxes, each with a class logit, and the one that finds classes.
EXPLAINED_TASKS = ("detect", "segment", "pose", "obb", "classify")


class NoClassesError(ModelError):
    """A network that finds what it is prompted for, without a prompt."""


def load_model(spec: str, prompt: Prompt | None = None) -> LoadedModel:
    """Load a built-in model, an ultralytics ``.pt`` file or a model of another format (``formats``) to be explained.

    Args:
        spec: the name or the file.
        prompt: what it is to look for; None for the classes that it has.

    Raises:
        ModelError: the model is missing, truncated, of another format, refused, or of a task that cannot be explained, or the
            text encoder that a prompt needs is not here; the message names the next step.
        UsageError: the model takes no such prompt.
    """
    loaded = load_any_task(spec, prompt)
    require_explainable(loaded, Path(spec).name)
    return loaded


def require_explainable(loaded: LoadedModel, name: str) -> None:
    """Refuse a model that cannot be explained; the message calls it ``name``.

    Raises:
        NoClassesError: the model has no prompts.
        ModelError: the model finds neither boxes nor classes.
    """
    task = loaded.task
    if task not in EXPLAINED_TASKS:
        raise ModelError(
            f"{name} is a '{task}' model; heatcam explains models that find boxes or classes ({', '.join(EXPLAINED_TASKS)})",
            "give a checkpoint such as yolo11n.pt",
        )
    if lacks_classes(loaded.network):
        raise NoClassesError(
            f"{name} finds what it is prompted for, and carries no prompts",
            '--prompt "cat, bus"; or save it with some: model = YOLOE("FILE"); model.set_classes(["cat", "bus"]); '
            'model.save("mine.pt")',
        )


def load_any_task(spec: str, prompt: Prompt | None = None) -> LoadedModel:
    """Load a built-in model or an ultralytics ``.pt`` file of any task, just as safely, to inspect it.

    Raises:
        ModelError, UsageError: see ``load_model``; the message names the next step.
    """
    if spec in BUILT_IN:
        if prompt is not None:
            raise no_prompts(spec)
        return BUILT_IN[spec]()
    path = find_checkpoint(spec)
    other = format_of(spec)
    if other is not None:
        return _of_other_format(spec, path, other, prompt)
    checkpoint = read_checkpoint(path)
    with faults_named(path.name):
        sha256 = sha256_of(path)
        vectors = None if prompt is None else _prompted(checkpoint, path, sha256, prompt)
        return replace(_validated(checkpoint, path.stem), sha256=sha256, class_vectors=vectors)


def _of_other_format(spec: str, path: Path, other: ModelFormat, prompt: Prompt | None) -> LoadedModel:
    """Load a model of a format that is not ultralytics' own; ``path`` is the file of its weights."""
    if prompt is not None:
        raise no_prompts(spec)
    with faults_named(path.name):
        loaded = other.load(spec)
        return replace(loaded, sha256=loaded.sha256 or sha256_of(path))


def _prompted(checkpoint: Checkpoint, path: Path, sha256: str, prompt: Prompt) -> ClassVectors:
    """Give a checkpoint's network the classes of a prompt, in place, after the checks that running it needs.

    Raises:
        UnfitError: the network is invalid.
        ModelError, UsageError: the prompt cannot be used.
    """
    network = checkpoint.network.float().eval()
    check_structure(network)
    check_sizes(network)
    require_promptable(network, path.name)
    check_weights(network)
    require_running(network, input_channels(network))
    return set_classes(Prompted(network, path.stem, checkpoint.imgsz, sha256), prompt)


def _validated(checkpoint: Checkpoint, title: str) -> LoadedModel:
    """Prepare a checkpoint's network for the engine; check it before each step that it could make fail or take much memory.

    Raises:
        UnfitError: its graph, sizes, weights or names are invalid, or it does not run.
    """
    network = checkpoint.network
    check_structure(network)
    check_sizes(network)
    channels = input_channels(network)
    words, places = takes_words(network), takes_places(network)
    network = ready(with_set_classes(network.float().eval()))
    check_sizes(network)
    check_weights(network)
    count = check_classes(network)
    require_running(network, channels)
    names = class_names_of(getattr(network, "names", None), count, title)
    return LoadedModel(
        title,
        network,
        names,
        checkpoint.imgsz,
        channels=channels,
        takes_words=words,
        takes_places=places,
    )


def _markers() -> LoadedModel:
    network, class_names, imgsz = embedded.build()
    return LoadedModel(
        MARKERS,
        ready(network),
        class_names,
        imgsz,
        smooth=True,
        examples=embedded.examples,
        sha256=embedded.sha256(),
    )


def _everyday() -> LoadedModel:
    network, class_names = everyday.build()
    return LoadedModel(
        EVERYDAY, ready(network), class_names, everyday.IMGSZ, crop=everyday.CROP, sha256=everyday.SHA256
    )


#: Functions that build the models known by a word (``finding.WORDS``), ready for the engine.
BUILT_IN: dict[str, Callable[[], LoadedModel]] = {MARKERS: _markers, EVERYDAY: _everyday}


def ready(network: nn.Module) -> nn.Module:
    """Prepare a network for inference and return it: float32, fused, eval, no parameter gradients, weights channels last.

    Channels last makes CPUs a sixth faster (ultralytics does the same). It is left out where a batch normalisation could not be
    fused: there torch 2.14.1 gives wrong gradients for such strides (``engine.passes.TorchPasses``).
    """
    prepared: Any = network.float().eval()
    if hasattr(prepared, "fuse"):
        prepared = prepared.fuse(verbose=False)
    fused: nn.Module = prepared.requires_grad_(False)
    if any(isinstance(module, nn.BatchNorm2d) for module in fused.modules()):
        return fused
    return fused.to(memory_format=torch.channels_last)
