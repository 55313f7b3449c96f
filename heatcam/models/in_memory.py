"""Networks that are in memory already, such as one in training: copied, never changed."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from heatcam.engine import input_channels
from heatcam.errors import ModelError
from heatcam.models.class_names import class_names_of
from heatcam.models.limits import UnfitError
from heatcam.models.loaded import LoadedModel
from heatcam.models.loading import ready
from heatcam.models.validation import check_classes, check_sizes, check_structure, check_weights


def load_from_memory(network: nn.Module, title: str, imgsz: int) -> LoadedModel:
    """Make a model for the engine from a copy of a network that is in memory.

    Args:
        network: an ultralytics model, of which nothing is changed.
        title: the model's name for people.
        imgsz: longer side of the input that it is trained with, in pixels.

    Raises:
        ModelError: the network is of a form that cannot be explained, or has weights that are no finite numbers.
    """
    try:
        check_structure(network)
        check_sizes(network)
        own = ready_copy(network)
        check_weights(own)
        names = class_names_of(getattr(network, "names", None), check_classes(own), title)
    except UnfitError as error:
        raise ModelError(f"{title} {error.problem}", error.next_step) from error
    return LoadedModel(title, own, names, imgsz, channels=input_channels(own))


def ready_copy(network: nn.Module) -> nn.Module:
    """Return a copy for inference: on the CPU, float32, batch normalisation fused, without hooks, loss and gradients.

    Copies of one network at different times have states of the same names and shapes.
    """
    left_out = {id(loss): None for loss in [getattr(network, "criterion", None)] if loss is not None}
    with torch.no_grad():
        own: Any = copy.deepcopy(network, left_out)
        for module in own.modules():
            module._forward_hooks.clear()
            module._forward_pre_hooks.clear()
        # (a head keeps the grid of the last picture, which validation has made without versions: autograd refuses such)
        own.model[-1].shape = None
        return ready(own.cpu())
