"""The passes through a cut network in torch: forward, from cotangents at the head's inputs back to the taps, and to masks."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from torch import Tensor

from heatcam.engine.masks import prototypes_of
from heatcam.engine.network import HeadInputs, TappedNetwork
from heatcam.engine.vjp import vjp

#: One cotangent for each head input, None where there is none.
Cotangents = Sequence[Tensor | None]


#: Largest relative error of a gradient, against float32 autograd. Half precision only has to be free of gross errors here (a
#: wrong operation is off by 1 or more): the maps of objects are judged apart (``backends.PrecisionCheck``).
TOLERANCES = {"fp32": 1e-3, "bf16": 0.5, "fp16": 0.5}


@dataclass(frozen=True)
class NetworkPass:
    """One picture's forward pass.

    Attributes:
        inputs: the head's inputs and the taps.
        logits: outputs of the head's class branch on every level, float ``(1, classes, h_l, w_l)``. Its other branches are run on
            its inputs where they are needed (``sparse_head``).
    """

    inputs: HeadInputs
    logits: tuple[Tensor, ...]


class Passes(Protocol):
    """The passes, run by a backend.

    Attributes:
        name: the backend, for people.
        tolerance: the relative error that its gradients may have.
        limits_threads: True if ``exclusive_threads`` changes torch's threads, which are those of the whole process.
    """

    name: str
    tolerance: float
    limits_threads: bool

    def exclusive_threads(self) -> AbstractContextManager[None]:
        """Limit torch to the threads that the backend leaves it: a context manager around torch's work between the passes."""

    def forward(self, picture: Tensor, *, with_graph: bool) -> NetworkPass:
        """Run the network on a float ``(1, 3, H, W)`` picture, keeping what ``vjp`` needs if ``with_graph``."""

    def vjp(self, inputs: HeadInputs, cotangents: Cotangents) -> tuple[Tensor, ...]:
        """Return the gradients at the taps, each ``(1, C, h, w)``, for cotangents at the head's inputs."""

    def prototypes(self, features: Sequence[Tensor]) -> Tensor:
        """Return a segment head's prototypes ``(1, masks, h, w)``, without a graph, from its inputs of the last ``forward``."""


class TorchPasses:
    """Plain torch, on any device.

    Args:
        cut: the network, on its device.
        precision: ``fp32``; with ``bf16`` or ``fp16`` torch runs the operations that are safe in it (``torch.autocast``), and
            weights, the head's inputs and the gradients at the taps stay in float32.
    """

    limits_threads = False

    def __init__(self, cut: TappedNetwork, precision: str = "fp32") -> None:
        self.name = "torch" if precision == "fp32" else f"torch {precision}"
        self.tolerance = TOLERANCES[precision]
        self._cut = cut
        self._kind = (
            None if precision == "fp32" else {"bf16": torch.bfloat16, "fp16": torch.float16}[precision]
        )

    def exclusive_threads(self) -> AbstractContextManager[None]:
        """See ``Passes``."""
        return nullcontext()

    def forward(self, picture: Tensor, *, with_graph: bool) -> NetworkPass:
        """See ``Passes``."""
        with self._in_its_precision(picture):
            inputs = self._cut.head_inputs(picture, with_graph=with_graph)
            with torch.no_grad():
                logits = self._cut.class_logits(tuple(feature.detach() for feature in inputs.features))
        features = tuple(feature.float() for feature in inputs.features)
        return NetworkPass(replace(inputs, features=features), tuple(level.float() for level in logits))

    def vjp(self, inputs: HeadInputs, cotangents: Cotangents) -> tuple[Tensor, ...]:
        """See ``Passes``. Needs a forward ``with_graph``; the graph is kept for the next object."""
        # Contiguous, because autograd through an unfused batch normalisation in eval mode gave a wrong gradient (relative error
        # 1.3, torch 2.14.1 on CPU) for a cotangent with channels-last strides.
        wanted = [
            (f, c.contiguous()) for f, c in zip(inputs.features, cotangents, strict=True) if c is not None
        ]
        if not wanted:
            return tuple(torch.zeros_like(tap) for tap in inputs.taps)
        features, given = zip(*wanted, strict=True)
        gradients = vjp(features, inputs.taps, given, retain_graph=True, zeros=True)
        return tuple(gradient.float() for gradient in gradients if gradient is not None)

    @torch.no_grad()
    def prototypes(self, features: Sequence[Tensor]) -> Tensor:
        """See ``Passes``."""
        prototypes = prototypes_of(self._cut.head)
        assert prototypes is not None  # (only segment heads are asked)
        with self._in_its_precision(features[0]):
            return prototypes.made_from([feature.detach() for feature in features]).float()

    def _in_its_precision(self, where: Tensor) -> AbstractContextManager[Any]:
        return torch.autocast(where.device.type, self._kind, enabled=self._kind is not None)
