"""A detection network cut in two at its finest neck output, so that gradients are paid for only above the cut.

The layers up to the cut run without a graph. Those above it (a few convolutions that carry the finest map to the coarser head
inputs) and the head run on top of a leaf tensor that may ask for gradients.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from heatcam.errors import ModelError


@dataclass(frozen=True)
class HeadInputs:
    """What the head reads for one picture.

    Attributes:
        finest: the leaf at the cut, float ``(1, C, h, w)``; the tensor that gradients are taken to.
        features: every head input in the head's order, each ``(1, C_l, h_l, w_l)``; one of them is ``finest``.
    """

    finest: Tensor
    features: tuple[Tensor, ...]


class CutNetwork:
    """An ultralytics detection model, run layer by layer with a cut at the finest of its head's inputs.

    Args:
        network: an ultralytics ``DetectionModel`` in eval mode, parameters without gradient.

    Raises:
        ModelError: the last layer is not a detect head that reads several layers.
    """

    def __init__(self, network: nn.Module) -> None:
        layers: Any = getattr(network, "model", None)
        if not isinstance(layers, nn.Sequential) or not hasattr(layers[-1], "forward_head"):
            last = type(layers[-1]).__name__ if isinstance(layers, nn.Sequential) else type(network).__name__
            raise ModelError(f"a network that ends in {last} cannot be explained", "give a YOLO detect model")
        self.network = network
        head: Any = layers[-1]
        self.head = head
        self._layers: list[Any] = list(layers[:-1])
        self._inputs: list[int] = list(head.f)
        strides = [float(s) for s in head.stride]
        self.finest_level = strides.index(min(strides))
        self._cut = self._inputs[self.finest_level]
        self._read_later = set(getattr(network, "save", ())) | set(self._inputs)

    @property
    def strides(self) -> list[int]:
        """Model pixels per cell of each head input, in the head's order."""
        return [int(s) for s in self.head.stride]

    @property
    def target_layer(self) -> str:
        """The cut, as ``index:type``."""
        return f"{self._cut}:{type(self._layers[self._cut]).__name__}"

    @property
    def class_branch(self) -> nn.ModuleList:
        """One small network a level, from head input to class logits, of the branch that makes the predictions."""
        branch = self.head.one2one if self.head.end2end else self.head.one2many
        module: nn.ModuleList = branch["cls_head"]
        return module

    def head_inputs(self, picture: Tensor, *, with_graph: bool) -> HeadInputs:
        """Run everything below the head.

        Args:
            picture: float ``(1, 3, H, W)`` RGB in ``[0, 1]``, letterboxed.
            with_graph: keep the graph from the cut to the features, for gradients later.
        """
        cache: dict[int, Tensor] = {}
        with torch.no_grad():
            x = self._run(self._layers[: self._cut + 1], picture, cache)
        finest = x.detach().requires_grad_(with_graph)
        cache[self._cut] = finest
        with torch.set_grad_enabled(with_graph):
            self._run(self._layers[self._cut + 1 :], finest, cache)
        return HeadInputs(finest, tuple(cache[i] for i in self._inputs))

    def _run(self, layers: list[Any], x: Tensor, cache: dict[int, Tensor]) -> Tensor:
        """Feed ``x`` through ``layers``; outputs that others read are left in ``cache`` by layer index."""
        for layer in layers:
            x = layer(_read(layer.f, layer.i, x, cache))
            if layer.i in self._read_later:
                cache[layer.i] = x
        return x


def _read(
    source: int | list[int], own_index: int, previous: Tensor, cache: dict[int, Tensor]
) -> Tensor | list[Tensor]:
    """A layer's input, by ultralytics' convention: -1 is the layer before, -2 the one before that, else a layer index."""

    def one(index: int) -> Tensor:
        return previous if index == -1 else cache[index if index >= 0 else own_index + index]

    return one(source) if isinstance(source, int) else [one(index) for index in source]
