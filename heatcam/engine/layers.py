"""A network's layers, one by one, with the marks of those that a map would be taken from.

Shapes are measured, not computed: one forward pass of a black picture, with hooks that are removed when it ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from ultralytics.nn.modules.head import Classify

from heatcam.engine.network import fine_levels, input_channels, live_levels, sources_at
from heatcam.errors import ModelError, first_line

_COARSEST_STRIDE = 32  # of every ultralytics backbone that does not say more; classifiers say 1


class Mark(str, Enum):
    """Role of a layer in the explanation.

    ``LIVE`` is the finest head input and the level that it was made from, or all head inputs where it does not serve them all
    (``live_levels``); ``FINE`` an output of stride 8 or more that another layer than the next one reads (``fine_levels``); in a
    classifier, where each layer reads the one before, ``FINE`` is the last output of each stride, ``LIVE`` the last two of those.
    """

    LIVE = "live"
    FINE = "fine"
    HEAD_INPUT = "head input"


@dataclass(frozen=True)
class LayerRow:
    """One layer of a network.

    Attributes:
        index: its place in the network, from 0.
        type_name: its class.
        reads: indices of the layers it reads, in its own order; empty for the picture.
        stride: model pixels a cell; None when the output is not one map.
        channels: of the output; None when the output is not one map.
        output_shape: without the batch, ``(C, h, w)`` for a map; of the first tensor when there are several, None without any.
        parameters: number of its weights, in the network as given (fewer once batch normalisation is fused).
        marks: its roles.
    """

    index: int
    type_name: str
    reads: tuple[int, ...]
    stride: int | None
    channels: int | None
    output_shape: tuple[int, ...] | None
    parameters: int
    marks: tuple[Mark, ...]


def input_side(network: nn.Module, imgsz: int) -> int:
    """Round ``imgsz`` up to a multiple of the network's coarsest stride, as the letterbox does."""
    told = getattr(network, "stride", None)
    stride = max(_COARSEST_STRIDE, *(int(s) for s in (told if told is not None else ())), 1)
    return -(-imgsz // stride) * stride


def describe_layers(network: nn.Module, imgsz: int) -> tuple[LayerRow, ...]:
    """Describe every layer of an ultralytics network of any task; the network is left as it was.

    Args:
        network: detect, segment, pose, obb, classify or RT-DETR; fused or not, training or not, on any device.
        imgsz: sides of the square input in pixels, a multiple of the coarsest stride (``input_side``).

    Raises:
        ModelError: not an ultralytics network, or one that cannot run at this size.
    """
    layers = _layers_of(network)
    outputs = _run(network, layers, imgsz)
    reads = [tuple(s for s in sources_at(index, layer.f) if s >= 0) for index, layer in enumerate(layers)]
    strides = [round(imgsz / output.shape[1]) if output.is_map else None for output in outputs]
    in_stages = isinstance(layers[-1], Classify)
    levels = _last_of_each_stride(strides) if in_stages else set(getattr(network, "save", ()))
    marks = _marks(layers, strides, reads, levels)
    return tuple(
        LayerRow(
            index=index,
            type_name=type(layer).__name__,
            reads=reads[index],
            stride=strides[index],
            channels=output.shape[0] if output.is_map else None,
            output_shape=output.shape or None,
            parameters=sum(p.numel() for p in layer.parameters()),
            marks=marks[index],
        )
        for index, (layer, output) in enumerate(zip(layers, outputs, strict=True))
    )


def _layers_of(network: nn.Module) -> list[Any]:
    """Return the numbered layers, the head last."""
    layers = getattr(network, "model", None)
    if not isinstance(layers, nn.Sequential) or not all(hasattr(layer, "f") for layer in layers):
        raise ModelError(f"a {type(network).__name__} has no numbered layers", "give an ultralytics model")
    return list(layers)


def _marks(
    layers: Sequence[nn.Module],
    strides: Sequence[int | None],
    reads: Sequence[tuple[int, ...]],
    levels: set[int],
) -> list[tuple[Mark, ...]]:
    """Return the marks of each layer. Of several finest head inputs the first is taken, as in the engine."""
    head_inputs = reads[-1]
    maps = {index: stride for index, stride in enumerate(strides) if stride is not None}
    finest = min((i for i in head_inputs if i in maps), key=maps.__getitem__, default=None)
    fine = fine_levels(layers, {i: maps[i] for i in levels if i in maps})
    live = () if finest is None else live_levels(reads[:-1], head_inputs, finest, fine)
    return [
        (Mark.LIVE,) * (index in live)
        + (Mark.FINE,) * (index in fine)
        + (Mark.HEAD_INPUT,) * (index in head_inputs)
        for index in range(len(strides))
    ]


def _last_of_each_stride(strides: Sequence[int | None]) -> set[int]:
    """Return the last layer of each stage of a backbone: its map is followed by a coarser one, or by no map."""
    return {i for i, (own, after) in enumerate(pairwise(strides)) if own and (after is None or after > own)}


@dataclass(frozen=True)
class _Output:
    """Output of a layer: the shape of its first tensor without the batch, () without any; ``is_map`` if it is one map."""

    shape: tuple[int, ...] = ()
    is_map: bool = False


def _run(network: nn.Module, layers: list[Any], imgsz: int) -> list[_Output]:
    """Return each layer's output for one black picture."""
    some: Tensor = next(network.parameters())
    picture = torch.zeros(1, input_channels(network), imgsz, imgsz, dtype=some.dtype, device=some.device)
    with _evaluating(network), _watching(layers) as outputs:
        try:
            # no_grad: heads keep their anchors, and no later gradient could use tensors made in inference_mode
            with torch.no_grad():
                network(picture)
        except (RuntimeError, ValueError, IndexError) as error:
            raise ModelError(
                f"the network cannot run at {imgsz} px ({first_line(error, 160)})",
                "give another size, such as --imgsz 640",
            ) from error
    return [outputs.get(index, _Output()) for index in range(len(layers))]


@contextmanager
def _watching(layers: list[Any]) -> Iterator[dict[int, _Output]]:
    """Collect outputs by layer index while the network runs; the hooks are removed at the end, also on an error."""
    outputs: dict[int, _Output] = {}

    def keep(index: int, output: Any) -> None:
        tensor = _first_tensor(output)
        if tensor is not None:
            outputs[index] = _Output(tuple(tensor.shape[1:]), tensor is output and tensor.ndim == 4)

    handles: list[Any] = []
    try:
        for index, layer in enumerate(layers):
            handles.append(
                layer.register_forward_hook(lambda _layer, _inputs, output, i=index: keep(i, output))
            )
        yield outputs
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _evaluating(network: nn.Module) -> Iterator[None]:
    """Put the network into eval mode, so that batch normalisation learns nothing, and each module back to its mode afterwards."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def _first_tensor(output: Any) -> Tensor | None:
    """Return the first tensor in a layer's output, nested or not; None without one."""
    if isinstance(output, Tensor):
        return output
    parts = output.values() if isinstance(output, Mapping) else output
    if not isinstance(output, Mapping | list | tuple):
        return None
    return next((found for part in parts if (found := _first_tensor(part)) is not None), None)
