"""The wrapper of a classifier of another library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from heatcam.engine import CandidateNetwork, RawCandidates, Tap
from heatcam.errors import ModelError, UsageError, first_line
from heatcam.geometry import CentreCrop, CropStyle, Letterbox
from heatcam.models.formats.classifying.layers import find_taps


@dataclass(frozen=True)
class Preparation:
    """A classifier's pictures, as its library prepares them.

    Attributes:
        side: of the square input, in pixels.
        style: how pictures are cropped to it.
        mean, std: of each channel, in ``[0, 1]``: subtracted and divided by.
        fixed: True if it reads pictures of that side alone.
    """

    side: int
    style: CropStyle
    mean: Sequence[float]
    std: Sequence[float]
    fixed: bool = False


class WrappedClassifier(CandidateNetwork):
    """A classifier of another library, whose output is logits ``(1, classes)`` with a softmax behind it.

    Args:
        body: the library's network; eval mode, parameters without gradient.
        preparation: of its pictures.
        head: qualified names, in ``body``, of the layers that make the logits.
        channels: of its pictures.

    Raises:
        ModelError: no layer's output is a map that the logits depend on.
    """

    task = "classify"
    stride = 1

    def __init__(
        self, body: nn.Module, preparation: Preparation, head: Sequence[str], channels: int = 3
    ) -> None:
        super().__init__()
        self.body = body
        self.preparation = preparation
        self.channels = channels
        for name, numbers in (("mean", preparation.mean), ("std", preparation.std)):
            self.register_buffer(name, torch.tensor([*numbers]).reshape(1, -1, 1, 1), persistent=False)
        self.head = tuple(f"body.{layer}" for layer in head)
        self.live_taps, self.fine_taps = self._found_taps()

    def candidates(self, picture: Tensor) -> RawCandidates:
        """See ``CandidateNetwork``: one candidate, without a box.

        Raises:
            UsageError: the network does not run on pictures of this size.
        """
        mean: Any = self.mean
        std: Any = self.std
        try:
            return RawCandidates(self.logits((picture - mean) / std))
        except (RuntimeError, AssertionError) as error:
            side = self.preparation.side
            if picture.shape[2:] == (side, side):
                raise
            raise UsageError(
                f"this network does not run on pictures of {picture.shape[2]} pixels ({first_line(error, 80)})",
                f"leave out --imgsz; its own are of {side}",
            ) from error

    def logits(self, normalised: Tensor) -> Tensor:
        """Return the logits ``(1, classes)`` of a normalised picture."""
        found: Tensor = self.body(normalised)
        return found

    def probabilities(self, logits: Tensor) -> Tensor:
        """See ``CandidateNetwork``: a softmax over the classes."""
        return logits.softmax(1)

    def fit(self, image_wh: tuple[int, int], imgsz: int) -> Letterbox:
        """See ``CandidateNetwork``: the middle of the picture, as the library crops it.

        Raises:
            UsageError: the network reads pictures of another size alone.
        """
        side = self.preparation.side
        if self.preparation.fixed and imgsz != side:
            raise UsageError(
                f"this network reads pictures of {side} pixels alone, not of {imgsz}", "leave out --imgsz"
            )
        return CentreCrop.cut(image_wh, imgsz, 1, self.preparation.style)

    def _found_taps(self) -> tuple[tuple[Tap, ...], tuple[Tap, ...]]:
        side = self.preparation.side
        taps = find_taps(self, lambda picture: self.candidates(picture).logits, (self.channels, side, side))
        if not taps.fine:
            raise ModelError(
                "has no layer that makes a map of the picture", "give a convolutional network or a ViT"
            )
        return taps.live, taps.fine


def style_of(crop: int, resize: int, *, bicubic: bool) -> CropStyle:
    """Return the style that resizes the shorter side to ``resize`` pixels before the middle ``crop`` are cut out."""
    return CropStyle(1.0 if crop == resize else crop / (resize + 0.5), bicubic)
