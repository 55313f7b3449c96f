"""Any module run with taps at some of its layers, so that gradients cost time only above the first of them.

Parameters need no gradient and pictures have none, so nothing keeps a graph until a tap's output is made a leaf. Taps that do not
read each other, such as the levels of a neck, each begin a graph of their own.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from heatcam.engine.candidates import CandidateNetwork, RawCandidates, Tap, class_scores
from heatcam.errors import ModelError, UsageError
from heatcam.text import did_you_mean


@dataclass(frozen=True)
class HookedPass:
    """One picture's pass through a network of another library.

    Attributes:
        found: its candidates.
        outputs: outputs of the tapped layers, as they are, with a graph when one was asked for.
        maps: the same as maps, each ``(1, C, h, w)``.
        states: input of the head that has a row for each candidate, ``(1, K, C)`` without a graph; None without such a head.
    """

    found: RawCandidates
    outputs: tuple[Tensor, ...]
    maps: tuple[Tensor, ...]
    states: Tensor | None = None


class HookedNetwork:
    """A wrapped network with taps. Its layers below the taps keep no graph.

    Args:
        network: on its device.
        fine: tap the layers of the fine map; else those of the live map.
        layers: tap these layers instead, by their qualified names; their outputs must be maps.

    Raises:
        UsageError: there is no such layer.
    """

    #: The scores are not compiled, and parts of a picture give other numbers than the whole.
    compiles_scores = takes_crops = False

    def __init__(self, network: CandidateNetwork, *, fine: bool = False, layers: Sequence[str] = ()) -> None:
        self.network = network
        self.channels = network.channels
        self.strides = [network.stride]
        self.taps = _named(network, layers) if layers else network.fine_taps if fine else network.live_taps
        self._modules = dict(network.named_modules())
        self._outputs: dict[int, Tensor] = {}

    def of(self, network: CandidateNetwork) -> HookedNetwork:
        """Return the same taps of another network of the same layers."""
        other = copy.copy(self)
        other.network, other._modules, other._outputs = network, dict(network.named_modules()), {}
        return other

    @property
    def has_boxes(self) -> bool:
        """True if it predicts boxes."""
        return self.network.task != "classify"

    @property
    def target_layer(self) -> str:
        """The tapped layers, for people, joined by ``+``."""
        layers = dict.fromkeys(tap.layer for tap in self.taps)
        return "+".join(f"{layer}:{type(self._modules[layer]).__name__}" for layer in layers)

    def run(self, picture: Tensor, *, with_graph: bool) -> HookedPass:
        """Run a picture, float ``(1, channels, H, W)`` in ``[0, 1]``; with ``with_graph``, keep the graph above the first tap.

        Raises:
            ModelError: a tapped layer did not run, or its output is not a map.
        """
        self._outputs = {}
        hooks = [
            self._modules[tap.layer].register_forward_hook(self._hook(number, tap, with_graph))
            for number, tap in enumerate(self.taps)
        ]
        states: list[Tensor] = []  # (a head that is shared by several layers runs for the last one last)
        if self.network.state_head:
            head = self._modules[self.network.state_head]
            hooks.append(head.register_forward_pre_hook(lambda _, given: states.append(given[0].detach())))
        try:
            with torch.set_grad_enabled(with_graph):
                found = self.network.candidates(picture)
        finally:
            for hook in hooks:
                hook.remove()
        outputs = tuple(self._outputs.pop(n) for n in sorted(self._outputs))
        if len(outputs) != len(self.taps):
            raise ModelError(f"a layer of {self.target_layer} did not run", "take other --layers")
        return HookedPass(found, outputs, self.as_maps(outputs, picture), states[-1] if states else None)

    def all_logits(self, picture: Tensor) -> Tensor:
        """See ``TappedNetwork``."""
        with torch.enable_grad():
            return self.network.candidates(picture).logits

    def as_maps(self, outputs: Sequence[Tensor], picture: Tensor) -> tuple[Tensor, ...]:
        """Return outputs of the taps, or gradients at them, as maps ``(1, C, h, w)``.

        Raises:
            ModelError: one is not a map.
        """
        input_hw = picture.shape[2], picture.shape[3]
        maps = tuple(tap.as_map(output, input_hw) for tap, output in zip(self.taps, outputs, strict=True))
        for tap, one in zip(self.taps, maps, strict=True):
            if one.ndim != 4 or one.shape[0] != 1:
                raise ModelError(
                    f"the output of layer {tap.layer}, {tuple(one.shape)}, is not a map",
                    "take other --layers",
                )
        return maps

    def _hook(self, number: int, tap: Tap, with_graph: bool) -> Any:
        """Return the hook that keeps a tap's output and begins the graph there, unless a tap below it has."""

        def keep(_module: nn.Module, _given: Any, output: Any) -> Any:
            tensor: Tensor = output if tap.key is None else output[tap.key]
            if not with_graph or tensor.requires_grad:  # (a tap below it has begun the graph)
                self._outputs[number] = tensor
                return None
            leaf = self._outputs[number] = tensor.detach().requires_grad_(True)
            given_on = leaf * 1  # (the next layer may work in place: never on the leaf itself)
            return given_on if tap.key is None else _with(output, tap.key, given_on)

        return keep

    def predicted(self, pictures: Tensor) -> tuple[Tensor | None, Tensor]:
        """See ``TappedNetwork``; one picture after the other."""
        boxes, scores = [], []
        for picture in pictures:
            found = self.run(picture[None], with_graph=False).found
            own = class_scores(self.network, found.logits)
            if found.xyxy is None:
                scores.append(own.T)
                continue
            rows = torch.arange(len(own), device=own.device)
            boxes.append(found.boxes_of(rows, own.argmax(1)).T)
            scores.append(own.T)
        return torch.stack(boxes) if boxes else None, torch.stack(scores)


def _with(output: Any, key: str | int, tensor: Tensor) -> Any:
    """Return a layer's output with another tensor at ``key``."""
    if isinstance(output, Mapping):
        changed: Any = copy.copy(output)
        changed[key] = tensor
        return changed
    parts = list(output)
    parts[int(key)] = tensor
    return type(output)(parts) if type(output) in (list, tuple) else tuple(parts)


def _named(network: CandidateNetwork, layers: Sequence[str]) -> tuple[Tap, ...]:
    """Return taps at the layers of these names, in the order in which the network has them; known taps keep their form.

    Raises:
        UsageError: there is no such layer.
    """
    known: dict[str, dict[Tap, None]] = {}
    for tap in (*network.live_taps, *network.fine_taps):
        known.setdefault(tap.layer, {})[tap] = None  # (a layer of several levels has a tap for each)
    names = [name for name, _ in network.named_modules() if name]
    for layer in layers:
        if layer.partition(":")[0] not in names:
            raise UsageError(f"no layer is called {layer!r}", did_you_mean(layer, set(names)))
    wanted = {layer.partition(":")[0] for layer in layers}
    return tuple(tap for name in names if name in wanted for tap in known.get(name, (Tap(name),)))
