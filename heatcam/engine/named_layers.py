"""The layers of another library's network that maps can be taken from, by qualified name, with the marks of those that are.

Shapes are measured, not computed: one pass of a black picture, with hooks that are removed when it ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from heatcam.engine.candidates import CandidateNetwork, Tap
from heatcam.engine.layers import Mark
from heatcam.errors import ModelError, first_line


@dataclass(frozen=True)
class NamedLayerRow:
    """A layer of a network whose layers have names and no numbers.

    Attributes:
        name: its qualified name, as ``--layers`` takes it.
        type_name: its class.
        stride: model pixels a cell, of the finest map that is made of its output.
        output_shape: ``(C, h, w)`` of that map.
        parameters: number of its weights.
        marks: its roles.
    """

    name: str
    type_name: str
    stride: int
    output_shape: tuple[int, int, int]
    parameters: int
    marks: tuple[Mark, ...]


def describe_named_layers(network: CandidateNetwork, imgsz: int) -> tuple[NamedLayerRow, ...]:
    """Describe the layers whose output is a map, and the tapped ones, in the order in which they ran.

    Args:
        network: on any device; left as it was.
        imgsz: sides of the square picture that is prepared for it, in pixels.

    Raises:
        ModelError: the network cannot run at this size.
    """
    wide, tall = network.fit((imgsz, imgsz), imgsz).model_wh
    taps = {tap.layer: tap for tap in (*reversed(network.live_taps), *reversed(network.fine_taps))}
    shapes = _shapes(network, taps, (tall, wide))
    modules = dict(network.named_modules())
    marks = [(Mark.LIVE, network.live_taps), (Mark.FINE, network.fine_taps)]
    return tuple(
        NamedLayerRow(
            name,
            type(modules[name]).__name__,
            round(wide / shape[2]),
            shape,
            sum(p.numel() for p in modules[name].parameters()),
            tuple(mark for mark, tapped in marks if name in {tap.layer for tap in tapped}),
        )
        for name, shape in shapes.items()
        if name in taps or any(True for _ in modules[name].children())
    )


def _shapes(
    network: CandidateNetwork, taps: dict[str, Tap], input_hw: tuple[int, int]
) -> dict[str, tuple[int, int, int]]:
    """Return the shape ``(C, h, w)`` of each layer's map, by name; of a tapped layer that of its map."""
    found: dict[str, tuple[int, int, int]] = {}

    def keep(name: str, output: Any) -> None:
        tap = taps.get(name)
        if tap is not None:
            output = tap.as_map(output if tap.key is None else output[tap.key], input_hw)
        if isinstance(output, Tensor) and output.ndim == 4 and output.shape[0] == 1:
            found.pop(name, None)
            found[name] = (int(output.shape[1]), int(output.shape[2]), int(output.shape[3]))

    handles = [
        module.register_forward_hook(lambda _module, _given, output, name=name: keep(name, output))
        for name, module in network.named_modules()
        if name
    ]
    try:
        some: Tensor | None = next(network.parameters(), None)
        device = None if some is None else some.device
        with torch.no_grad():
            network.candidates(torch.zeros(1, network.channels, *input_hw, device=device))
    except (RuntimeError, ValueError, IndexError) as error:
        raise ModelError(
            f"the network cannot run at {input_hw[1]}x{input_hw[0]} px ({first_line(error, 160)})",
            "give another size, such as --imgsz 640",
        ) from error
    finally:
        for handle in handles:
            handle.remove()
    return found
