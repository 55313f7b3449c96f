"""A detection network cut in two at one layer, so that gradients cost time only above the cut.

The layers up to the cut run without a graph. Those above it, up to the head's inputs, run on top of a leaf tensor that may
require gradients. The activations that gradients are taken to (the taps) are chosen once: for the live map the finest of the
head's inputs and the level that it was made from (``live_levels``), for the fine map every output from stride 8 on that a later
layer reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from ultralytics.nn.modules.head import OBB

from heatcam.errors import ModelError, UsageError
from heatcam.text import did_you_mean

FINE_STRIDE = 8  # model pixels a cell; finer cells see too little of the picture to know objects
_PROBE_SIDE = 128  # model pixels; every stride in use divides it


@dataclass(frozen=True)
class HeadInputs:
    """Inputs of the head for one picture, and the tensors needed to differentiate them.

    Attributes:
        taps: activations that gradients are taken to, each ``(1, C, h, w)``, in layer order; the first is the cut.
        features: every head input in the head's order, each ``(1, C_l, h_l, w_l)``.
        saved: tensors of the forward pass that a compiled backward pass reads; torch keeps its graph instead.
    """

    taps: tuple[Tensor, ...]
    features: tuple[Tensor, ...]
    saved: tuple[Tensor, ...] = ()

    def levels_of(self, anchors: Tensor) -> Tensor:
        """Return the index into ``features`` of each anchor's level, int64 ``(N,)``: anchors are numbered level after level."""
        cells = torch.tensor([f.shape[2] * f.shape[3] for f in self.features], device=anchors.device)
        return torch.bucketize(anchors, cells.cumsum(0), right=True)


class TappedNetwork:
    """An ultralytics detection model, run layer by layer with a cut below its head.

    Args:
        network: an ultralytics ``DetectionModel`` in eval mode, parameters without gradient.
        fine: tap every level that the fine map adds up; else those of the live map (``live_levels``).
        layers: tap these layers instead, by index or type (``layers_named``).

    Raises:
        ModelError: the last layer is not a detect head that reads several layers.
        UsageError: no gradient can be taken to a layer that was asked for.
    """

    def __init__(self, network: nn.Module, *, fine: bool = False, layers: Sequence[str] = ()) -> None:
        numbered: Any = getattr(network, "model", None)
        if not isinstance(numbered, nn.Sequential) or not self.can_end_in(numbered[-1]):
            last = type(numbered[-1] if isinstance(numbered, nn.Sequential) else network).__name__
            raise ModelError(f"a network that ends in {last} cannot be explained", "give a YOLO detect model")
        self.network = network
        #: Channels of the pictures that it reads: 3 for RGB, 1 for grey.
        self.channels = input_channels(network)
        head: Any = numbered[-1]
        self.head = head
        self._layers: list[Any] = list(numbered[:-1])
        self.inputs = sources_at(head.i, head.f)
        self._read_later = set(getattr(network, "save", ())) | set(self.inputs)
        self.strides = self._strides()
        self.finest_level = self.strides.index(min(self.strides))
        if layers:
            self.tapped = self._wanted(layers)
        else:
            self.tapped = self._fine_levels() if fine else self._live_levels()
        self._cut = self.tapped[0]
        self._laterals = self._read_across()
        #: Runs what lies below the cut: ``below``, or a ``Gatherer`` of it.
        self.run_below = self.below
        self.reaches = self._reached_inputs()

    #: True if OpenVINO compiles ``predicted``.
    compiles_scores = True
    #: True if it may be shown parts of a picture: it has no fixed input size and looks nowhere else than nearby.
    takes_crops = True
    #: True if it predicts boxes.
    has_boxes = True

    @staticmethod
    def can_end_in(head: Any) -> bool:
        """Return True if a network that ends in ``head`` can be run by this class."""
        return hasattr(head, "forward_head")

    def _strides(self) -> list[int]:
        """Model pixels per cell of each head input, in the head's order."""
        return [int(s) for s in self.head.stride]

    @property
    def taps_only_the_finest(self) -> bool:
        """True if the finest head input is the only tap: its own objects' gradients then need no layer above the cut."""
        return self.tapped == (self.inputs[self.finest_level],)

    @property
    def target_layer(self) -> str:
        """The tapped layers, as ``index:type``, joined by ``+``."""
        return "+".join(f"{i}:{type(self._layers[i]).__name__}" for i in self.tapped)

    @property
    def branches(self) -> dict[str, Any]:
        """The head's branches that make the predictions, one a level for each kind, by ultralytics' names."""
        branch: dict[str, Any] = self.head.one2one if self.head.end2end else self.head.one2many
        return branch

    def decode(self, features: tuple[Tensor, ...]) -> Tensor:
        """Return the head's decoded predictions, before any suppression: float ``(1, 4 + classes, anchors)``."""
        decoded: Tensor = self.head._inference(self.head.forward_head(list(features), **self.branches))
        return decoded

    def class_logits(self, features: tuple[Tensor, ...]) -> list[Tensor]:
        """Return the class logits of every level, with a graph where the caller has gradients on."""
        return [branch(feature) for branch, feature in zip(self.branches["cls_head"], features, strict=True)]

    def predicted(self, pictures: Tensor) -> tuple[Tensor | None, Tensor]:
        """Predict boxes and scores of several pictures, without a graph and before any suppression.

        Args:
            pictures: float ``(B, channels, H, W)`` in ``[0, 1]``.

        Returns:
            boxes float ``(B, 4, K)``, xyxy in their pixels (of rotated ones the upright boxes of the same sides), None for a
            network without boxes; and the classes' scores ``(B, classes, K)`` in ``[0, 1]``.
        """
        decoded = self.decode(self.head_inputs(pictures, with_graph=False).features)
        boxes = decoded[:, :4]
        if not self.head.end2end or isinstance(self.head, OBB):  # (these give centre and sides)
            boxes = torch.cat((boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2), 1)
        return boxes, decoded[:, 4 : 4 + self.head.nc]

    def head_inputs(self, picture: Tensor, *, with_graph: bool) -> HeadInputs:
        """Run everything below the head.

        Args:
            picture: float ``(1, channels, H, W)``, RGB or grey, in ``[0, 1]``, letterboxed.
            with_graph: keep the graph from the cut to the features, for gradients later.
        """
        leaf, laterals = self.run_below(picture)
        with torch.set_grad_enabled(with_graph):
            return HeadInputs(*self.above(leaf.detach().requires_grad_(with_graph), laterals))

    def below(self, picture: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return the cut's activation and the laterals, without a graph."""
        cache: dict[int, Tensor] = {}
        with torch.no_grad():
            leaf = self._run(self._layers[: self._cut + 1], picture, cache)
        return leaf, tuple(cache[i] for i in self._laterals)

    def above(
        self, leaf: Tensor, laterals: tuple[Tensor, ...]
    ) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Run from the cut to ``(taps, features)``, with a graph where the caller has gradients on."""
        cache = dict(zip(self._laterals, laterals, strict=True))
        cache[self._cut] = leaf
        self._run(self._layers[self._cut + 1 :], leaf, cache)
        return tuple(cache[i] for i in self.tapped), tuple(cache[i] for i in self.inputs)

    def all_logits(self, picture: Tensor) -> Tensor:
        """Return the class logits at every anchor or query ``(K, classes)``, with a graph from the picture on."""
        cache: dict[int, Tensor] = {}
        with torch.enable_grad():
            self._run(self._layers, picture, cache)
            levels = self.class_logits(tuple(cache[i] for i in self.inputs))
        rows = [level[0].flatten(1).T if level.ndim == 4 else level for level in levels]
        return torch.cat(rows)

    def steps(self, picture: Tensor) -> Iterator[tuple[Any, tuple[int, ...], list[Tensor]]]:
        """Yield each layer above the cut, the head last, with the indices and tensors that it reads, without a graph."""
        x, laterals = self.below(picture)
        cache = dict(zip(self._laterals, laterals, strict=True))
        cache[self._cut] = x
        for layer in self._layers[self._cut + 1 :]:
            read = _read(layer.f, layer.i, x, cache)
            yield layer, tuple(sources_at(layer.i, layer.f)), read if isinstance(read, list) else [read]
            with torch.no_grad():
                x = self._run([layer], x, cache)
        yield self.head, tuple(self.inputs), [cache[i] for i in self.inputs]

    def _run(self, layers: list[Any], x: Tensor, cache: dict[int, Tensor]) -> Tensor:
        """Feed ``x`` through ``layers``; outputs that others read are left in ``cache`` by layer index."""
        for layer in layers:
            x = layer(_read(layer.f, layer.i, x, cache))
            if layer.i in self._read_later:
                cache[layer.i] = x
        return x

    def _read_across(self) -> tuple[int, ...]:
        """Layers below the cut whose outputs are read above it."""
        reads = {index for layer in self._layers[self._cut + 1 :] for index in sources_at(layer.i, layer.f)}
        return tuple(sorted(i for i in reads | set(self.inputs) if i < self._cut))

    def _reached_inputs(self) -> tuple[bool, ...]:
        """Return, for each head input, True if it reads the cut; the objects of the others have no evidence there."""
        reached = self._above(self._cut)
        return tuple(i in reached for i in self.inputs)

    def _above(self, cut: int) -> set[int]:
        """Return a layer and all that read it, directly or through others."""
        return read_from(cut, [sources_at(layer.i, layer.f) for layer in self._layers])

    def _wanted(self, names: Sequence[str]) -> tuple[int, ...]:
        """Return the layers asked for, in order; their outputs are kept for the taps.

        Raises:
            UsageError: there is no such layer, its output is not a map, the head does not read it, or it does not read the first.
        """
        indices = layers_named(self._layers, names)
        self._read_later |= set(indices)
        maps = self._maps()
        for index in indices:
            if index not in maps:
                raise UsageError(
                    f"the output of layer {index} is not a map", "heatcam layers MODEL lists those that are"
                )
            if not self._above(index) & set(self.inputs):
                raise UsageError(
                    f"the head does not read layer {index}", "heatcam layers MODEL shows who reads whom"
                )
            if index not in self._above(indices[0]):
                raise UsageError(
                    f"layer {index} does not read layer {indices[0]}", "ask for them one at a time"
                )
        return indices

    def _maps(self) -> dict[int, Tensor]:
        """Return the kept outputs that are one map each, for a small black picture, by layer."""
        cache: dict[int, Tensor] = {}
        some = next(self.network.parameters())
        with torch.no_grad():
            self._run(self._layers, torch.zeros(1, self.channels, _PROBE_SIDE, _PROBE_SIDE).to(some), cache)
        return {i: x for i, x in sorted(cache.items()) if isinstance(x, Tensor) and x.ndim == 4}

    def _live_levels(self) -> tuple[int, ...]:
        reads, finest = (
            [sources_at(layer.i, layer.f) for layer in self._layers],
            self.inputs[self.finest_level],
        )
        levels = live_levels(reads, self.inputs, finest, self._fine_levels())
        self._read_later |= set(levels)
        return levels

    def _fine_levels(self) -> tuple[int, ...]:
        return fine_levels(self._layers, self._map_strides())

    def _map_strides(self) -> dict[int, int]:
        """Return the model pixels per cell of the kept outputs, by layer."""
        return {i: _PROBE_SIDE // x.shape[2] for i, x in self._maps().items()}


def input_channels(network: nn.Module) -> int:
    """Return the input channels of a network, those of its first convolution; 3 where it has none."""
    return next((module.in_channels for module in network.modules() if isinstance(module, nn.Conv2d)), 3)


def read_from(index: int, reads: Sequence[Sequence[int]]) -> set[int]:
    """Return a layer and all that read it, directly or through others.

    Args:
        index: the layer.
        reads: for each layer, those that it reads.
    """
    reached = {index}
    for later in range(index + 1, len(reads)):
        if reached & set(reads[later]):
            reached.add(later)
    return reached


def fine_levels(layers: Sequence[nn.Module], strides: Mapping[int, int]) -> tuple[int, ...]:
    """Return the layers that the fine map is taken from, in order: read from the graph.

    Args:
        layers: all of them.
        strides: model pixels a cell of the outputs that another layer than the next one reads, by layer. An upsampled output adds
            nothing to the layer before it (RT-DETR has such), and layers finer than stride 8 know no objects.
    """
    return tuple(
        index
        for index, stride in sorted(strides.items())
        if stride >= FINE_STRIDE and not isinstance(layers[index], nn.Upsample)
    )


def live_levels(
    reads: Sequence[Sequence[int]], head_inputs: Sequence[int], finest: int, levels: Sequence[int]
) -> tuple[int, ...]:
    """Return the layers that the live map is taken from: the finest head input and the level that it was made from.

    Together they are truer than the finest alone (docs/faithfulness.md), for the gradient of a few layers more. In YOLOv3 no head
    input reads a finer one: a large object has no evidence at the finest. There it is all head inputs, and the last layer that
    they all read, where the network is cut.

    Args:
        reads: for each layer below the head, those that it reads.
        head_inputs: the layers that the head reads.
        finest: the finest of them.
        levels: the layers that the fine map is taken from, in order.
    """
    wanted = set(head_inputs)
    if wanted <= read_from(finest, reads):
        behind = [i for i in levels if i < finest and finest in read_from(i, reads)]
        return (*behind[-1:], finest)
    shared = max((i for i in range(min(wanted) + 1) if wanted <= read_from(i, reads)), default=min(wanted))
    return tuple(sorted({shared, *wanted}))


def _read(
    source: int | list[int], own_index: int, previous: Tensor, cache: dict[int, Tensor]
) -> Tensor | list[Tensor]:
    """Return a layer's input, by ultralytics' convention: -1 is the layer before, -2 the one before that, else a layer index."""

    def one(index: int) -> Tensor:
        return previous if index == -1 else cache[index if index >= 0 else own_index + index]

    return one(source) if isinstance(source, int) else [one(index) for index in source]


def layers_named(layers: Sequence[Any], names: Sequence[str]) -> tuple[int, ...]:
    """Return ascending layer indices for the user's names: ``15``, ``15:C2f``, or a type that only one layer has, ``SPPF``.

    Raises:
        UsageError: there is no such layer, or several of that type.
    """
    types = [type(layer).__name__ for layer in layers]
    found = set()
    for name in names:
        number, _, kind = name.partition(":")
        if number.isdecimal() and int(number) < len(layers) and kind in ("", types[int(number)]):
            found.add(int(number))
        elif types.count(name) == 1:
            found.add(types.index(name))
        else:
            several = (
                f", there are several: {[i for i, t in enumerate(types) if t == name]}"
                if name in types
                else ""
            )
            meant = "" if several else did_you_mean(kind or name, set(types))
            advice = f"{meant} `heatcam layers MODEL` lists them".strip()
            raise UsageError(f"no layer is called {name!r}{several}", advice)
    return tuple(sorted(found))


def sources_at(index: int, source: int | Sequence[int]) -> list[int]:
    """Return the layers that layer ``index`` reads: a negative source counts back from it; a negative result is the picture."""
    sources = (source,) if isinstance(source, int) else source
    return [s if s >= 0 else index + s for s in sources]
