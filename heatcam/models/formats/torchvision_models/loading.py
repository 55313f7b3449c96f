"""Reading of torchvision's classifiers and detectors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchvision import models
from torchvision.transforms import InterpolationMode

from heatcam.models.formats.classifying.network import Preparation, WrappedClassifier, style_of
from heatcam.models.formats.names import names_for
from heatcam.models.formats.torchvision_models.detectors import wrapper_of
from heatcam.models.formats.weights import (
    NamedWeights,
    count_of_classes,
    give_state,
    read_state,
    require_known,
    without_weights,
)
from heatcam.models.loaded import LoadedModel
from heatcam.models.validation import check_weights

_CLASSES = 1000
#: Networks with a second head for training, and with the normalisation of another training inside.
_WITH_AUXILIARY_HEADS = ("googlenet", "inception_v3")
_IMAGENET_MEAN, _IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def load(architecture: str, path: Path) -> LoadedModel:
    """Load a model.

    Raises:
        ModelError, UsageError, UnfitError: the architecture is unknown, the weights are another's, or no layer makes maps.
    """
    classifiers, detectors = (models.list_models(module=module) for module in (models, models.detection))
    require_known(architecture, [*classifiers, *detectors], "torchvision")
    return _detector(architecture, path) if architecture in detectors else _classifier(architecture, path)


def official_weights(architecture: str, path: Path) -> Any:
    """Return torchvision's record of published weights: of this file by its name, else of the default; None for none."""
    every = list(models.get_model_weights(architecture))
    own = next((one for one in every if one.url.rpartition("/")[2] == path.name), None)
    return own or (every[0].__class__.DEFAULT if every else None)


def _classifier(architecture: str, path: Path) -> LoadedModel:
    title = NamedWeights(architecture, path).title
    state = read_state(path)
    options = _options(architecture, state)
    usual = without_weights(lambda: models.get_model(architecture, weights=None, **options))
    heads = _heads_of(usual)
    count = count_of_classes(state, usual, heads[-1], _CLASSES, path.name)
    body = models.get_model(architecture, weights=None, num_classes=count, **options)
    give_state(body, state, path.name)
    body.eval().requires_grad_(False)
    check_weights(body)
    record = official_weights(architecture, path)
    network = WrappedClassifier(body, _preparation(record, body), heads[-1:])
    names = names_for(path, count, record.meta["categories"] if record else None, title)
    return LoadedModel(title, network, names, network.preparation.side)


#: Detectors whose published weights were made with batch normalisations without an epsilon.
_WITHOUT_EPSILON = (
    "fasterrcnn_resnet50_fpn",
    "maskrcnn_resnet50_fpn",
    "keypointrcnn_resnet50_fpn",
    "retinanet_resnet50_fpn",
)
_NO_CLASSES = ("__background__", "N/A")


def _detector(architecture: str, path: Path) -> LoadedModel:
    title = NamedWeights(architecture, path).title
    state = read_state(path)

    def build(**options: Any) -> nn.Module:
        network: nn.Module = models.get_model(architecture, weights=None, weights_backbone=None, **options)
        return network

    usual = without_weights(build)
    kind = wrapper_of(usual)
    count = count_of_classes(state, usual, kind.logits_from(usual)[0], kind.columns_of(usual), path.name)
    body = build(num_classes=count)
    give_state(body, state, path.name)
    if architecture in _WITHOUT_EPSILON and not any(key.endswith("num_batches_tracked") for key in state):
        _without_epsilon(body)
    body.eval().requires_grad_(False)
    check_weights(body)
    network = kind(body)
    record = official_weights(architecture, path)
    library = record.meta["categories"] if record else None
    names = names_for(path, count, library, title, first=kind.first_class)
    kept = {
        number: name
        for number, name in names.items()
        if name not in _NO_CLASSES and number >= kind.first_class
    }
    network.class_ids = torch.arange(kind.first_class, count)
    return LoadedModel(title, network, kept, network.imgsz)


def _without_epsilon(network: nn.Module) -> None:
    """Set the epsilon of all batch normalisations to 0, in place, as torchvision does where it loads such weights."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 0.0


def _options(architecture: str, state: Mapping[str, Tensor]) -> dict[str, Any]:
    """Return the arguments that an architecture is built with, apart from the number of classes."""
    if architecture in _WITH_AUXILIARY_HEADS:
        auxiliary = any(name.casefold().startswith("aux") for name in state)
        # (torchvision's published weights, from which others start, were trained on pictures in [-1, 1])
        return {"aux_logits": auxiliary, "init_weights": False, "transform_input": True}
    places = state.get("encoder.pos_embedding")
    patch = state.get("conv_proj.weight")
    if places is not None and patch is not None:
        return {"image_size": int(patch.shape[-1]) * round((places.shape[1] - 1) ** 0.5)}
    return {}


def _heads_of(network: nn.Module) -> list[str]:
    """Return the names of the layers that make logits, those of auxiliary heads first."""
    return [
        name
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv2d) and layer.weight.shape[0] == _CLASSES
    ]


def _preparation(record: Any, network: nn.Module) -> Preparation:
    """Return how pictures are prepared: as torchvision does for its own weights, at the side that the network was built for."""
    steps = record.transforms() if record else None
    side = int(getattr(network, "image_size", 0))
    if steps is None or (side and side != steps.crop_size[0]):
        side = side or 224
        return Preparation(
            side, style_of(side, side, bicubic=False), _IMAGENET_MEAN, _IMAGENET_STD, fixed=True
        )
    crop, bicubic = steps.crop_size[0], steps.interpolation is InterpolationMode.BICUBIC
    style = style_of(crop, steps.resize_size[0], bicubic=bicubic)
    return Preparation(crop, style, steps.mean, steps.std, fixed=bool(side))
