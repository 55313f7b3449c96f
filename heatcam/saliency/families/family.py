"""A family of networks: how they are recognised, run, given their pictures, and explained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from heatcam.engine import Engine
from heatcam.errors import UsageError
from heatcam.geometry import Fit, Uint8Array
from heatcam.models import LoadedModel
from heatcam.options import ExplainOptions
from heatcam.saliency.explainer import Explainer

#: Builds the engine of a loaded network on a device, for the options, with a photograph (uint8 ``(H, W, 3)`` BGR) of the size of
#: the pictures to come, on which gradients are verified. Returns it with the function that fits a picture to its input. Raises
#: ``ModelError`` or ``UsageError`` where the options do not fit the network.
Build = Callable[[LoadedModel, torch.device, ExplainOptions, Uint8Array], tuple[Engine, Fit]]


@dataclass(frozen=True)
class ModelFamily:
    """One family of networks. A module in this folder that defines ``FAMILY`` is found by itself.

    Attributes:
        name: for people.
        matches: returns True if a network belongs to this family.
        build: builds its engine and the function that fits a picture to its input.
        check: raises ``ModelError`` for a network of this family that cannot be explained as it is.
        explainer: the class that explains frames.
        finds_boxes: True if boxes come from the network, False if they are taken from the maps.
    """

    name: str
    matches: Callable[[nn.Module], bool]
    build: Build
    check: Callable[[nn.Module], object]
    explainer: type[Explainer] = Explainer
    finds_boxes: bool = True


def require_class_target(what: str, options: ExplainOptions) -> None:
    """Refuse a target other than the class.

    Raises:
        UsageError: the target is not the class; the message begins with ``what``.
    """
    if options.target != "class":
        raise UsageError(f"{what} explains classes only, not '{options.target}'", "leave out --target")
