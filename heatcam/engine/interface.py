"""What an explainer needs of an engine, whatever kind of network it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from heatcam.engine.boxes import KeptBoxes, Thresholds
from heatcam.engine.network import HeadInputs

#: Gradients at the taps, each float ``(C, h, w)``, in the order of the taps.
TapGradients = tuple[Tensor, ...]


@dataclass(frozen=True)
class Forward:
    """One picture's pass through the network.

    Attributes:
        inputs: the head's inputs and the taps, ready for gradients when those were asked for.
        boxes: the kept boxes in model pixels.
        asked_scores: float ``(N,)`` in ``[0, 1]``: how likely the engine's ``explained_class`` is at each box; None without one.
    """

    inputs: HeadInputs
    boxes: KeptBoxes
    asked_scores: Tensor | None = None


class Engine(Protocol):
    """Runs one network on one device and differentiates what it found.

    Attributes:
        device: where the network is.
        explained_class: explain this class at every anchor; None takes each box's own.
    """

    device: torch.device
    explained_class: int | None

    @property
    def name(self) -> str:
        """The backend, for people."""

    @property
    def channels(self) -> int:
        """Of the pictures that the network reads: 3 for RGB, 1 for grey."""

    @property
    def stride(self) -> int:
        """The coarsest, in model pixels a cell: the sides of the network's input are multiples of it."""

    @property
    def target_layer(self) -> str:
        """The tapped layers, for people."""

    def exclusive_threads(self) -> AbstractContextManager[None]:
        """Everything that is asked of an engine, and what torch calculates from it, is faster within this."""

    @property
    def unit(self) -> str:
        """What the gradients are of: ``logits``, or the unit of another target."""

    @property
    def layer_choices(self) -> tuple[str, ...]:
        """What ``--layers`` may be tried with: "" for the method's own, each input of the head, and all of them."""

    def anchored(self) -> Any:
        """The engine itself where boxes come from anchor points (a ``GradientEngine``), which can be asked about; else None."""

    def coherence(self, forward: Forward, /) -> Tensor | None:
        """How much of what speaks for and against each kept box adds up, ``(N,)``, after its gradient; None where not known."""

    def bare_forward(self, picture: Tensor, conf: float, /) -> None:
        """The network alone, as far as it is needed for boxes of more confidence than ``conf``, without picking those.

        What a benchmark compares with.
        """

    def forward(self, picture: Tensor, thresholds: Thresholds, *, with_graph: bool) -> Forward:
        """Detections, and with ``with_graph`` what the gradients need, from one pass of a ``(1, channels, H, W)`` picture."""

    def summed_gradient(self, forward: Forward) -> TapGradients:
        """Gradient of the sum of all kept boxes' targets at each tap. Needs a forward ``with_graph``.

        Raises:
            MapError: there is no such gradient.
        """

    def object_gradients(self, forward: Forward) -> Iterator[tuple[int, TapGradients]]:
        """The same gradient for each kept box alone, with the box's number, in any order."""
