"""The interface between an explainer and an engine of any kind of network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from heatcam.engine.boxes import EveryBox, KeptBoxes, Thresholds
from heatcam.engine.network import HeadInputs
from heatcam.engine.shapes import Shapes

#: Gradients at the taps, each float ``(C, h, w)``, in the order of the taps.
TapGradients = tuple[Tensor, ...]


@dataclass(frozen=True)
class Forward:
    """One picture's pass through the network.

    Attributes:
        inputs: the head's inputs and the taps, ready for gradients when those were asked for.
        boxes: the kept boxes in model pixels.
        asked_scores: float ``(N,)`` in ``[0, 1]``, probability of the engine's ``explained_class`` at each box; None without one.
        logits: outputs of the head's class branch on every level, float ``(1, classes, h_l, w_l)``; () for a head without levels.
    """

    inputs: HeadInputs
    boxes: KeptBoxes
    asked_scores: Tensor | None = None
    logits: tuple[Tensor, ...] = ()


class Engine(Protocol):
    """Runs one network on one device and differentiates the scores of its detections.

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
        """Number of channels of the pictures that the network reads: 3 for RGB, 1 for grey."""

    @property
    def stride(self) -> int:
        """The coarsest stride, in model pixels a cell: the sides of the network's input are multiples of it."""

    @property
    def target_layer(self) -> str:
        """The tapped layers, for people."""

    def exclusive_threads(self) -> AbstractContextManager[None]:
        """Limit torch to the threads that the backend leaves it: the engine's calls, and torch's work on results, run faster."""

    @property
    def limits_threads(self) -> bool:
        """True if ``exclusive_threads`` limits the threads of the whole process, and so of every other engine in it."""

    @property
    def unit(self) -> str:
        """Unit of the target that is differentiated: ``logits``, or that of another target."""

    @property
    def layer_choices(self) -> tuple[str, ...]:
        """Values worth trying for ``--layers``: "" for the method's own, each input of the head, and all of them together."""

    def anchored(self) -> Any:
        """Return the engine itself where boxes come from anchor points (a ``GradientEngine``); else None."""

    def by_candidate(self) -> Any:
        """Return the engine itself where each candidate has logits of its own (a ``CandidateEngine``) and a box; else None."""

    def coherence(self, forward: Forward, /) -> Tensor | None:
        """Return the evidence for each kept box, net divided by gross, ``(N,)``, after its gradient; None where not known."""

    def bare_forward(self, picture: Tensor, conf: float, /) -> None:
        """Run the network alone, as far as boxes of more confidence than ``conf`` need it, without picking those.

        Benchmarks use it as the cost of plain detection.
        """

    def forward(self, picture: Tensor, thresholds: Thresholds, *, with_graph: bool) -> Forward:
        """Detect objects in one pass of a ``(1, channels, H, W)`` picture; with ``with_graph``, keep what gradients need."""

    def everywhere(
        self, picture: Tensor, thresholds: Thresholds, rows: Sequence[int] | None = None
    ) -> tuple[Forward, EveryBox]:
        """Return the kept boxes, as ``forward`` does, and those at every anchor or query, in one pass without a graph.

        Args:
            picture: float ``(1, channels, H, W)``.
            thresholds: those of the kept boxes.
            rows: read boxes at these anchors alone, and wherever a class is more confident than 0.05 or the threshold; all others
                are zeros. None reads all. Queries have theirs at once.

        Raises:
            UsageError: the network finds no boxes.
        """

    def every_box(self, forward: Forward, conf: float, rows: Sequence[int] | None = None) -> EveryBox:
        """Return the boxes at every anchor or query of the last pass; arguments and errors as of ``everywhere``."""

    def boxes_above(self, forward: Forward, thresholds: Thresholds) -> KeptBoxes:
        """Pick boxes of the last pass as ultralytics' ``val`` does: an anchor gives one for each class above the threshold.

        Raises:
            UsageError: the network finds no boxes.
        """

    def at(self, forward: Forward, anchors: Sequence[int], class_ids: Sequence[int]) -> Forward:
        """Return the boxes at given anchors or queries of the last pass, each with the class given for it; no further pass.

        Raises:
            UsageError: the network finds no boxes.
        """

    def forward_at(self, picture: Tensor, anchors: Sequence[int], class_ids: Sequence[int]) -> Forward:
        """Run a pass with graph and return the boxes at given anchors or queries, each with the class given for it.

        Raises:
            UsageError: the network finds no boxes.
        """

    def shapes(self, forward: Forward, /) -> Shapes:
        """Return the masks, keypoints and rotated boxes of the kept boxes, as far as the head tells them."""

    def summed_gradient(self, forward: Forward) -> TapGradients:
        """Return the gradient of the sum of all kept boxes' targets at each tap. Needs a forward ``with_graph``.

        Raises:
            MapError: a kept box has no gradient at the taps.
        """

    def object_gradients(self, forward: Forward) -> Iterator[tuple[int, TapGradients]]:
        """Yield the number of each kept box and the gradient of its target alone, in any order."""
