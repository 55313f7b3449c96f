"""Base class of the engines of every kind of network: a cut network on a device, run by torch."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor

from heatcam.engine.boxes import EveryBox, KeptBoxes, Thresholds
from heatcam.engine.interface import Forward
from heatcam.engine.shapes import Shapes
from heatcam.errors import UsageError
from heatcam.frames import LOGITS


class Tapped(Protocol):
    """A network with taps, whatever runs its layers."""

    channels: int
    strides: list[int]

    @property
    def has_boxes(self) -> bool:
        """True if it predicts boxes."""

    @property
    def target_layer(self) -> str:
        """The tapped layers, for people."""


Cut = TypeVar("Cut", bound=Tapped)


class TappedEngine(Generic[Cut]):
    """The part of ``Engine`` that does not depend on the kind of network.

    Args:
        cut: the network on its device, with the taps that gradients are wanted at.
        device: where it is.
    """

    def __init__(self, cut: Cut, device: torch.device) -> None:
        self.cut = cut
        self.device = device
        #: Explain this class everywhere; None takes each object's own.
        self.explained_class: int | None = None

    @property
    def name(self) -> str:
        """The backend, for people."""
        return "torch"

    @property
    def channels(self) -> int:
        """Number of channels of the pictures that the network reads: 3 for RGB, 1 for grey."""
        return self.cut.channels

    @property
    def stride(self) -> int:
        """The coarsest stride, in model pixels a cell."""
        return max(self.cut.strides)

    @property
    def target_layer(self) -> str:
        """The tapped layers, for people."""
        return self.cut.target_layer

    @property
    def unit(self) -> str:
        """See ``Engine``: logits of classes."""
        return LOGITS

    @property
    def layer_choices(self) -> tuple[str, ...]:
        """See ``Engine``: the method's own layers alone."""
        return ("",)

    def anchored(self) -> Any:
        """See ``Engine``: None, as there are no anchor points."""
        return None

    def by_candidate(self) -> Any:
        """See ``Engine``: None, as boxes do not come from candidates."""
        return None

    def everywhere(
        self, _picture: Tensor, _thresholds: Thresholds, _rows: Sequence[int] | None = None
    ) -> tuple[Forward, EveryBox]:
        """See ``Engine``: refused."""
        raise _no_boxes()

    def every_box(self, _forward: Forward, _conf: float, _rows: Sequence[int] | None = None) -> EveryBox:
        """See ``Engine``: refused."""
        raise _no_boxes()

    def boxes_above(self, _forward: Forward, _thresholds: Thresholds) -> KeptBoxes:
        """See ``Engine``: refused."""
        raise _no_boxes()

    def at(self, _forward: Forward, _anchors: Sequence[int], _class_ids: Sequence[int]) -> Forward:
        """See ``Engine``: refused."""
        raise _no_boxes()

    def forward_at(self, _picture: Tensor, _anchors: Sequence[int], _class_ids: Sequence[int]) -> Forward:
        """See ``Engine``: refused."""
        raise _no_boxes()

    def coherence(self, _forward: Forward, /) -> Tensor | None:
        """See ``Engine``: None, as it is not known."""
        return None

    def shapes(self, _forward: Forward, /) -> Shapes:
        """See ``Engine``: none."""
        return Shapes()

    def exclusive_threads(self) -> AbstractContextManager[None]:
        """See ``Engine``: changes nothing, as torch runs alone."""
        return nullcontext()

    @property
    def limits_threads(self) -> bool:
        """See ``Engine``: False."""
        return False


def _no_boxes() -> UsageError:
    return UsageError("this model finds no boxes", "give a YOLO detect model or an RT-DETR")
