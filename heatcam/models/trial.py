"""Trial run of a network on a small picture before it is used, within limits of memory and time.

The memory of each operation is calculated before it runs (``planned_size``), so that a network that would take gigabytes takes
none. torch's ``meta`` device would take none either, but its imports would take a second at the first start.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from heatcam.errors import first_line
from heatcam.models.limits import (
    MOST_OPERATIONS,
    MOST_OUTPUT_BYTES,
    MOST_PRODUCTS,
    TRIAL_SIDE,
    USUAL_SIDE,
    UnfitError,
    in_words,
    refuse,
)
from heatcam.models.planned_size import is_known, planned_elements, planned_products


def require_running(network: nn.Module, channels: int) -> None:
    """Check that a picture goes through all layers, within limits; the network is left as it was.

    Args:
        network: any ultralytics model, in eval mode.
        channels: of the pictures that it reads.

    Raises:
        UnfitError: a layer fails or exceeds a limit, or the head reads maps of other strides than it says.
    """
    layers: Any = network.model
    watch = _Watch(layers)
    before = [
        (module, dict(module.__dict__)) for module in network.modules()
    ]  # (heads keep the grid of the last picture)
    side = _side(layers[-1])
    hooks = [layer.register_forward_pre_hook(watch.entered) for layer in layers]
    try:
        with torch.no_grad(), _Bounded(MOST_OUTPUT_BYTES * side**2 // USUAL_SIDE**2):
            network(torch.full((1, channels, side, side), 0.5))
    except UnfitError as error:
        refuse(f"{error.problem} in {watch.place}", error.next_step)
    except Exception as error:  # noqa: BLE001 (a layer can fail in any way; the message says which, and how)
        refuse(f"does not run: {watch.place} fails with {first_line(error, 120)}")
    finally:
        for hook in hooks:
            hook.remove()
        for module, attributes in before:
            module.__dict__.clear()
            module.__dict__.update(attributes)
    _check_strides(layers[-1], watch.head_inputs, side)


class _Watch:
    """Remembers the layer that is running, and the inputs of the last one, the head."""

    def __init__(self, layers: nn.Sequential) -> None:
        self._index = {id(layer): index for index, layer in enumerate(layers)}
        self._last = layers[-1]
        self.place = "the picture"
        self.head_inputs: list[Any] = []

    def entered(self, layer: nn.Module, given: tuple[Any, ...]) -> None:
        """Note the layer that is about to run: a forward pre-hook."""
        self.place = f"layer {self._index[id(layer)]} ({type(layer).__name__})"
        if layer is self._last and given:
            self.head_inputs = list(given[0]) if isinstance(given[0], list | tuple) else [given[0]]


class _Bounded(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Stops a pass that makes an output of more than ``most_bytes``, or takes too many operations or multiplications."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._most_bytes = most_bytes
        self._operations = self._products = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # nothing is compiled here; True imports torch's compiler, which takes a second

    def __torch_dispatch__(self, function: Any, _: Any, arguments: Any = (), named: Any = None) -> Any:
        """Check the size of an operation's result, run it, and check the size again."""
        name = function.name().removeprefix("aten::").partition(".")[0]
        self._require(4 * planned_elements(name, arguments))
        if not is_known(name):
            self._require(_by_torch(name, function, arguments, named or {}))
        self._operations += 1
        self._products += planned_products(name, arguments)
        if self._operations > MOST_OPERATIONS or self._products > MOST_PRODUCTS:
            refuse("calculates more for one small picture than any network")
        made = function(*arguments, **(named or {}))
        for tensor in made if isinstance(made, tuple | list) else (made,):
            if isinstance(tensor, Tensor):
                self._require(tensor.untyped_storage().nbytes())
        return made

    def _require(self, count: int) -> None:
        if count > self._most_bytes:
            refuse(f"would take {in_words(count)} for one map of a small picture")


def _by_torch(name: str, function: Any, arguments: Any, named: Any) -> int:
    """Return the bytes that an operation will make by torch's ``meta`` device: for rare ones only, because it takes a second."""

    def without_memory(value: Any) -> Any:
        return value.to("meta") if isinstance(value, Tensor) else value

    try:
        if not any(isinstance(part, Tensor) for part in tree_leaves((arguments, named))):
            raise TypeError(name)  # (without tensor arguments the result would be allocated here)
        made = function(*tree_map(without_memory, arguments), **tree_map(without_memory, named))
    except Exception:  # noqa: BLE001 (whatever it is that torch cannot tell)
        refuse(f"calls {name[:40]}, which no network needs,")
    tensors = [part for part in tree_leaves(made) if isinstance(part, Tensor)]
    return max((tensor.numel() * tensor.element_size() for tensor in tensors), default=0)


def _side(head: Any) -> int:
    """Return the side of the square picture in pixels, a multiple of the head's strides."""
    stride = getattr(head, "stride", None)
    largest = int(stride.max()) if isinstance(stride, Tensor) and stride.numel() else 32
    return -(-TRIAL_SIDE // largest) * largest


def _check_strides(head: Any, given: list[Any], side: int) -> None:
    """Check that the maps that a detect head reads have the sizes that its strides imply; else boxes would be misplaced."""
    stride = getattr(head, "stride", None)
    if not hasattr(head, "forward_head") or not isinstance(stride, Tensor):
        return
    maps = [tuple(one.shape[2:]) for one in given if isinstance(one, Tensor) and one.ndim == 4]
    said = [(side // int(step),) * 2 for step in stride.flatten().tolist()]
    if maps[: len(said)] != said:
        cells = [round(side / max(1, one[0])) for one in maps]
        refuse(
            f"is damaged: its head says strides {stride.flatten().int().tolist()}, and the maps that it reads have {cells}"
        )
