"""What a kind of network is to heatcam: how it is recognised, run, given its pictures, and explained."""

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

#: Builds the engine of a loaded network on a device, for what was asked for, with a photograph (uint8 ``(H, W, 3)`` BGR) of the
#: size of the pictures to come, on which gradients are verified. Returns it with how a picture becomes its input. Raises
#: ``ModelError`` or ``UsageError`` for what cannot be had.
Build = Callable[[LoadedModel, torch.device, ExplainOptions, Uint8Array], tuple[Engine, Fit]]


@dataclass(frozen=True)
class ModelFamily:
    """One kind of network. A module of this room that defines ``FAMILY`` is found by itself.

    Attributes:
        name: for people.
        matches: whether a network is one of these.
        build: its engine, and how a picture becomes its input.
        check: raises ``ModelError`` for a network of this family that cannot be explained as it is.
        explainer: the class that goes from frames to explanations.
        finds_boxes: whether its boxes are the network's own, not read off the maps.
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
        UsageError: the message begins with ``what``.
    """
    if options.target != "class":
        raise UsageError(f"{what} explains classes only, not '{options.target}'", "leave out --target")
