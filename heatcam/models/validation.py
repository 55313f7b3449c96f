"""Validation of a rebuilt network: its graph, its sizes, its weights and its classes.

A file's state is not trusted: sizes that do not fit each other would take gigabytes in the first pass, or fail in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from torch import Tensor, nn
from ultralytics.nn.modules.head import RTDETRDecoder, WorldDetect, YOLOEDetect

from heatcam.models.limits import (
    MOST_CELLS,
    MOST_CLASSES,
    MOST_MODULES,
    MOST_NESTING,
    MOST_STRIDE,
    refuse,
    shown,
)

#: Attributes of torch's own layers that decide the size of their output.
_SPATIAL = (
    "kernel_size",
    "stride",
    "padding",
    "dilation",
    "output_padding",
    "scale_factor",
    "size",
    "output_size",
)
_MOST_BINS = 512  # of a box side's distribution; 16 in YOLOv8


def check_structure(network: nn.Module) -> None:
    """Check that the layers exist, are in order and finite in number, and read only outputs of layers before them.

    Raises:
        UnfitError: a layer breaks these rules; the message names it.
    """
    layers = getattr(network, "model", None)
    if not isinstance(layers, nn.Sequential):
        refuse(
            f"holds a {type(network).__name__}, not an ultralytics model",
            "give a checkpoint saved by ultralytics",
        )
    if not len(layers):
        refuse("has no layers")
    _measure(network, {}, set(), 0)
    kept = getattr(network, "save", None)
    if not isinstance(kept, list | tuple | set) or not all(_is_in(index, len(layers)) for index in kept):
        refuse(f"keeps outputs of layers that it does not have: {shown(kept)}")
    for index, layer in enumerate(layers):
        _check_place(index, layer, set(kept))
    _check_head(layers[-1])


def check_sizes(network: nn.Module) -> None:
    """Check that each layer's weights have the size that it declares, and that strides and scale factors are within limits.

    Raises:
        UnfitError: a layer breaks these rules; the message names it.
    """
    for name, module in network.named_modules():
        try:
            _check_module(name, module)
        except AttributeError as error:
            refuse(f"is damaged: {_called(name, module)} lacks {error.name}")


def check_weights(network: nn.Module) -> None:
    """Check that all weights are finite.

    Raises:
        UnfitError: some are NaN or infinite; the message names the first.
    """
    for name, tensor in (*network.named_parameters(), *network.named_buffers()):
        # One sum takes a third of the time of testing each; it can overflow, so a tensor that it finds is tested again.
        if tensor.is_floating_point() and not math.isfinite(tensor.sum()) and not tensor.isfinite().all():
            refuse(
                f"has weights that are no numbers (NaN or infinite) in {name}",
                "its training went wrong: take a checkpoint from before that, or train again with a lower learning rate",
            )


def check_classes(network: nn.Module) -> int | None:
    """Return the number of classes of the head; None where it does not say.

    Raises:
        UnfitError: its branches have another number of outputs than it says.
    """
    head: Any = network.model[-1]  # type: ignore[index]
    linear = getattr(head, "linear", None)
    if isinstance(linear, nn.Linear):
        return linear.out_features
    count = getattr(head, "nc", None)
    if isinstance(head, WorldDetect | YOLOEDetect):
        return count  # (its branches end in vectors, which are compared with those of the classes)
    for branch in _class_branches(head):
        last = branch[-1] if isinstance(branch, nn.Sequential) and len(branch) else branch
        outputs = getattr(last, "out_channels", getattr(last, "out_features", count))
        if outputs != count:
            refuse(f"says that it has {count} classes, and its head tells {outputs} apart")
    return count


def _measure(
    module: nn.Module, known: dict[int, tuple[int, int]], above: set[int], depth: int
) -> tuple[int, int]:
    """Count the modules reached from one, each as often as it is reached, and the depth of their nesting."""
    if id(module) in above:
        refuse(f"is damaged: a {type(module).__name__} contains itself")
    if id(module) not in known:
        if depth > MOST_NESTING:
            refuse(f"has layers more than {MOST_NESTING} deep in each other")
        inner = [
            _measure(part, known, above | {id(module)}, depth + 1)
            for part in module._modules.values()
            if part is not None
        ]
        known[id(module)] = (
            1 + sum(count for count, _ in inner),
            1 + max((deep for _, deep in inner), default=0),
        )
    count, deep = known[id(module)]
    if count > MOST_MODULES or depth + deep > MOST_NESTING + 1:
        refuse(
            f"has more layers within each other than any network: {count if count < 10**9 else 'billions'}"
        )
    return count, deep


def _check_place(index: int, layer: Any, kept: set[int]) -> None:
    """Check that a layer has its own index and reads layers before it whose outputs are kept."""
    called = f"layer {index} ({type(layer).__name__})"
    if getattr(layer, "i", None) != index:
        refuse(f"is damaged: {called} says that it is layer {shown(getattr(layer, 'i', None))}")
    read = getattr(layer, "f", None)
    sources = [read] if isinstance(read, int) else read
    if (
        not isinstance(sources, list | tuple)
        or not sources
        or not all(type(source) is int for source in sources)
    ):
        refuse(f"is damaged: {called} does not say what it reads")
    for source in sources:
        absolute = source if source >= 0 else index + source
        if source != -1 and not _is_in(absolute, index):
            refuse(f"is damaged: {called} reads layer {source}, which does not come before it")
        if source != -1 and absolute not in kept:
            refuse(f"is damaged: {called} reads layer {absolute}, whose output is not kept")


def _check_head(head: Any) -> None:
    """Check that a detect head's own numbers are plausible."""
    called = type(head).__name__
    for name, most in (("nc", MOST_CLASSES), ("reg_max", _MOST_BINS), ("nl", MOST_NESTING)):
        value = getattr(head, name, 1)
        if type(value) is not int or not 1 <= value <= most:
            refuse(f"is damaged: {name} of its {called} is {shown(value)}")
    if not hasattr(head, "forward_head") or isinstance(head, RTDETRDecoder):
        return
    inputs = [head.f] if isinstance(head.f, int) else head.f
    stride = getattr(head, "stride", None)
    steps = stride.flatten().tolist() if isinstance(stride, Tensor) and stride.numel() <= MOST_NESTING else []
    if len(steps) != len(inputs) or not all(1 <= step <= MOST_STRIDE and step == int(step) for step in steps):
        refuse(f"is damaged: the strides of its {called} are {shown(steps)}, for {len(inputs)} levels")


def _check_module(name: str, module: nn.Module) -> None:
    if type(module).__module__.startswith("torch.nn."):
        for attribute in _SPATIAL:
            for number in _numbers(getattr(module, attribute, None)):
                if not abs(number) <= MOST_CELLS:
                    refuse(f"is damaged: {attribute} of {_called(name, module)} is {shown(number)}")
    declared = _declared(module)
    weight = getattr(module, "weight", None)
    held = tuple(weight.shape) if isinstance(weight, Tensor) else declared
    if declared is not None and held != declared:
        refuse(
            f"is damaged: {_called(name, module)} says that its weights are {shown(declared)}, and they are {shown(held)}"
        )


def _declared(module: Any) -> tuple[int, ...] | None:
    """Return the shape that a layer declares for its weights; None where it declares none."""
    if isinstance(module, nn.modules.conv._ConvNd):
        into, out, groups = module.in_channels, module.out_channels, max(1, module.groups)
        first = (into, out // groups) if module.transposed else (out, into // groups)
        return (*first, *module.kernel_size)
    if isinstance(module, nn.modules.batchnorm._NormBase):
        return (module.num_features,)
    if isinstance(module, nn.Linear):
        return (module.out_features, module.in_features)
    if isinstance(module, nn.Embedding):
        return (module.num_embeddings, module.embedding_dim)
    return None


def _class_branches(head: Any) -> Iterator[Any]:
    for name in ("cv3", "one2one_cv3", "dec_score_head"):
        yield from getattr(head, name, None) or ()


def _numbers(value: Any) -> Iterable[float]:
    if isinstance(value, bool) or not isinstance(value, int | float | list | tuple):
        return ()
    return (value,) if isinstance(value, int | float) else [n for n in value if isinstance(n, int | float)]


def _is_in(index: Any, count: int) -> bool:
    return type(index) is int and 0 <= index < count


def _called(name: str, module: nn.Module) -> str:
    return f"{name.removeprefix('model.')} ({type(module).__name__})"
