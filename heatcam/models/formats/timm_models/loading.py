"""Reading of timm's classifiers."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

import timm
from torch import nn

from heatcam.errors import ModelError
from heatcam.geometry import CropStyle
from heatcam.models.formats.classifying.network import Preparation, WrappedClassifier
from heatcam.models.formats.names import names_for
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

logger = logging.getLogger(__name__)

_DATA: Any = timm.data  # (untyped)


def load(named: NamedWeights) -> LoadedModel:
    """Load a classifier.

    Raises:
        ModelError, UsageError, UnfitError: the architecture is unknown, the weights are another's, or no layer makes maps.
    """
    path = named.path
    assert path is not None
    require_known(named.architecture.partition(".")[0], timm.list_models(), "timm")
    state = read_state(path)
    usual: Any = without_weights(lambda: timm.create_model(named.architecture, pretrained=False))
    head = _head_of(usual)
    count = count_of_classes(state, usual, head[0], usual.num_classes, path.name)
    body: Any = timm.create_model(named.architecture, pretrained=False, num_classes=count)
    give_state(body, state, path.name)
    body.eval().requires_grad_(False)
    check_weights(body)
    channels = body.pretrained_cfg.get("input_size", (3,))[0]
    network = WrappedClassifier(body, _preparation_of(body), head, channels)
    names = names_for(path, count, _names_of(body, count), named.title)
    return LoadedModel(named.title, network, names, network.preparation.side, channels=channels)


def _head_of(network: nn.Module) -> tuple[str, ...]:
    """Return the qualified names of the layers that make the logits.

    Raises:
        ModelError: timm does not say which they are.
    """
    told = network.pretrained_cfg.get("classifier")  # type: ignore[union-attr, operator]
    names = (told,) if isinstance(told, str) else tuple(told or ())
    if not names:
        raise ModelError(
            "is of a network without a classifier", "give a classifier: timm.list_models() has their names"
        )
    return names


def _preparation_of(network: nn.Module) -> Preparation:
    """Return how timm prepares pictures for validation.

    Raises:
        ModelError: they are not square.
    """
    config = _DATA.resolve_model_data_config(network)
    _, tall, wide = config["input_size"]
    if tall != wide:
        raise ModelError(f"reads pictures of {wide} x {tall} pixels", "give a network of square pictures")
    if config["crop_mode"] != "center":
        logger.warning("timm pads or stretches this network's pictures; here their middle is cropped")
    own: Any = network
    fixed = bool(own.pretrained_cfg.get("fixed_input_size"))
    style = CropStyle(config["crop_pct"], config["interpolation"] == "bicubic")
    return Preparation(tall, style, config["mean"], config["std"], fixed)


def _names_of(network: nn.Module, count: int) -> list[str] | None:
    """Return ImageNet's names, for a network of that many classes; None for any other."""
    own: Any = network
    info = _DATA.ImageNetInfo()
    if count != own.pretrained_cfg.get("num_classes") or info.num_classes() != count:
        return None
    whole = [info.index_to_description(number) for number in range(count)]
    short = [name.partition(",")[0] for name in whole]
    often = Counter(short)
    return [one if often[one] == 1 else name for one, name in zip(short, whole, strict=True)]
